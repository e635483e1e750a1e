"""Groups and elements are added with their dimensions, and take room only for what was written."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from particles.trajectory.content.creation import add_element, add_group, pure_dimension
from particles.trajectory.content.element import Element


@pytest.fixture
def file(tmp_path: Path) -> h5py.File:
    """An empty HDF5 file."""
    with h5py.File(tmp_path / "empty.h5", "x") as opened:
        yield opened


def test_a_group_is_named_when_it_is_filled(file: h5py.File) -> None:
    """Assert that the parent does not know of the group before it is complete."""
    seen: list[bool] = []

    def fill(group: h5py.Group) -> None:
        group.attrs["filled"] = 1
        seen.append("child" in file)

    group = add_group(file, "child", fill)
    assert seen == [False]
    assert group.name == "/child" and group.attrs["filled"] == 1


def test_a_new_element_has_no_record(file: h5py.File) -> None:
    """Assert that the room made for a first record does not count as one, and that what fills it does."""
    add_element(group := file.create_group("new"), (3,), np.dtype(np.float64), (4, 3))
    element = Element(group)
    assert element.length == 0
    element.put(np.array([1.0, 2.0, 3.0]), 0.5)
    assert Element(group).length == 0
    element.commit(7)
    assert Element(group).length == 1 and group["value"][:].tolist() == [[1.0, 2.0, 3.0]]


def test_axes_of_a_record_get_names_of_their_own(file: h5py.File) -> None:
    """Assert that vectors and matrices have component axes of different names beside the time."""
    add_element(group := file.create_group("matrix"), (2, 2), np.dtype(np.float64), (4, 2, 2))
    names = [[scale.name.split("/")[-1] for scale in axis.values()] for axis in group["value"].dims]
    assert names == [["time"], ["component"], ["component_1"]]


def test_an_element_shares_the_steps_of_another(file: h5py.File) -> None:
    """Assert that an element beside another has its step and time as the same datasets, and given dimensions."""
    particle = pure_dimension(file, "particle", 3)
    add_element(first := file.create_group("first"), (3,), np.dtype(np.float64), (1, 3), dimensions=(particle,))
    add_element(
        second := file.create_group("second"), (3,), np.dtype(np.float64), (1, 3), dimensions=(particle,), beside=first
    )
    assert second["step"] == first["step"] and second["time"] == first["time"]
    assert second["value"].dims[1][0] == particle
    assert "particle" not in second


def test_a_pure_dimension_takes_no_room(file: h5py.File) -> None:
    """Assert that a dimension of ten million particles stores nothing."""
    assert pure_dimension(file, "particle", 10**7).id.get_storage_size() == 0
