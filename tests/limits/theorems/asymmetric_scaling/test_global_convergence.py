"""Global convergence: vacuous at practical widths, but checked where the width is enough."""

import math
from dataclasses import replace

import pytest
import torch

from limits.theorems import Problem, Verdict, required_width
from limits.theorems.asymmetric_scaling import global_convergence
from limits.theorems.asymmetric_scaling.global_convergence import movement_constant
from limits.theorems.curvature import largest_curvature
from particles import (
    NTK,
    Activation,
    Dataset,
    Erf,
    GaussianLaw,
    Identity,
    LeakyReLU,
    Perceptron,
    ReLU,
    Risk,
    Squared,
    Tanh,
    masses,
)
from tests.limits.theorems.networks import (
    ACTIVATIONS,
    DATA,
    INPUTS,
    SETTINGS,
    Frames,
    in_time,
    known_run,
    other_flow,
    problem,
    run,
)
from tests.long import long_after

DELTA = 0.1


def mild(activation: Activation, gamma: float = 1.0, alpha: float | None = None) -> Problem:
    """Two short orthogonal inputs and small targets, where theorem 4.2 asks for less than two thousand particles."""
    neuron = Perceptron(activation, Identity(2))
    inputs = 0.02 * torch.eye(2, dtype=torch.float64)
    data = Dataset(inputs, torch.tensor([0.004, -0.003], dtype=torch.float64))
    risk = Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=data)
    return Problem(risk, GaussianLaw(neuron), masses.asymmetrical(2000, gamma, alpha), gamma, alpha)


def mild_run(of: Problem) -> Frames:
    """Until most of the risk is gone; rates are of order |phi|^2."""
    return run(of, step=2000.0, until=2e5)


def paper_width(of: Problem, delta: float) -> float:
    """The thresholds as printed for |x| = 1, with n B = E |y - f_0|^2."""
    n, d, kappa, gamma, b = DATA, INPUTS, of.kappa, of.floor, of.misfit / DATA
    if of.neuron.activation.smooth:
        curvature = 4608.0 * n**4 * largest_curvature(Tanh()) ** 2 * b / (gamma**2 * kappa**4 * d**4 * delta)
        return max(8.0 * n / (kappa * d) * math.log(2.0 * n / delta), curvature)
    flips = (8.0 * 144.0 * math.sqrt(2.0 / math.pi) * 4.0 * math.sqrt(2.0)) ** 2
    assert flips == pytest.approx(2.71e7, rel=3e-3)
    return max(
        8.0 * n / (kappa * d) * math.log(4.0 * n / delta), flips * n**6 * b / (gamma**2 * kappa**6 * d**5 * delta**3)
    )


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_required_width_is_that_of_the_statement(activation: Activation) -> None:
    """Assert that on the sphere it is the printed threshold, of order 1e13 or more, and falls with gamma squared."""
    of = problem(activation, 0.5, 0.7)
    assert required_width(of, DELTA) == pytest.approx(paper_width(of, DELTA), rel=1e-9)
    assert required_width(of, DELTA) > 1e10
    even = problem(activation)
    assert required_width(of, DELTA) == pytest.approx(4.0 * required_width(even, DELTA), rel=1e-6)
    assert required_width(problem(activation, 0.0, 0.4), DELTA) == math.inf


def test_movement_constant_is_the_papers() -> None:
    """Assert that it is (4 n / (gamma kappa sqrt(d))) sqrt(2 B / delta) on the sphere."""
    of = problem(ReLU(), 0.2, 0.5)
    exact = 4.0 * DATA / (0.2 * of.kappa * math.sqrt(INPUTS)) * math.sqrt(2.0 * of.misfit / DATA / DELTA)
    assert movement_constant(of, DELTA) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("gamma", "alpha"), long_after(1, SETTINGS[:3]))
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_practical_widths_are_vacuous(activation: Activation, gamma: float, alpha: float | None) -> None:
    """Assert that 150 particles are said to be too few, while nothing that is claimed is broken by the run."""
    results = global_convergence(problem(activation, gamma, alpha), known_run(activation, gamma, alpha), delta=DELTA)
    assert [result.verdict for result in results] == [Verdict.VACUOUS] * 4
    assert all(result.margin > -1e-9 for result in results)
    assert all(len(result.failing) == 1 and result.failing[0].startswith("m = 150 >= ") for result in results)
    assert [result.source[-5:] for result in results] == [f"4.{1 + activation.smooth} {part}" for part in "abcd"]


