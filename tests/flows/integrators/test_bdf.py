"""BDF: orders of its formulas, stiffness, losses and what it costs. Its contract is in tests/flows/adaptive.py."""

import math

import pytest
import torch

from flows import BDF, RK4, Chebyshev, GradientFlow, StepNoise, evolve
from flows.checkpoint import Checkpoint
from flows.integrators import bdf
from flows.integrators.bdf import BDFState
from flows.integrators.interpolation import slopes, weights
from particles import (
    L2,
    NTK,
    CrossEntropy,
    Dataset,
    GaussianLaw,
    Identity,
    Lazy,
    Linear,
    MeanField,
    Perceptron,
    RademacherOutputs,
    Risk,
    Scaling,
    Softplus,
    Squared,
    Tanh,
    masses,
    tangent_gram,
)
from runs.benchmarks.problems import stiff_flow
from tests.flows.adaptive import Kept, driven
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import ORDER, relative_error


def scaled_error(order: int, steps: int, growth: float) -> float:
    """|theta - e^-1| of theta' = -theta over unit time by the formula of one order, from exact values, on a grid whose
    steps alternate between h and growth h."""
    sizes = [1.0 if i % 2 == 0 else growth for i in range(steps + order + 1)]
    unit = 1.0 / sum(sizes[order + 1 :])
    grid = [0.0]
    for size in sizes:
        grid.append(grid[-1] + unit * size)
    times = [time - grid[order + 1] for time in grid]
    values = [math.exp(-time) for time in times[: order + 2]]
    for now in range(order + 2, len(times)):
        past, known = times[now - order - 1 : now][::-1], values[now - order - 1 : now][::-1]
        predicted = sum(w * v for w, v in zip(weights(past, times[now]), known, strict=True))
        slope = sum(w * v for w, v in zip(slopes(past, times[now]), known, strict=True))
        shift = bdf.Formula(order, tuple(past), times[now]).shift
        values.append(predicted + shift * (-predicted - slope) / (1.0 + shift))
    return abs(values[-1] - math.exp(-times[-1]))


@pytest.mark.parametrize("growth", [1.0, 1.4])
@pytest.mark.parametrize("order", range(1, bdf.HIGHEST + 1))
def test_each_formula_has_its_order(order: int, growth: float) -> None:
    """Assert that the formula of order k has order k on the test equation, on even grids and on uneven ones."""
    measured = math.log2(scaled_error(order, 40, growth) / scaled_error(order, 80, growth))
    assert abs(measured - order) < ORDER + 0.05 * order, f"order {measured:.3f} of formula {order}"


@pytest.mark.parametrize("order", range(1, bdf.HIGHEST + 1))
def test_error_constant_is_that_of_the_formula(order: int) -> None:
    """Assert that on a grid of unit steps the error is kappa gamma + 1 / (k + 1) of d (Shampine and Reichelt 1997)."""
    times = tuple(float(-i) for i in range(order + 1))
    gamma = sum(1.0 / i for i in range(1, order + 1))
    formula = bdf.Formula(order, times, 1.0)
    assert formula.leading == pytest.approx(gamma, rel=1e-14)
    assert formula.error == pytest.approx(bdf.KAPPA[order] * gamma + 1.0 / (order + 1), rel=1e-14)


@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0)], ids=repr)
def test_linear_neurons_follow_the_matrix_exponential(scaling: Scaling) -> None:
    """Assert that the residual at rtol 1e-8 is exp(-K P t) r to 1e-7."""
    risk, start, until = network_risk(scaling, activation=Linear(), trained="hidden"), network_cloud(), 6.0
    end = evolve(GradientFlow(risk), start, BDF(rtol=1e-8), until=until)
    rates = tangent_gram(risk, start) * risk.data.weights
    exact = torch.linalg.matrix_exp(-until * rates) @ risk.residual(start)
    assert relative_error(risk.residual(end), exact) < 1e-7


