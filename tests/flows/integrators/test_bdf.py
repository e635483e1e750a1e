"""BDF: orders of its formulas, stiffness, losses and what it costs. Its contract is in tests/flows/adaptive.py."""

import math
from itertools import pairwise

import pytest
import torch

from flows import BDF, RK4, Chebyshev, GradientFlow, StepNoise, evolve
from flows.integrators import bdf
from particles import (
    L2,
    NTK,
    CrossEntropy,
    Dataset,
    Identity,
    Lazy,
    Linear,
    MeanField,
    Perceptron,
    Risk,
    Scaling,
    Softplus,
    Tanh,
    tangent_gram,
)
from runs.benchmarks.problems import stiff_flow
from tests.flows.adaptive import Kept, driven
from tests.problems import network_cloud, network_risk, numbers
from tests.tolerances import ORDER, relative_error


def fixed_step_error(order: int, steps: int) -> float:
    """|theta - e^-1| of theta' = -theta over unit time by the formula of one order, from exact values."""
    size = 1.0 / steps
    values = [math.exp(-size * (i - order - 1)) for i in range(order + 2)]
    times = order
    while times < steps + order:
        differences = [values[-1]]
        row = values[-order - 2 :]
        for _ in range(order + 1):
            row = [after - before for before, after in pairwise(row)]
            differences.append(row[-1])
        predicted = sum(differences[: order + 1])
        known = sum(bdf.GAMMA[i] * differences[i] for i in range(1, order + 1)) / bdf.ALPHA[order]
        shift = size / bdf.ALPHA[order]
        values.append(predicted + (-shift * predicted - known) / (1.0 + shift))
        times += 1
    return abs(values[-1] - math.exp(-size * (len(values) - order - 2)))


@pytest.mark.parametrize("order", range(1, bdf.HIGHEST + 1))
def test_each_formula_has_its_order(order: int) -> None:
    """Assert that the coefficients of order k give order k at fixed steps on the test equation."""
    measured = math.log2(fixed_step_error(order, 40) / fixed_step_error(order, 80))
    assert abs(measured - order) < ORDER + 0.05 * order, f"order {measured:.3f} of formula {order}"


@pytest.mark.parametrize("factor", [0.37, 1.0, 2.5])
@pytest.mark.parametrize("order", range(1, bdf.HIGHEST + 1))
def test_resizing_keeps_the_polynomial(order: int, factor: float) -> None:
    """Assert that differences on another grid belong to the same polynomial, here theta(s) = sum_i c_i s^i."""
    coefficients = numbers(3, order + 1)

    def differences(step: float) -> torch.Tensor:
        grid = torch.arange(0, -order - 1, -1).double() * step
        row = sum(c * grid**i for i, c in enumerate(coefficients))
        columns = [row[0]]
        for _ in range(order):
            row = row[:-1] - row[1:]
            columns.append(row[0])
        return torch.stack(columns)

    held = torch.zeros(bdf.HIGHEST + 3, 1, 1).double()
    held[: order + 1, 0, 0] = differences(1.0)
    resized = bdf._resized(bdf.BDFState(held, 1.0, order), factor)
    assert relative_error(resized.differences[: order + 1, 0, 0], differences(factor)) < 1e-12
    assert resized.size == factor


@pytest.mark.parametrize("scaling", [MeanField(), NTK(), Lazy(3.0)], ids=repr)
def test_linear_neurons_follow_the_matrix_exponential(scaling: Scaling) -> None:
    """Assert that the residual at rtol 1e-8 is exp(-K P t) r to 1e-7."""
    risk, start, until = network_risk(scaling, activation=Linear(), trained="hidden"), network_cloud(), 6.0
    end = evolve(GradientFlow(risk), start, BDF(rtol=1e-8), until=until)
    rates = tangent_gram(risk, start) * risk.data.weights
    exact = torch.linalg.matrix_exp(-until * rates) @ risk.residual(start)
    assert relative_error(risk.residual(end), exact) < 1e-7


def test_stiffness_costs_nothing() -> None:
    """Assert that a stiff flow takes about one velocity a step, far fewer than a stabilised explicit method."""
    problem = stiff_flow(count=100, data=20, dim=8)
    works = []
    for integrator in (BDF(1e-3), Chebyshev(1e-3)):
        first = Kept(0.0, problem.cloud, integrator.init(problem.flow, problem.cloud))
        works.append(driven(integrator, problem.flow, first, problem.until)[-1].state.work)
    assert works[0].velocities < 1.3 * works[0].accepted + 10
    assert 4 * works[0].velocities < works[1].velocities


@pytest.mark.parametrize("scaling", [MeanField(), NTK()], ids=repr)
def test_curved_loss_and_regulariser_stand_in_the_newton_matrix(scaling: Scaling) -> None:
    """Assert that cross-entropy with L2 and both layers trained comes out right, with hardly an iteration more."""
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
    assert last.state.work.velocities < 1.3 * last.state.work.accepted + 10


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
