"""Writing the rows of a growing dataset by HDF5's own calls: a fifth of the time of h5py's general indexing."""

from collections.abc import Iterable

import h5py
import numpy as np


class Rows:
    """Where the rows [...] of a dataset [rows, ...] are written, each as its last one."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        """Take up a dataset whose first axis may grow."""
        self._dataset = dataset
        self._shape: tuple[int, ...] = dataset.shape[1:]
        self._origin = (0,) * len(self._shape)
        self._one = h5py.h5s.create_simple((1, *self._shape))

    def put(self, row: int, values: np.ndarray) -> None:
        """Make the dataset `row` + 1 long and write its last row [...], which HDF5 converts to the stored dtype.

        Raises what h5py raises where the disk fails, ValueError for values of another shape.
        """
        if values.shape != self._shape:
            raise ValueError(f"A row of shape {values.shape} came for {self._dataset.name}, which has {self._shape}.")
        stored = self._dataset.id
        stored.set_extent((row + 1, *self._shape))
        place = stored.get_space()
        place.select_hyperslab((row, *self._origin), (1, *self._shape))
        stored.write(self._one, place, np.ascontiguousarray(values).reshape(1, *self._shape))

    def put_parts(self, row: int, parts: Iterable[tuple[slice, np.ndarray]]) -> None:
        """The same for a row that comes in slices along its first axis, in the stored dtype."""
        stored = self._dataset.id
        stored.set_extent((row + 1, *self._shape))
        for part, values in parts:
            extent = (1, *values.shape)
            place = stored.get_space()
            place.select_hyperslab((row, part.start, *self._origin[1:]), extent)
            stored.write(h5py.h5s.create_simple(extent), place, np.ascontiguousarray(values).reshape(extent))
