"""The benchmark of the stiff flow: its methods, its learning rate, its reference."""

from dataclasses import replace

import torch

from flows import BDF, evolve
from particles import tangent_gram
from runs.benchmarks.integrators.stiff_flow import gradient_descent, methods, reference
from runs.benchmarks.integrators.work_precision import PEER
from runs.benchmarks.timed_flows import stiff_flow


def test_every_method_of_the_issue_is_compared() -> None:
    """Assert that our integrators, CVODE, both explicit peers and gradient descent are there, each by one name."""
    names = [method.name for method in methods()]
    assert len(set(names)) == len(names)
    assert {"Adaptive", "BDF", "Exponential", "Chebyshev", "DormandPrince", PEER, "gradient descent"} < set(names)
    assert [method.needs for method in methods() if method.needs] == ["sksundae", "torchdiffeq", "torchdiffeq"]


def test_learning_rate_is_one_over_the_largest_eigenvalue() -> None:
    """Assert that the number of steps is the time times the largest eigenvalue of K P, rounded up."""
    problem = replace(stiff_flow(count=30, data=6, dim=4), until=50.0)
    rate = float(torch.linalg.eigvalsh(tangent_gram(problem.flow.risk, problem.cloud))[-1]) / 6
    assert abs(gradient_descent(problem, 0.5).velocities - 50.0 * rate) <= 2.0


def test_reference_is_tight() -> None:
    """Assert that the reference is the end of a run of ours at a tight tolerance."""
    problem = replace(stiff_flow(count=30, data=6, dim=4), until=50.0)
    tight = evolve(problem.flow, problem.cloud, BDF(1e-8), until=50.0).positions
    assert float((reference(problem).positions - tight).norm() / (tight - problem.cloud.positions).norm()) < 1e-6
