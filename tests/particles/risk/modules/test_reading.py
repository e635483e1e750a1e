"""A torch module read as a chain of layers: what follows what, by their names in the module."""

from collections import OrderedDict

import pytest
from torch import nn

from particles import AveragePool, ReLU, Tanh
from particles.risk.modules.reading import leaves, read, titled


def test_layers_come_with_what_follows_them() -> None:
    """Assert that activations and pools belong to the layer before them, and pools before all stand alone."""
    module = nn.Sequential(
        nn.AvgPool2d(2),
        nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.AvgPool2d((3, 3)), nn.AdaptiveAvgPool2d((1, 1))),
        nn.Flatten(),
        nn.Linear(2, 1),
    )
    reading = read(module)
    assert reading.pools == [AveragePool(2)]
    first, second = reading.blocks
    assert (first.name, first.activation, first.pools) == ("1.0", ReLU(), [AveragePool(3), AveragePool()])
    assert (second.title, second.activation, second.pools) == ("Linear ('3')", None, [])
    assert [len(block.parameters) for block in reading.blocks] == [2, 2]


def test_one_object_may_stand_in_several_places() -> None:
    """Assert that an activation that is used twice is read twice, by its names."""
    shared = nn.Tanh()
    module = nn.Sequential(
        OrderedDict(one=nn.Linear(2, 2), two=shared, three=nn.Linear(2, 2), four=shared, five=nn.Linear(2, 1))
    )
    assert [name for name, _ in leaves(module)] == ["one", "two", "three", "four", "five"]
    assert [block.activation for block in read(module).blocks] == [Tanh(), Tanh(), None]


def test_a_layer_alone_is_a_network() -> None:
    """Assert that a single Linear is a readout, and that errors name it without a place."""
    module = nn.Linear(3, 2)
    assert [block.name for block in read(module).blocks] == [""]
    assert titled("", module) == "Linear"


def test_a_sequential_with_a_way_of_its_own_is_refused() -> None:
    """Assert that a subclass of nn.Sequential with another forward is not read as one."""

    class Doubled(nn.Sequential):
        def forward(self, x):
            return 2.0 * super().forward(x)

    with pytest.raises(ValueError, match="but the module is Doubled: write the network as one nn.Sequential"):
        read(Doubled(nn.Linear(2, 1)))
