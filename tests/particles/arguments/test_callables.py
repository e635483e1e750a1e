"""Functions and objects with methods are told by how they can be called."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import pytest

from particles import MeanField, Scaling, Tanh
from particles.arguments.annotations import wanted


@runtime_checkable
class Watcher(Protocol):
    """Is called with a step and a time."""

    def __call__(self, step: int, time: float, /) -> None:
        """See them."""
        ...


class Late:
    """A scaling whose mobility takes too much."""

    def factor(self, masses: float) -> float:
        """The masses."""
        return masses

    def mobility(self, masses: float, time: float) -> float:
        """The masses."""
        return masses


@pytest.mark.parametrize(
    ("value", "fits"), [(lambda a: a, True), (lambda: 0, False), (lambda a, b: a, False), (int, False), (3, False)]
)
def test_functions_fit_by_their_arguments(value: object, fits: bool) -> None:
    """Assert that a function of one argument is told from others, and from a class."""
    assert wanted(Callable[[int], int]).fits(value) == fits


@pytest.mark.parametrize(("value", "fits"), [(lambda: 0, True), (lambda a: a, False)])
def test_function_of_nothing_takes_nothing(value: object, fits: bool) -> None:
    """Assert that a function without arguments is no function of any."""
    assert wanted(Callable[[], int]).fits(value) == fits
    assert wanted(Callable[..., int]).fits(value)


def test_words_name_the_arguments() -> None:
    """Assert that it is said of what a function is wanted."""
    assert wanted(Callable[[int, str], int]).words == "a function of (an integer, text)"
    assert wanted(Callable[..., int]).words == "a function"


def test_objects_fit_by_their_methods() -> None:
    """Assert that a scaling fits; its class, other things, and one whose method takes other arguments do not."""
    want = wanted(Scaling)
    assert want.fits(MeanField()) and MeanField in want.known
    assert not want.fits(MeanField) and not want.fits(Tanh()) and not want.fits(Late())


def test_missing_method_is_named() -> None:
    """Assert that the method is said that is missing or takes other arguments."""
    assert wanted(Scaling).misfit(Late()) == "mobility(masses)"
    assert wanted(Scaling).misfit(Tanh()) == "factor(masses)"
    assert wanted(Scaling).misfit(MeanField()) is None


def test_every_function_is_looked_at() -> None:
    """Assert that one function that fits does not vouch for another."""
    want = wanted(Watcher)
    assert want.fits(lambda step, time: None)
    assert not want.fits(lambda step: None)
