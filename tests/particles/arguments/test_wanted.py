"""Single things: instances and numbers."""

import numpy as np
import pytest

from particles.arguments.wanted import Instance, Number, Wanted


def test_instances_of_a_class_fit_and_are_remembered() -> None:
    """Assert that an instance fits and its type is known afterwards; the class itself and other things do not fit."""
    want = Instance(Wanted)
    assert not want.fits(Wanted) and not want.fits(3) and want.known == set()
    assert want.fits(Number(float)) and want.known == {Number}
    assert want.words == "a Wanted"


@pytest.mark.parametrize("value", [1, 1.5, np.float32(1.0), np.int64(2), float("nan")])
def test_real_numbers_fit(value: object) -> None:
    """Assert that numbers of Python and NumPy are numbers."""
    assert Number(float).fits(value)


@pytest.mark.parametrize("value", [True, 1j, "1", None, [1.0], np.ones(1)])
def test_other_things_are_no_numbers(value: object) -> None:
    """Assert that truth values, complex numbers, text and arrays are none."""
    assert not Number(float).fits(value)


@pytest.mark.parametrize("value", [3, True, 3.5, "3", None])
def test_whole_numbers_are_left_to_whoever_counts(value: object) -> None:
    """Assert that a door lets in what is given for an integer, and has the word for it."""
    assert Number(int).fits(value)
    assert Number(int).words == "an integer"


def test_anything_fits_where_nothing_is_said() -> None:
    """Assert that an argument without a testable annotation takes anything."""
    assert Wanted(object).fits(3) and list(Wanted(object).parts(3)) == []
    assert Wanted(object).words == "anything"
