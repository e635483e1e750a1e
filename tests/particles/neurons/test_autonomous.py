"""Derivatives that follow from values: written where they are asked for, and how far they can be trusted."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from particles import Identity, Perceptron, Tanh
from particles.neurons.autonomous import Autonomous, autonomous
from particles.neurons.deep.forward import activated
from tests.particles.risk.contracts.members import ACTIVATIONS, name_of
from tests.problems import numbers
from tests.tolerances import assert_identical

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


@dataclass(frozen=True)
class HalfTanh(Tanh):
    """An activation of a user, derived from one of ours: tanh(z) / 2."""

    def value(self, z: Tensor) -> Tensor:
        """tanh(z) / 2."""
        return 0.5 * torch.tanh(z)

    def derivative(self, z: Tensor, value: Tensor | None = None) -> Tensor:
        """1 / (2 cosh(z)^2)."""
        return 0.5 / torch.cosh(z).square()


class WholeHalfTanh(HalfTanh):
    """The same, which also says how sigma' follows from sigma, and how sigma is written over z."""

    def derivative_at(self, value: Tensor, out: Tensor | None = None) -> Tensor:
        """1/2 - 2 sigma^2."""
        return torch.sub(0.5, 2.0 * value.square(), out=out)

    def overwrite(self, z: Tensor) -> Tensor:
        """tanh(z) / 2."""
        return z.tanh_().mul_(0.5)


def test_derived_classes_that_change_sigma_alone_are_evaluated_by_it() -> None:
    """Assert that predictions and velocities are those of the class's own sigma, not of its parent's.

    So it is of a cloud, of an ensemble and of a deep network; a class that says all of it keeps sigma alone.
    """
    assert autonomous(HalfTanh()) is None and autonomous(WholeHalfTanh()) is not None and autonomous(Tanh()) is not None
    phi, positions, factors = numbers(1, 5, 3), numbers(2, 4, 4), torch.ones(4).double()
    z, a = positions[:, :3] @ phi.T, positions[:, 3:]
    right = (a * torch.tanh(z) / 2.0).sum(dim=0)
    slopes = 0.5 / torch.cosh(z).square()
    pulled = torch.cat([(a * slopes) @ phi, 0.5 * torch.tanh(z).sum(dim=1, keepdim=True)], dim=1)
    for activation in (HalfTanh(), WholeHalfTanh()):
        neuron = Perceptron(activation, Identity(3), trained="both")
        tangents = neuron.tangent(positions, phi), neuron.member_tangent(positions[None], phi)
        for tangent, ones in zip(tangents, (factors, factors[None]), strict=True):
            assert_identical(tangent.predict(ones).reshape(-1), right)
            assert_identical(tangent.pull(ones, torch.ones(*ones.shape[:-1], 5, 1).double()).reshape(4, 4), pulled)
        value, slope = activated(activation, z[:, :, None, None])
        assert_identical(slope.values[..., 0, 0], slopes)
        assert_identical(value[..., 0, 0], torch.tanh(z) / 2.0)
