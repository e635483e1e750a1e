"""Arrays are told by their numbers, axes and place."""

import numpy as np
import pytest
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from particles.arguments.arrays import Array, Device, Table
from particles.shapes import AnyFloat, Inputs, Scalar

TIMED = Float[Tensor, "*times data"]


@pytest.mark.parametrize(
    ("annotation", "value", "fits"),
    [
        (Inputs, torch.ones(2, 3), True),
        (Inputs, torch.ones(2, 3, dtype=torch.float64), True),
        (Inputs, torch.ones(3), False),
        (Inputs, torch.ones(2, 3, 4), False),
        (Inputs, torch.ones(2, 3, dtype=torch.float16), False),
        (Inputs, torch.ones(2, 3, dtype=torch.int64), False),
        (Inputs, np.ones((2, 3)), False),
        (Scalar, torch.tensor(1.0), True),
        (Scalar, torch.ones(1), False),
        (AnyFloat, torch.ones(2, 3, 4), True),
        (TIMED, torch.ones(3), True),
        (TIMED, torch.ones(2, 3), True),
        (TIMED, torch.tensor(1.0), False),
        (Int[Tensor, " rows"], torch.ones(2, dtype=torch.int64), True),
        (Int[Tensor, " rows"], torch.ones(2), False),
        (Int[Tensor, " rows"], torch.ones(2, dtype=torch.bool), False),
    ],
)
def test_tensors_fit_by_numbers_and_axes(annotation: object, value: object, fits: bool) -> None:
    """Assert that a tensor fits where it is made of the right numbers and has the right number of axes."""
    assert Array(annotation).fits(value) == fits


def test_tensors_are_described_by_their_axes() -> None:
    """Assert that the words are those that shapes are written in."""
    assert Array(Inputs).words == "a float64 or float32 tensor [data, inputs]"
    assert Array(Int[Tensor, " rows"]).words == "an integer tensor [rows]"


@pytest.mark.parametrize(("value", "fits"), [(np.ones(2), True), (np.array(["a"]), False), ([1.0], False)])
def test_arrays_of_numbers_fit(value: object, fits: bool) -> None:
    """Assert that NumPy's arrays are told from text and lists."""
    assert Table(NDArray[np.float64]).fits(value) == fits


@pytest.mark.parametrize(
    ("value", "fits"),
    [("cpu", True), (torch.device("cpu"), True), (None, True), ("gpu", False), ("", False), (3, False)],
)
def test_devices_are_known_by_name(value: object, fits: bool) -> None:
    """Assert that torch's names of devices fit and others do not."""
    assert Device(torch.device | str | None).fits(value) == fits


def test_cuda_fits_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a CUDA device is right on a machine that has one, and wrong on another."""
    for there in (False, True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert Device(torch.device | str | None).fits("cuda") == there