def test_stiffness_costs_nothing() -> None:
    """Assert that a stiff flow takes one velocity a step, far fewer than a stabilised explicit method."""
    problem = stiff_flow(count=100, data=20, dim=8)
    works = []
    for integrator in (BDF(1e-3), Chebyshev(1e-3)):
        first = Kept(0.0, problem.cloud, integrator.init(problem.flow, problem.cloud))
        works.append(driven(integrator, problem.flow, first, problem.until)[-1].state.work)
    assert works[0].velocities == works[0].accepted + works[0].rejected + 1
    assert works[0].rejected < 0.1 * works[0].accepted
    assert 4 * works[0].velocities < works[1].velocities


@pytest.mark.parametrize("scaling", [MeanField(), NTK()], ids=repr)
def test_curved_loss_and_regulariser_stand_in_the_newton_matrix(scaling: Scaling) -> None:
    """Assert that cross-entropy with L2 and both layers trained comes out right, with hardly a step rejected."""
    targets = torch.nn.functional.one_hot(torch.arange(20) % 3).double()
    neuron = Perceptron(Tanh(), Identity(4), outputs=3, trained="both")
    risk = Risk(neuron, scaling, CrossEntropy(), Dataset(numbers(1, 20, 4), targets), L2(0.02))
    start = network_cloud().moved(numbers(4, 6, 4))
    start = type(start)(numbers(5, 6, 7), start.masses)
    flow, integrator = GradientFlow(risk), BDF(1e-6)
    reference = evolve(flow, start, RK4(step=0.01), until=10.0)
    last = driven(integrator, flow, Kept(0.0, start, integrator.init(flow, start)), 10.0)[-1]
    moved = reference.positions - start.positions
    assert float((last.cloud.positions - reference.positions).norm() / moved.norm()) < 2e-5
    assert last.state.work.rejected < 0.1 * last.state.work.accepted


def test_cloud_at_rest_is_reached_in_one_step() -> None:
    """Assert that where nothing moves no step is too long."""
    risk, start = network_risk(), network_cloud()
    fitted = GradientFlow(risk.on(Dataset(risk.data.inputs, risk.predictions(start), risk.data.weights)))
    integrator = BDF(1e-6)
    taken = integrator.step(fitted, start, integrator.init(fitted, start), 0.0, 1e6, StepNoise(0, 0))
    assert taken.time == 1e6


def test_wrong_tolerance_is_refused() -> None:
    """Assert that a negative tolerance is refused at the door."""
    with pytest.raises(ValueError, match="rtol=-1"):
        BDF(rtol=-1.0)


def test_stiff_flow_is_right_against_a_tight_run() -> None:
    """Assert that the error relative to the distance moved is the tolerance up to a factor of three."""
    problem = stiff_flow(count=150, data=20, dim=8, activation=Softplus())
    tight = evolve(problem.flow, problem.cloud, BDF(1e-8), until=problem.until).positions
    loose = evolve(problem.flow, problem.cloud, BDF(1e-4), until=problem.until).positions
    assert float((loose - tight).norm() / (tight - problem.cloud.positions).norm()) < 3e-4


@pytest.mark.parametrize("rtol", [1e-5, 1e-3])
def test_particles_left_out_cost_no_steps(rtol: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run of very unequal masses takes the steps that it takes with every particle in the matrix.

    More than the tolerance allows would be left out of K q, the function's change would be wrong, and steps tiny.
    """
    neuron = Perceptron(Tanh(), Identity(3))
    risk = Risk(neuron, NTK(), Squared(), Dataset(numbers(1, 7, 3), numbers(2, 7, 1)))
    law = GaussianLaw(neuron, outputs=RademacherOutputs())
    cloud = law.sample(masses=masses.asymmetrical(200, gamma=0.0, alpha=0.3), seed=0)

    def velocities() -> int:
        kept: list[Checkpoint[BDFState]] = []
        evolve(GradientFlow(risk), cloud, BDF(rtol), until=50.0, keep=kept.append)
        return kept[-1].state.work.velocities

    few = velocities()
    monkeypatch.setattr("flows.gauss_newton.NEGLIGIBLE", 0.0)
    every = velocities()
    assert few <= 1.2 * every
    monkeypatch.setattr("flows.gauss_newton.NEGLIGIBLE", 100.0)
    assert velocities() > 2 * every
