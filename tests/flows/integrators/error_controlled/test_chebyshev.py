"""Runge-Kutta-Chebyshev: its polynomials, its order, its dense output, and what it is for, stiff flows.

What it shares with other adaptive integrators is in tests/flows/contracts/error_controlled.py.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest
import torch
from numpy.polynomial import Chebyshev as Polynomial

from flows import Chebyshev, DormandPrince, Euler, Flow, GradientFlow, Part, StepBound, StepNoise, evolve
from flows.integrators.error_controlled.chebyshev import coefficients, stable_step, stages_for
from flows.integrators.error_controlled.velocity_only import Stride
from flows.integrators.fixed_step.grid import FixedStep
from particles import (
    NTK,
    Dataset,
    Identity,
    Linear,
    Logistic,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
)
from particles.shapes import Positions, Velocity
from runs.benchmarks.timed_flows import stiff_flow
from tests.flows.contracts.error_controlled import ADAPTIVE, Counted, Kept, driven
from tests.flows.contracts.members import check_order
from tests.flows.problems.linear import LINEAR, residual_off
from tests.long import long
from tests.planted import OldMeasure
from tests.problems import Clock, MeanAttraction, small_cloud
from tests.tolerances import assert_identical


def attempt(flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float, size: float, stages: int) -> Positions:
    """Where a step of this size with so many stages leads."""
    return Chebyshev().strode(flow, cloud, velocity, time, Stride(size, time + size, stages))[0][0]


@dataclass(frozen=True, init=False)
class FixedChebyshev(FixedStep):
    """The method at a given step with seven stages."""

    order: ClassVar[float] = 2.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """One step."""
        return attempt(flow, cloud, flow.velocity(cloud, time), time, size, 7)


@dataclass(frozen=True, init=False)
class Stale(FixedChebyshev):
    """Inner stages in the field of the measure before the step."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The step of the flow with the measure held."""
        return super().moved(OldMeasure(flow, cloud), cloud, time, size, noise)


@dataclass(frozen=True)
class Rates:
    """d theta_jq / dt = -rate_jq theta_jq."""

    rates: Positions

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Every coordinate decays at its own rate."""
        return -self.rates * cloud.positions


def amplification(stages: int, products: Positions) -> Positions:
    """What one step of size 1 makes of ones that decay at these rates."""
    cloud = ParticleCloud(torch.ones_like(products))
    flow = Rates(products)
    return attempt(flow, cloud, flow.velocity(cloud, 0.0), 0.0, 1.0, stages)


def stability_polynomial(stages: int, products: Positions) -> Positions:
    """1 - b T(w0) + b T(w0 - w1 z) with T = T_s, from numpy's Chebyshev polynomials and their derivatives."""
    polynomial = Polynomial.basis(stages)
    w0 = 1.0 + 2.0 / 13.0 / stages**2
    w1 = polynomial.deriv()(w0) / polynomial.deriv(2)(w0)
    b = polynomial.deriv(2)(w0) / polynomial.deriv()(w0) ** 2
    return torch.from_numpy(1.0 - b * polynomial(w0) + b * polynomial(w0 - w1 * products.numpy()))


def test_order_is_two() -> None:
    """Assert that the order is 2 on flows that depend on time and interact through the mean."""
    check_order(FixedChebyshev)


def test_stale_measure_breaks_the_order() -> None:
    """Assert that the check of the order sees inner stages in the old measure."""
    with pytest.raises(AssertionError, match="but 2.0 is claimed"):
        check_order(Stale)


@pytest.mark.parametrize("stages", [2, 3, 7, 30])
def test_step_is_the_shifted_chebyshev_polynomial(stages: int) -> None:
    """Assert that on decaying coordinates the recurrence is the polynomial in closed form, all over its interval."""
    products = torch.linspace(0.0, 0.65 * (stages**2 - 1), 401, dtype=torch.float64)[:, None]
    assert_identical(
        amplification(stages, products), stability_polynomial(stages, products), operations=30.0 * stages**2
    )


@pytest.mark.parametrize("stages", [2, 3, 7, 30, 200])
def test_interval_of_stability_is_what_is_claimed(stages: int) -> None:
    """Assert that modes are damped up to h rho = (s^2 - 1) / 1.54, and grow at 1.3 times that."""
    end = stable_step(stages, 1.0)
    assert end == pytest.approx((stages**2 - 1) / 1.54)
    inside = torch.linspace(0.05 * end, end, 4001, dtype=torch.float64)[:, None]
    assert float(amplification(stages, inside).abs().max()) < 1.0
    assert float(amplification(stages, torch.full((1, 1), 1.3 * end).double()).abs()) > 1.0


