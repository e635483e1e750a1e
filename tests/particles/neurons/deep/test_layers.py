"""Layers are frozen values that refuse what no layer can be."""

from collections.abc import Callable

import pytest

from particles import AveragePool, Convolution, Dense, Tanh


def test_layers_are_values() -> None:
    """Assert that equal layers are equal and hash alike, and others are not."""
    assert Dense(3, activation=Tanh()) == Dense(3, activation=Tanh()) != Dense(3)
    assert len({Convolution(2, 3), Convolution(2, 3), Convolution(2, 3, "zero"), AveragePool(), AveragePool(2)}) == 4


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: Dense(0), "The width of Dense is 0, but a positive integer is needed"),
        (lambda: Dense(2, multiplier=0.0), "The multiplier of Dense is 0.0, but a positive finite number is needed"),
        (lambda: Dense(2, rate=-1.0), "The rate of Dense is -1.0, but a positive finite number is needed"),
        (lambda: Dense(2, deviation=-1.0), "The deviation of Dense is -1.0, but a finite non-negative number"),
        (lambda: Convolution(0, 3), "The number of channels of Convolution is 0, but a positive integer"),
        (lambda: Convolution(2, 0), "The filter size of Convolution is 0, but a positive integer"),
        (lambda: Convolution(2, 3, "same"), "The padding of Convolution is 'same', but 'circular' or 'zero' is needed"),
        (lambda: Convolution(2, 3, rate=0.0), "The rate of Convolution is 0.0, but a positive finite number"),
        (lambda: AveragePool(0), "The size of AveragePool is 0, but a positive integer is needed"),
    ],
)
def test_impossible_layers_are_refused(made: Callable[[], object], sentence: str) -> None:
    """Assert that the sentence says what came and what was needed."""
    with pytest.raises(ValueError, match=sentence):
        made()
