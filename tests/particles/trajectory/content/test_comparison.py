"""Two files are the same where every dataset is, bit for bit, whoever wrote them and when."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from particles.trajectory.content.comparison import differing
from tests.particles.trajectory.plays import played

VALUE = "particles/cloud/position/value"


def one_bit(file: h5py.File) -> None:
    """Another last bit of one number."""
    file[VALUE][1, 2, 0] = np.nextafter(file[VALUE][1, 2, 0], np.inf)


def a_sign(file: h5py.File) -> None:
    """A zero of the other sign."""
    file["observables/spread/value"][0] = -0.0


def a_record(file: h5py.File) -> None:
    """One record more."""
    file["observables/spread/time"].resize(8, axis=0)


def another_text(file: h5py.File) -> None:
    """Other parameters."""
    file["parameters/configuration"][()] = "{}"


def a_dataset(file: h5py.File) -> None:
    """Something more."""
    file["more"] = 1.0


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (one_bit, VALUE),
        (a_sign, "observables/spread/value"),
        (a_record, "observables/spread/time"),
        (another_text, "parameters/configuration"),
        (a_dataset, "more"),
    ],
)
def test_any_difference_is_named(tmp_path: Path, change: Callable[[h5py.File], None], name: str) -> None:
    """Assert that a bit, a sign, a length, a text and a dataset are each found, and where they come from is not."""
    one, two = played(tmp_path / "one.h5", 6), played(tmp_path / "two.h5", 6)
    with h5py.File(one, "r+") as file:
        file["observables/spread/value"][0] = 0.0
    with h5py.File(two, "r+") as file:
        file["observables/spread/value"][0] = 0.0
        file["h5md/author"].attrs["name"] = "somebody"
    assert differing(one, two) == set()
    with h5py.File(two, "r+") as file:
        change(file)
    assert differing(one, two) == differing(two, one) == {name}
