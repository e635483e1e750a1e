"""One row of a growing dataset, written by HDF5's own calls."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from particles.trajectory.content.row_writer import Rows

ROWS = [np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) + 10.0 * row for row in range(3)]


@pytest.mark.parametrize("dtype", ["f8", "f4", ">f8", "i8"])
def test_rows_are_those_of_indexing(tmp_path: Path, dtype: str) -> None:
    """Assert that rows are appended and written over as by h5py's indexing, whatever is stored and in which order."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("a", shape=(1, 3, 2), maxshape=(None, 3, 2), dtype=dtype, chunks=(1, 2, 2))
        number = file.create_dataset("b", shape=(0,), maxshape=(None,), dtype=dtype, chunks=(4,))
        for row, values in enumerate(ROWS):
            Rows(dataset).put(row, np.asfortranarray(values))
            Rows(number).put(row, np.asarray(float(row)))
        Rows(dataset).put(1, ROWS[0])
        assert dataset.shape == (2, 3, 2)
        np.testing.assert_array_equal(dataset[:], [ROWS[0], ROWS[0]])
        np.testing.assert_array_equal(number[:], [0.0, 1.0, 2.0])


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_a_row_in_slices_is_the_row(tmp_path: Path, dtype: str) -> None:
    """Assert that slices of a row, of matrices and of vectors, make the row that one piece makes."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("a", shape=(1, 3, 2), maxshape=(None, 3, 2), dtype=dtype, chunks=(1, 2, 2))
        vector = file.create_dataset("b", shape=(0, 3), maxshape=(None, 3), dtype=dtype, chunks=(1, 3))
        for row, values in enumerate(ROWS):
            parts = [(part, values[part].astype(dtype)) for part in (slice(0, 1), slice(1, 3))]
            Rows(dataset).put_parts(row, parts)
            Rows(vector).put_parts(row, [(part, piece[:, 0]) for part, piece in parts])
        np.testing.assert_array_equal(dataset[:], ROWS)
        np.testing.assert_array_equal(vector[:], [values[:, 0] for values in ROWS])


def test_rows_of_another_shape_are_refused(tmp_path: Path) -> None:
    """Assert that a row can never change the shape of the others."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("a", shape=(1, 3), maxshape=(None, 3), dtype="f8", chunks=(1, 3))
        with pytest.raises(ValueError, match=r"A row of shape \(2,\) came for /a, which has \(3,\)."):
            Rows(dataset).put(1, np.zeros(2))
        assert dataset.shape == (1, 3)