@pytest.mark.parametrize("product", [0.0, 1e-3, 1.0, 4.6, 100.0, 1e4])
def test_stages_are_the_fewest_that_are_stable(product: float) -> None:
    """Assert that size times radius fits into the stability interval of the stages, and not into one less."""
    stages = stages_for(product / 8.0, 8.0)
    assert product / 8.0 <= stable_step(stages, 8.0) * (1.0 + 1e-12)
    assert stages == 2 or product / 8.0 > stable_step(stages - 1, 8.0)


def test_nodes_are_the_times_of_the_stages() -> None:
    """Assert that a speed that is a power of time is integrated with nodes between 0 and 1, to order 2."""
    for stages in (2, 5, 12):
        nodes = coefficients(stages).nodes
        assert len(nodes) == stages - 1
        assert all(0.0 < node < 1.0 for node in nodes)
        flow, cloud = Clock(lambda time: time), small_cloud()
        moved = attempt(flow, cloud, flow.velocity(cloud, 0.0), 0.0, 1.0, stages)
        assert_identical(moved, cloud.positions + 0.5)


@dataclass(frozen=True)
class Stiffening:
    """d theta / dt = -rate(t) (theta - sin t) + cos t: the rate rises from 1 to 2000 at time 1."""

    rates: list[float] = field(default_factory=lambda: [1.0, 2000.0])

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Towards sin t, at the rate of this time."""
        rate = self.rates[time >= 1.0]
        return -rate * (cloud.positions - math.sin(time)) + math.cos(time)


def test_sudden_stiffness_is_noticed() -> None:
    """Assert that where the radius jumps a trial is rejected, the radius found again, and the tolerance kept."""
    flow, start, integrator = Stiffening(), small_cloud(), Chebyshev(1e-4)
    states = driven(integrator, flow, Kept(0.0, start, integrator.init(flow, start)), 3.0)
    assert states[-1].state.work.rejected >= 1
    assert states[-1].state.radius.value == pytest.approx(1.1 * 2000.0, rel=0.02)
    assert float((states[-1].cloud.positions - math.sin(3.0)).abs().max()) < 1e-3
    assert states[-1].steps < 200, "thousands of steps would be those of a method that is not stabilised"


@dataclass(frozen=True)
class Crossing:
    """d theta / dt = -rate (theta - sin t) + cos t with rate 100 in one coordinate and exp(8 t) in the other."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Towards sin t."""
        rates = cloud.positions.new_tensor([100.0, math.exp(8.0 * time)])
        return -rates * (cloud.positions - math.sin(time)) + math.cos(time)


def test_new_leading_direction_is_found_in_the_error() -> None:
    """Assert that a direction that comes to lead, of which the old one has nothing, is found at the first rejection.

    It takes 759 velocities; 1,047 where the radius waits for its 25 steps, and 2,119 where the search goes on from the
    old direction.
    """
    flow, start, integrator = Crossing(), small_cloud(), Chebyshev(1e-4)
    last = driven(integrator, flow, Kept(0.0, start, integrator.init(flow, start)), 1.2)[-1]
    assert last.state.radius.value > 0.7 * math.exp(8.0 * 1.2)
    assert last.state.work.velocities < 900
    assert float((last.cloud.positions - math.sin(1.2)).abs().max()) < 1e-4


def test_leading_direction_may_be_the_error_itself() -> None:
    """Assert that where one coordinate moves, and a rejected error is opposite to the direction known, the run goes on.

    Logistic regression of one datum from a = -8: a + exp(a) = t + a_0 + exp(a_0).
    """
    one = torch.ones(1, 1, dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1), 1, "output"), MeanField(), Logistic(), Dataset(one, one))
    start = ParticleCloud(torch.tensor([[1.0, -8.0]], dtype=torch.float64))
    end = float(evolve(GradientFlow(risk), start, Chebyshev(), until=100.0).positions[0, 1])
    assert abs(end + math.exp(end) - 92.0 - math.exp(-8.0)) < 1e-3 * 12.5 * (1.0 + math.exp(end))


@pytest.mark.parametrize("seed", [3, 5, 12])
def test_mild_flow_in_single_precision_takes_as_many_steps(seed: int) -> None:
    """Assert that a float32 run of a small network takes about as many steps as a float64 one, and ends where it does.

    These stalled at 1e-8 of their run: steps fell below what positions resolve.
    """
    draw = torch.Generator().manual_seed(seed)
    data, targets, start = (torch.randn(*size, dtype=torch.float64, generator=draw) for size in ((5, 2), (5,), (6, 3)))
    risk = Risk(Perceptron(Tanh(), Identity(2), 1, "both"), NTK(), Squared(), Dataset(data, targets))
    ends, counts = [], []
    for dtype in (torch.float64, torch.float32):
        flow = Counted(GradientFlow(risk))
        cloud = ParticleCloud(start).to(dtype=dtype)
        ends.append(evolve(flow, cloud, Chebyshev(1e-4), until=1.0).positions.double())
        counts.append(len(flow.asked))
    assert counts[1] < 2 * counts[0]
    assert float((ends[1] - ends[0]).norm() / (ends[0] - start).norm()) < 1e-3


