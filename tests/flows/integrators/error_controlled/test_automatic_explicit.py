"""Explicit: it takes the method that suits the stiffness it meets, changes in the run, and goes on to the bit.

What it shares with other adaptive integrators is in tests/flows/contracts/error_controlled.py.
"""

import itertools
import math
from dataclasses import dataclass

import pytest
import torch

from flows import Adaptive, Chebyshev, DormandPrince, Part, evolve
from flows.integrators.error_controlled.automatic_explicit import FEW, MANY, Explicit
from particles import ParticleCloud
from particles.shapes import Velocity
from tests.flows.contracts.error_controlled import ADAPTIVE, Counted, Kept, driven
from tests.problems import MeanAttraction, small_cloud


@dataclass(frozen=True)
class Orbit:
    """Driven round the unit circle: d theta / dt = p'(t) with p = (cos t, sin t)."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The same for all particles."""
        return cloud.positions.new_tensor([-math.sin(time), math.cos(time)]).expand_as(cloud.positions)


@dataclass(frozen=True)
class Stiff:
    """d theta / dt = -rate(t) (theta - sin t) + cos t; the rate is 3000 from time 5 until 10, and one otherwise."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Towards sin t."""
        rate = 3000.0 if 5.0 <= time < 10.0 else 1.0
        return -rate * (cloud.positions - math.sin(time)) + math.cos(time)


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
def test_long_way_round_a_circle_is_right(rtol: float) -> None:
    """Assert that `Adaptive` is within its tolerance after eight times round, at the cost of Dormand and Prince's pair.

    By Chebyshev the last is a thousand times longer: 0.13 off at rtol 1e-6 where it took steps of one.
    """
    start, flow = ParticleCloud(torch.tensor([[1.0, 0.0]], dtype=torch.float64)), Counted(Orbit())
    end = evolve(flow, start, Adaptive(rtol), until=50.0).positions
    right = end.new_tensor([math.cos(50.0), math.sin(50.0)])
    assert float((end - right).norm()) < 2.0 * rtol
    plain = Counted(Orbit())
    evolve(plain, start, DormandPrince(rtol), until=50.0)
    assert len(flow.asked) < 1.1 * len(plain.asked)


def test_method_changes_with_the_stiffness() -> None:
    """Assert that Chebyshev does the stiff part and Dormand-Prince the others, each within the tolerance, and that a
    state kept anywhere goes on to the bit."""
    flow, start, method = Stiff(), small_cloud(), Explicit(1e-4)
    states = driven(method, flow, Kept(0.0, start, method.init(flow, start)), 20.0)
    kinds = [type(kept.state.method) for kept in states]
    assert kinds[0] is DormandPrince and kinds[-1] is DormandPrince
    assert Chebyshev in {kind for kept, kind in zip(states, kinds, strict=True) if 5.5 < kept.time < 9.5}
    assert float((states[-1].cloud.positions - math.sin(20.0)).abs().max()) < 1e-3
    assert states[-1].state.work.velocities < 7_000, "Dormand-Prince alone takes 27,000"
    change = next(step for step, kind in enumerate(kinds) if kind is Chebyshev)
    for step in (change - 1, change, len(states) // 2):
        again = driven(method, flow, states[step], 20.0)
        assert torch.equal(again[-1].cloud.positions, states[-1].cloud.positions)


def test_run_goes_on_where_the_method_changes() -> None:
    """Assert that start, distance moved and work are those of the whole run after every change."""
    flow, start, method = Counted(Stiff()), small_cloud(), Explicit(1e-3)
    states = driven(method, flow, Kept(0.0, start, method.init(flow, start)), 20.0)
    last = states[-1].state
    assert (last.work.velocities, last.work.accepted) == (len(flow.asked), states[-1].steps)
    farthest = max(float((kept.cloud.positions - start.positions).norm()) for kept in states)
    assert last.state.pace.moved == pytest.approx(farthest)
    assert last.state.pace.start is start.positions


def test_looks_get_rarer_with_every_return() -> None:
    """Assert that a return to Dormand-Prince doubles the steps until the next look, up to a limit."""
    flow, start, method = Stiff(), small_cloud(), Explicit(1e-4)
    states = driven(method, flow, Kept(0.0, start, method.init(flow, start)), 20.0)
    kinds = [type(kept.state.method) for kept in states]
    returns = sum(one is Chebyshev and other is DormandPrince for one, other in itertools.pairwise(kinds))
    assert returns >= 1
    assert states[-1].state.patience == min(FEW * 2**returns, MANY)


def test_agrees_with_its_parts() -> None:
    """Assert that where nothing is stiff it takes Dormand and Prince's steps."""
    ends = [evolve(MeanAttraction(), small_cloud(), method, until=2.0) for method in (Explicit(1e-6), DormandPrince())]
    assert torch.equal(ends[0].positions, ends[1].positions)


def test_claims() -> None:
    """Assert that it claims transport only, and is under contract."""
    assert Explicit.handles == {Part.TRANSPORT}
    assert Explicit in [member.make for member in ADAPTIVE.values()]
