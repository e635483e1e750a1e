"""Rounding: what a dtype cannot hold is refused at the end of a run, and what rests is let rest."""

from dataclasses import dataclass

import pytest
import torch

from flows import Chebyshev, DormandPrince, evolve
from flows.integrators.error_controlled.velocity_only import Paced
from particles import ParticleCloud, ToleranceNotReached
from particles.shapes import Positions, Velocity
from tests.problems import small_cloud

METHODS = [Chebyshev, DormandPrince]


@dataclass(frozen=True)
class Towards:
    """d theta / dt = goal - theta, in coordinates that are not frozen."""

    goal: Positions
    frozen: bool = False

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Towards the goal; the first coordinate may be frozen."""
        velocity = self.goal - cloud.positions
        return velocity * velocity.new_tensor([0.0, 1.0]) if self.frozen else velocity


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_movement_that_rounding_spoils_is_refused(kind: type[Paced[float]], dtype: torch.dtype) -> None:
    """Assert that a way of a hundred units of rounding is refused at rtol 1e-4, and passes with an atol of one."""
    start, eps = small_cloud(dtype), torch.finfo(dtype).eps
    flow = Towards(start.positions * (1.0 + 100.0 * eps))
    with pytest.raises(ToleranceNotReached, match=f"rounding in float{8 * dtype.itemsize} adds up to .* the allowed"):
        evolve(flow, start, kind(1e-4), until=3.0)
    evolve(flow, start, kind(1e-4, atol=4.0 * eps * float(start.positions.abs().max())), until=3.0)


@pytest.mark.parametrize("kind", METHODS)
def test_movement_that_the_dtype_holds_is_right(kind: type[Paced[float]]) -> None:
    """Assert that in float32 an rtol of 1e-5 is met where coordinates are as large as their way."""
    start = small_cloud(torch.float32)
    goal = start.positions.flip(0)
    end = evolve(Towards(goal), start, kind(1e-5), until=1.0).positions.double()
    right = goal + (start.positions - goal).double() * torch.exp(torch.tensor(-1.0).double())
    assert float((end - right).norm() / (right - start.positions).norm()) < 1e-4


@pytest.mark.parametrize("kind", METHODS)
def test_frozen_coordinates_do_not_round(kind: type[Paced[float]]) -> None:
    """Assert that large coordinates that stand still are no reason to refuse small movements of others."""
    start = ParticleCloud(torch.tensor([[1e9, 1e-3]]))
    end = evolve(Towards(torch.zeros(1, 2), frozen=True), start, kind(1e-4), until=1.0).positions
    assert float(end[0, 1]) == pytest.approx(1e-3 * 0.36787944, rel=1e-3)
    assert float(end[0, 0]) == 1e9


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_rests_to_rounding_is_let_rest(kind: type[Paced[float]], dtype: torch.dtype) -> None:
    """Assert that a start one unit of rounding from where it rests is evolved without a word."""
    start = small_cloud(dtype)
    goal = torch.nextafter(start.positions, torch.full_like(start.positions, 9.0))
    end = evolve(Towards(goal), start, kind(1e-4), until=10.0).positions
    assert float((end - goal).abs().max()) <= 4.0 * torch.finfo(dtype).eps * float(goal.abs().max())
