"""Derivatives that follow from values: written where they are asked for, and how far they can be trusted."""

import math

import pytest
import torch

from particles.neurons.autonomous import Autonomous
from tests.particles.risk.contracts.members import ACTIVATIONS, name_of

MEMBERS = [member for member, _ in ACTIVATIONS if isinstance(member, Autonomous)]


@pytest.mark.parametrize("activation", MEMBERS, ids=name_of)
def test_derivative_is_written_where_it_is_asked_for(activation: Autonomous) -> None:
    """Assert that h(sigma) written into memory that is there has the bits of a new one."""
    value = activation.value(torch.linspace(-3.0, 3.0, 50, dtype=torch.float64))
    out = torch.full_like(value, math.nan)
    assert activation.derivative_at(value, out=out).data_ptr() == out.data_ptr()
    assert torch.equal(out, activation.derivative_at(value))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("activation", MEMBERS, ids=name_of)
def test_half_of_the_digits_are_left_where_it_says(activation: Autonomous, dtype: torch.dtype) -> None:
    """Assert that up to `unsaturated` h(sigma) is right to some roots of rounding, and beyond it is not for long."""
    limit = activation.unsaturated(dtype)
    if math.isinf(limit):
        assert torch.equal(activation.derivative(torch.ones(1, dtype=dtype)), torch.ones(1, dtype=dtype))
        return
    root = math.sqrt(torch.finfo(dtype).eps)
    for places, bound in ((torch.linspace(-limit, limit, 999), 4.0 * root), (torch.tensor([2.5 * limit]), math.inf)):
        z = places.to(dtype)
        exact = activation.derivative(z.double())
        error = float(((activation.derivative_at(activation.value(z)).double() - exact) / exact).abs().max())
        assert error < bound if bound < 1.0 else error > 0.5