@pytest.mark.parametrize(("gamma", "alpha"), [(1.0, None), (0.7, 0.7)])
@pytest.mark.parametrize("activation", [Tanh(), Erf()], ids=["tanh", "erf"])
def test_theorem_holds_where_the_width_is_enough(activation: Activation, gamma: float, alpha: float | None) -> None:
    """Assert that with short inputs and small targets all four statements promise something and hold."""
    of = mild(activation, gamma, alpha)
    assert required_width(of, DELTA) < of.count
    results = global_convergence(of, mild_run(of), delta=DELTA)
    assert [result.verdict for result in results] == [Verdict.HOLDS] * 4
    assert all(result.margin > 0.0 for result in results)


def test_wrong_flows_violate_the_theorem() -> None:
    """Assert that diffusing and saturated particles break movement and eigenvalue, and wrong times the decay."""
    of = mild(Tanh())
    frames = mild_run(of)
    wrong = global_convergence(of, other_flow(frames), delta=DELTA)
    assert [result.verdict for result in wrong[1:3]] == [Verdict.VIOLATED] * 2
    slow = global_convergence(of, in_time(frames, 100.0), delta=DELTA)
    assert slow[1].verdict is Verdict.VIOLATED
    dead = [(time, cloud.moved(1e3 + cloud.positions)) for time, cloud in frames[1:]]
    saturated = global_convergence(of, [frames[0], *dead], delta=DELTA)
    assert [saturated[part].verdict for part in (0, 2)] == [Verdict.VIOLATED] * 2


def test_jump_of_the_gram_matrix_is_a_violation() -> None:
    """Assert that (d) is broken by a cloud whose particles are all saturated, where its bound is not trivial."""
    of = mild(Tanh())
    bent = replace(of, risk=of.risk.on(Dataset(of.risk.data.inputs, 1e-3 * of.risk.data.targets)))
    tiny = replace(bent, law=replace(bent.law, variance=1e-8))
    start = tiny.sample(0)
    frames = [(0.0, start), (1.0, start.moved(start.positions + 1e3))]
    assert global_convergence(tiny, frames, delta=DELTA)[3].verdict is Verdict.VIOLATED


def test_decay_is_the_papers_in_its_own_time() -> None:
    """Assert that (b) is exp(-gamma kappa t / 2) R_0 in the paper's time, ours divided by n = 2."""
    of = mild(Tanh())
    frames = mild_run(of)
    result = global_convergence(of, frames, delta=DELTA)[1]
    bounds = [float(of.risk(frames[0][1])) * math.exp(-of.kappa * (time / 2.0) / 2.0) for time, _ in frames[1:]]
    assert min(abs(result.bound / bound - 1.0) for bound in bounds) < 1e-9


def test_failing_assumptions_are_named() -> None:
    """Assert that gamma = 0, and an activation that is neither ReLU nor smooth, are one result without numbers."""
    (zero,) = global_convergence(problem(ReLU(), 0.0, 0.4), known_run(ReLU(), 0.0, 0.4))
    assert (zero.verdict, zero.failing) == (Verdict.ASSUMPTION_FAILS, ("gamma > 0 (it is 0)",))
    (leaky,) = global_convergence(problem(LeakyReLU()), known_run(ReLU(), 1.0, None))
    assert leaky.failing == ("ReLU, or a smooth activation",)
