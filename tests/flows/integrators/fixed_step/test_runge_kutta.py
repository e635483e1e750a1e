"""Explicit methods by their tableau: rows, the cloud inside a step, and the estimate of its error."""

import math
from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

from flows import RK4, Euler, Every, Flow, Heun, Part, StepNoise, evolve
from flows.integrators.fixed_step.runge_kutta import Row, RungeKutta, Tableau
from particles import ParticleCloud
from particles.shapes import Positions
from tests.flows.contracts.error_controlled import Counted
from tests.flows.contracts.members import INTEGRATORS, measured_order
from tests.planted import OldMeasure
from tests.problems import ATTRACTIONS, Decay, MeanAttraction, numbers, small_cloud
from tests.tolerances import ORDER, assert_identical

METHODS: list[type[RungeKutta]] = [Euler, Heun, RK4]


@dataclass(frozen=True, init=False)
class Wrong(RK4):
    """RK4 with the velocities of its middle stages weighed alike with those of its ends."""

    tableau: ClassVar[Tableau] = Tableau(
        RK4.tableau.stages, RK4.tableau.step, tuple((1 / 4, 0.0, 0.0) for _ in range(4)), (0.0, 0.0, 0.0, 0.0)
    )


def dense_order(kind: type[RungeKutta], flow: MeanAttraction, part: float) -> float:
    """The power of the step in the error a part of a first step on, less one."""
    start, errors = small_cloud(), []
    for size in (0.02, 0.01):
        there = kind(size).attempt(flow, start, 0.0, size).at(part * size)
        errors.append(float((there.positions - flow.exact(start, part * size)).norm()))
    return math.log2(errors[0] / errors[1]) - 1.0


@pytest.mark.parametrize("part", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("kind", METHODS)
def test_dense_output_has_its_order(kind: type[RungeKutta], part: float) -> None:
    """Assert that inside a step the error falls as h^(dense + 1), on flows that depend on time and on the mean."""
    for flow in ATTRACTIONS:
        measured = dense_order(kind, flow, part)
        assert abs(measured - kind.dense) < ORDER, f"{kind.__name__} has order {measured:.2f} at {part} of a step"


def test_wrong_weights_lose_the_order() -> None:
    """Assert that the same check sees other polynomials."""
    assert dense_order(Wrong, ATTRACTIONS[0], 0.3) < 1.0 + ORDER


@pytest.mark.parametrize("kind", METHODS)
def test_dense_output_meets_both_ends(kind: type[RungeKutta]) -> None:
    """Assert that it begins at the cloud with the first velocity, and ends where the step does."""
    flow, cloud, size, small = MeanAttraction(), small_cloud(), 0.3, 1e-6
    step = kind(size).attempt(flow, cloud, 0.4, size)
    assert torch.equal(step.at(0.4).positions, cloud.positions)
    assert_identical(step.at(0.4 + size).positions, step.positions)
    slope = (step.at(0.4 + small).positions - cloud.positions) / small
    assert float((slope - flow.velocity(cloud, 0.4)).abs().max()) < 1e-4


@pytest.mark.parametrize("kind", METHODS)
def test_polynomials_sum_to_the_step(kind: type[RungeKutta]) -> None:
    """Assert that b_i(1) are the weights of the step, and that those of an error sum to zero."""
    table = kind.tableau
    for number, polynomial in zip(table.step.numbers, table.between, strict=True):
        assert sum(polynomial) == pytest.approx(number / table.step.over, abs=1e-15)
    assert table.step.node == 1.0
    assert sum(table.error or ()) == 0.0


def test_only_heun_embeds_a_method() -> None:
    """Assert that its estimate is what Euler's step lacks, and that Euler and RK4 say that they have none."""
    flow, cloud, size = MeanAttraction(), small_cloud(), 0.2
    step = Heun(size).attempt(flow, cloud, 0.4, size)
    assert step.error is not None
    euler = Euler(size).attempt(flow, cloud, 0.4, size)
    assert_identical(step.error, step.positions - euler.positions)
    assert euler.error is None and RK4(size).attempt(flow, cloud, 0.4, size).error is None


@dataclass(frozen=True, init=False)
class Embedded(Heun):
    """The method that the error is taken from."""

    order: ClassVar[float] = 1.0

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The step without what its error says."""
        step = self.attempt(flow, cloud, time, size)
        return step.positions - step.error


def test_embedded_method_has_order_one() -> None:
    """Assert that Heun's step less its error is of order 1."""
    for flow in ATTRACTIONS:
        assert abs(measured_order(Embedded, flow) - 1.0) < ORDER


@pytest.mark.parametrize("kind", METHODS)
def test_dense_output_costs_no_velocity(kind: type[RungeKutta]) -> None:
    """Assert that a step asks for its stages' velocities, and the cloud inside for none."""
    flow = Counted(MeanAttraction())
    step = kind(0.1).attempt(flow, small_cloud(), 0.0, 0.1)
    step.at(0.05)
    assert len(flow.asked) == len(kind.tableau.between)


@pytest.mark.parametrize("kind", METHODS)
def test_observers_see_the_ends_of_steps_only(kind: type[RungeKutta]) -> None:
    """Assert that a run shows what it always did: times on the grid, and nothing between its steps."""
    times: list[float] = []
    see = Every(time=0.25, observer=lambda step, time, cloud: times.append(time))
    evolve(MeanAttraction(), small_cloud(), kind(0.2), until=1.0, observers=[see])
    assert times == [0.0, 0.2 * 2, 0.2 * 3, 0.2 * 4, 1.0]


def test_rows_are_sums_over_a_number() -> None:
    """Assert that start + h / 6 (a + 2 b) is formed in this order, and written into neither."""
    start, one, two = numbers(1, 3, 2), numbers(2, 3, 2), numbers(3, 3, 2)
    copies = [tensor.clone() for tensor in (start, one, two)]
    assert torch.equal(Row((1, 2), over=6).moved(start, [one, two], 0.3), start + 0.3 / 6 * (one + 2.0 * two))
    assert torch.equal(Row((0, 1), over=2).moved(start, [one, two], 0.3), start + 0.5 * 0.3 * two)
    assert all(torch.equal(a, b) for a, b in zip((start, one, two), copies, strict=True))
    assert Row((1, 2), over=6).node == 0.5


@pytest.mark.parametrize("kind", [Heun, RK4])
def test_old_measure_would_show(kind: type[RungeKutta]) -> None:
    """Assert that holding the measure in the inner stages changes the step by far more than rounding."""
    flow, cloud = MeanAttraction(), small_cloud()
    right = evolve(flow, cloud, kind(0.2), until=0.2)
    stale = evolve(OldMeasure(flow, cloud), cloud, kind(0.2), until=0.2)
    assert float((right.positions - stale.positions).abs().max()) > 1e-2


@pytest.mark.parametrize("kind", METHODS)
def test_amplification_is_a_taylor_polynomial(kind: type[RungeKutta]) -> None:
    """Assert that one step on d theta / dt = -theta multiplies by that of exp(-h), of the order of the method."""
    taken = evolve(Decay(), small_cloud(), kind(0.3), until=0.3)
    factor = sum((-0.3) ** power / math.factorial(power) for power in range(int(kind.order) + 1))
    assert_identical(taken.positions, factor * small_cloud().positions)


def test_claims() -> None:
    """Assert that each claims its order and transport only, and is under contract."""
    assert [kind.order for kind in METHODS] == [1.0, 2.0, 4.0]
    for kind in METHODS:
        assert kind.handles == {Part.TRANSPORT} and kind in INTEGRATORS
