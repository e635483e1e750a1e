"""The benchmark of the real flow: the paper's data, sizes and time."""

import pytest

from particles import NTK, ReLU
from runs.benchmarks.integrators.real_flow import (
    PAPER_STEP,
    PAPER_STEPS,
    gradient_descent,
    methods,
    real_flow,
    reference,
)
from runs.benchmarks.integrators.work_precision import PEER, Ours, measured


def test_problem_is_the_papers() -> None:
    """Assert that a table of real data, ReLU, NTK scaling and asymmetrical masses run for the paper's steps."""
    problem = real_flow(200, "diabetes")
    assert problem.flow.risk.neuron.activation == ReLU()
    assert problem.flow.risk.scaling == NTK()
    assert problem.flow.risk.data.count == 176
    assert float(problem.cloud.masses[0]) > 10.0 / 200
    assert problem.until == PAPER_STEP * PAPER_STEPS


def test_gradient_descent_takes_the_papers_steps() -> None:
    """Assert that learning rate 1 on the mean of squares is a step of 2 here."""
    problem = real_flow(20, "diabetes", steps=30)
    assert gradient_descent(problem, PAPER_STEP).velocities == 30
    by_hand = problem.cloud
    for _ in range(30):
        by_hand = by_hand.moved(by_hand.positions + 2.0 * problem.flow.velocity(by_hand, 0.0))
    assert gradient_descent(problem, PAPER_STEP).cloud.positions.sub(by_hand.positions).abs().max() < 1e-12


@pytest.mark.validation
def test_adaptive_meets_the_risk_of_a_tight_run() -> None:
    """Assert that the risk at the end is within five per cent at rtol 2.5e-3, on a small network."""
    problem = real_flow(100, "diabetes", steps=300)
    [point] = measured(problem, reference(problem), [m for m in methods() if m.name == "Adaptive"])[1:2]
    assert point.tolerance == 2.5e-3
    assert point.risk_error < 0.05


@pytest.mark.parametrize("name", ["Adaptive", PEER, "gradient descent"])
def test_methods_are_named(name: str) -> None:
    """Assert that we, the peer and the paper's own method are compared."""
    assert [method.name for method in methods()].count(name) == 1
    assert isinstance(next(m for m in methods() if m.name == "Adaptive").run, Ours)
