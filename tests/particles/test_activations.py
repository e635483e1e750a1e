"""Every activation keeps the contract, and the contract sees planted errors."""

import math

import pytest
import torch

import particles.activations
from particles import Activation, LeakyReLU, ReLU
from tests.particles.contracts import activation as contract
from tests.particles.members import ACTIVATIONS, Map, name_of
from tests.particles.planted.activations import PLANTED_ACTIVATIONS
from tests.tolerances import assert_identical

MEMBERS = [member for member, _ in ACTIVATIONS]


@pytest.mark.parametrize("law", contract.LAWS, ids=name_of)
@pytest.mark.parametrize("activation", MEMBERS, ids=name_of)
def test_activation_keeps_the_law(activation: Activation, law: contract.Law) -> None:
    """Assert that the activation keeps this law of its family."""
    law(activation)


@pytest.mark.parametrize(("activation", "law", "claim"), PLANTED_ACTIVATIONS, ids=name_of)
def test_law_rejects_the_planted_activation(activation: Activation, law: contract.Law, claim: str) -> None:
    """Assert that the law that a planted activation breaks says so."""
    with pytest.raises(AssertionError, match=claim):
        law(activation)


@pytest.mark.parametrize(("activation", "plain"), ACTIVATIONS, ids=name_of)
def test_value_is_the_formula(activation: Activation, plain: Map) -> None:
    """Assert that sigma is the function it is named after."""
    z = torch.linspace(-20.0, 20.0, 4001, dtype=torch.float64)
    assert_identical(activation.value(z), plain(z), claim=repr(activation))


def test_every_activation_is_a_member() -> None:
    """Assert that no activation of the module is left out of the contract."""
    defined = {kind for kind in vars(particles.activations).values() if hasattr(kind, "__dataclass_fields__")}
    assert {type(member) for member in MEMBERS} == defined


@pytest.mark.parametrize("slope", [1.0, math.inf, math.nan])
def test_leaky_relu_refuses_slopes_that_make_no_kink(slope: float) -> None:
    """Assert that LeakyReLU says which slope came and what to use instead."""
    with pytest.raises(ValueError, match=r"slope of LeakyReLU is .*; give a finite one, and use Linear\(\) for 1"):
        LeakyReLU(slope=slope)


def test_slope_at_the_kink_is_the_left_one() -> None:
    """Assert that the derivative at zero is 0 for ReLU and the slope for LeakyReLU, as their docstrings say."""
    zero = torch.zeros(1, dtype=torch.float64)
    assert ReLU().derivative(zero).item() == 0.0
    assert LeakyReLU(slope=0.3).derivative(zero).item() == 0.3


@pytest.mark.parametrize("activation", MEMBERS, ids=name_of)
def test_extreme_numbers_give_no_nan(activation: Activation) -> None:
    """Assert that neither value nor derivative is NaN at the ends of float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        ends = torch.tensor([-1.0, 1.0], dtype=dtype) * torch.finfo(dtype).max ** 0.9
        assert not activation.value(ends).isnan().any()
        assert activation.derivative(ends).isfinite().all()
