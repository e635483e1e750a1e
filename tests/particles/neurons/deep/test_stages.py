"""Layers become stages with their shapes and coordinates; layers that do not fit are refused."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from particles import AveragePool, Convolution, Deep, Dense, Linear, ReLU, ShapeError, Tanh
from particles.neurons.deep.layers import Layer
from tests.particles.neurons.deep.networks import NETWORKS


def test_coordinates_lie_next_to_each_other() -> None:
    """Assert that groups follow each other without gaps, weights before the bias of a layer, named by its number."""
    net = NETWORKS["planes"]
    parts = list(net.groups.values())
    assert parts[0].start == 0 and parts[-1].stop == net.dim
    assert all(one.stop == other.start for one, other in pairwise(parts))
    assert list(net.groups) == ["layer1", "layer1.bias", "layer2", "layer3", "layer4", "layer4.bias"]
    sizes = [part.stop - part.start for part in parts]
    assert sizes == [3 * 2 * 9, 3, 4 * 3 * 4, 3 * 4, 2 * 3, 2]


def test_stages_know_what_follows() -> None:
    """Assert that pools belong to the layer below, Linear is no activation, and entries are those that are written."""
    stages = NETWORKS["planes"].stages
    assert [stage.pooled for stage in stages] == [(3, 2, 3), (4, 1, 1), (3,), (2,)]
    assert [stage.map.below for stage in stages] == [(2, 4, 6), (3, 2, 3), (4,), (3,)]
    assert NETWORKS["planes"].entries_per_datum == 3 * 24 + 4 * 6 + 3 + 2
    assert NETWORKS["pooled"].chain.first and NETWORKS["pooled"].outputs == 2
    sigmas = [stage.activation for stage in Deep(2, [Dense(3, activation=Linear()), Dense(3), Dense(1)], ReLU()).stages]
    assert sigmas == [None, ReLU(), None]


@pytest.mark.parametrize(
    ("inputs", "layers", "sentence"),
    [
        (4, [Convolution(2, 3), Dense(1)], "Layer 1 is a Convolution, but below it are 4 entries without positions"),
        ((2, 4), [Dense(3), AveragePool(), Dense(1)], "Layer 2 is an AveragePool, but below it are 3 entries without"),
        ((1, 4), [Convolution(2, 5), Dense(1)], "size 5, but there are only 4 positions along an axis; take a smaller"),
        (
            (1, 4, 6),
            [AveragePool(4), Dense(1)],
            "averages over 4 positions along each axis, but there are 4 and 6; take",
        ),
        (
            (1, 2, 3, 4),
            [Dense(1)],
            r"inputs is \(1, 2, 3, 4\), but a number, \(channels, length\) or \(channels, height",
        ),
    ],
)
def test_layers_that_do_not_fit_are_refused(inputs: int | tuple[int, ...], layers: list[Layer], sentence: str) -> None:
    """Assert that the sentence says which layer it is and what there is below it."""
    with pytest.raises(ShapeError, match=sentence):
        Deep(inputs, layers, Tanh())


NONE: Sequence[Layer] = ()


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: Deep(4, NONE), "No layer has weights; give a Dense or a Convolution"),
        (lambda: Deep((1, 4), [AveragePool()]), "No layer has weights"),
        (lambda: Deep(4, [Dense(3), Dense(1)]), "A hidden layer has no activation; give one to Deep, or to the layer"),
        (
            lambda: Deep(4, [Dense(1, activation=Tanh())]),
            r"The readout has the activation Tanh\(\), but the outputs are",
        ),
        (lambda: Deep(0, [Dense(1)]), "A size in inputs is 0, but a positive integer is needed"),
        (lambda: Deep((3, 0), [Dense(1)]), "A size in inputs is 0, but a positive integer is needed"),
    ],
)
def test_what_is_no_network_is_refused(made: Callable[[], object], sentence: str) -> None:
    """Assert that the sentence says what is missing or too much."""
    with pytest.raises(ValueError, match=sentence):
        made()


def test_zero_padding_may_be_wider_than_the_data() -> None:
    """Assert that only circular filters must fit into the positions."""
    assert Deep((1, 3), [Convolution(2, 7, "zero"), Dense(1)], Tanh()).stages[0].pooled == (2, 3)