def test_steps_are_stricter_where_more_is_asked() -> None:
    """Assert that a step may be wrong by rtol down to 1e-4, and below by its power 3/2."""
    assert [Chebyshev(rtol).tolerance.rtol for rtol in (1e-2, 1e-4, 1e-6)] == pytest.approx([1e-2, 1e-4, 1e-7])
    assert Chebyshev(0.0, 1e-6).tolerance == Chebyshev(0.0, 1e-6).asked


def test_radius_is_found_again_every_25_steps() -> None:
    """Assert that a flow that gets slower is given fewer stages, as the estimate is renewed."""
    flow, start, integrator = Slowing(), small_cloud(), Chebyshev(1e-6)
    states = driven(integrator, flow, Kept(0.0, start, integrator.init(flow, start)), 4.0)
    radii = [kept.state.radius.value for kept in states]
    assert len(states) > 60
    assert radii[0] == radii[25] > radii[26] == radii[50]
    assert max(kept.state.age for kept in states) == 25


@dataclass(frozen=True)
class Slowing:
    """d theta / dt = -exp(-t) 100 theta + cos t."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """A decay that ceases, and a drive."""
        return -math.exp(-time) * 100.0 * cloud.positions + math.cos(time)


@pytest.mark.validation
def test_stiff_flow_is_cheaper_than_descent_at_the_limit_of_stability() -> None:
    """Assert that on the stiff benchmark at reduced size it needs a fourth of the velocities of gradient descent at
    0.95 of its longest stable step, and ends ten times closer; the reference is right to 5e-5."""
    problem, counts, errors = stiff_flow(count=60, data=12, dim=6), [], []
    exact = evolve(problem.flow, problem.cloud, Chebyshev(1e-5), until=problem.until).positions
    euler = Euler(StepBound(0.95)).resolved(problem.flow, problem.cloud)
    for integrator in (Chebyshev(1e-3), euler):
        flow = Counted(problem.flow)
        end = evolve(flow, problem.cloud, integrator, until=problem.until).positions
        counts.append(len(flow.asked))
        errors.append(float((end - exact).norm() / (exact - problem.cloud.positions).norm()))
    assert counts[0] < counts[1] / 4, f"{counts[0]} against {counts[1]} velocities"
    assert errors[0] < errors[1] / 10, f"errors {errors[0]:.2e} and {errors[1]:.2e}"


def test_agrees_with_dormand_prince_where_nothing_is_stiff() -> None:
    """Assert that both take the interacting flow to the same place."""
    ends = [evolve(MeanAttraction(), small_cloud(), method, until=2.0) for method in (Chebyshev(1e-7), DormandPrince())]
    assert float((ends[0].positions - ends[1].positions).abs().max()) < 1e-5


@pytest.mark.parametrize("case", [*LINEAR[:2], *map(long, LINEAR[2:])], ids=str)
def test_linear_neurons_follow_the_matrix_exponential(case: tuple[str, str]) -> None:
    """Assert that the residual at the end is exp(-K P t) r(0) within ten times the tolerance."""
    assert residual_off(Chebyshev(1e-4), case) < 1e-3
    assert residual_off(Chebyshev(1e-6), case) < 1e-4


def test_few_stages_in_single_precision() -> None:
    """Assert that a float32 cloud gets no more stages than its rounding bears, and is still stable."""
    flow, start = Rates(torch.linspace(0.0, 1e4, 10).reshape(5, 2)), small_cloud(torch.float32)
    asked = Counted(flow)
    end = evolve(asked, start, Chebyshev(1e-4), until=1.0)
    assert bool((end.positions.abs() <= start.positions.abs() + 1e-4).all())
    assert len(asked.asked) > 1e4 / 7.0, "steps of ten stages reach 64 / 1e4 each"


def test_coefficients_are_computed_once() -> None:
    """Assert that the same number of stages gives the same value, which is frozen."""
    assert coefficients(9) is coefficients(9)
    assert np.isfinite(coefficients(1000).rows).all()


def test_claims() -> None:
    """Assert that it claims order 2 and transport only, and is under contract."""
    assert (Chebyshev.order, Chebyshev.handles) == (2.0, {Part.TRANSPORT})
    assert Chebyshev in [member.make for member in ADAPTIVE.values()]
