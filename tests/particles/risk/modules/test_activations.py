"""Activations of torch and ours: each is the other, entry by entry, there and back."""

import pytest
import torch
from torch import nn

from particles import GELU, Activation, Erf, LeakyReLU, Linear, ReLU, Sigmoid, SiLU, Softplus, Tanh
from particles.risk.modules.activations import READ, Applied, written
from tests.tolerances import assert_identical

Z = torch.linspace(-40.0, 60.0, 401, dtype=torch.float64)
OURS: list[Activation] = [GELU(), Erf(), LeakyReLU(0.3), ReLU(), Sigmoid(), SiLU(), Softplus(), Tanh()]


@pytest.mark.parametrize("activation", OURS, ids=repr)
def test_each_is_the_other_and_comes_back(activation: Activation) -> None:
    """Assert that the module has the activation's values, Softplus beyond torch's threshold too, and is read as it."""
    module = written(activation)
    assert_identical(module(Z), activation.value(Z))
    assert READ[type(module)](module) == activation


def test_what_torch_does_not_have_is_wrapped() -> None:
    """Assert that erf becomes a module of ours that says so, and that no activation becomes nn.Identity."""
    assert isinstance(written(Erf()), Applied)
    assert repr(written(Erf())) == "Applied(Erf())"
    assert isinstance(written(Linear()), nn.Identity)


def test_a_slope_of_one_is_no_activation() -> None:
    """Assert that LeakyReLU of slope 1 is read as Linear, which ours is refused for."""
    assert READ[nn.LeakyReLU](nn.LeakyReLU(1.0)) == Linear()
