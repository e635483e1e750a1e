"""The constants of a problem."""

import math
from dataclasses import replace

import pytest
import torch

from limits.theorems import Problem
from limits.theorems.base import fails
from particles import L2, NTK, GaussianLaw, GaussianOutputs, Identity, Logistic, MeanField, Perceptron, ReLU, Risk, Tanh
from tests.limits.theorems.networks import DATA, INPUTS, PARTICLES, problem
from tests.tolerances import Z, assert_identical, z_score


def test_trace_is_the_papers_n_over_d_on_the_sphere() -> None:
    """Assert that T = n / d where |x| = 1 and sigma' <= 1."""
    assert problem(ReLU()).trace == pytest.approx(DATA / INPUTS, rel=1e-12)


def test_trace_bounds_every_sampled_gram_matrix() -> None:
    """Assert that no sampled Gram matrix has an eigenvalue beyond T, and half of T is not such a bound."""
    of = problem(Tanh(), 0.0, 0.4)
    largest = max(float(of.kernel.sampled(of.sample(seed), of.risk.data.inputs).trace()) for seed in range(50))
    assert 0.5 * of.trace < largest < of.trace


def test_kappa_is_at_most_one_over_d() -> None:
    """Assert that kappa is the smallest eigenvalue of the mean kernel, positive and at most 1 / d."""
    of = problem(ReLU())
    assert 0.0 < of.kappa <= 1.0 / INPUTS
    assert of.kappa == pytest.approx(float(torch.linalg.eigvalsh(of.mean_gram)[0]), rel=1e-12)


def test_parallel_inputs_have_kappa_zero() -> None:
    """Assert that a repeated input makes kappa exactly zero, and the assumption fail."""
    of = problem(ReLU())
    inputs = of.risk.data.inputs.clone()
    inputs[1] = inputs[0]
    twice = replace(of, risk=of.risk.on(type(of.risk.data)(inputs, of.risk.data.targets)))
    assert twice.kappa == 0.0
    assert fails(twice.is_positive) and not fails(of.is_positive)


@pytest.mark.parametrize("variance", [1.0, 2.0])
def test_misfit_is_the_mean_square_of_sampled_starts(variance: float) -> None:
    """Assert that E |y - f_0|^2 agrees with 600 starts, whatever the variance; |x|^2 / 2d for ReLU on the sphere."""
    of = problem(ReLU(), 0.2, 0.5)
    of = replace(of, law=replace(of.law, variance=variance))
    draws = torch.stack([of.risk.residual(of.sample(seed)).square().sum() for seed in range(600)])
    assert abs(z_score(draws, of.misfit)) < Z
    exact = float(of.risk.data.targets.square().sum()) + variance * DATA / (2.0 * INPUTS)
    assert of.misfit == pytest.approx(exact, rel=1e-9)
    spread = replace(of, risk=replace(of.risk, scaling=MeanField()))
    assert spread.misfit < of.misfit


def test_gamma_that_is_not_given_is_the_largest_possible() -> None:
    """Assert that it is m min lambda, that a smaller one is taken as given, and a larger one refused."""
    of = problem(ReLU(), 0.5, 0.7)
    largest = replace(of, gamma=None)
    assert largest.floor == PARTICLES * float(of.masses.min()) > of.floor == 0.5
    with pytest.raises(ValueError, match=r"smallest of 150 masses is 0\.5\S* / m, but gamma is 0.9"):
        replace(of, gamma=0.9)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"loss": Logistic()}, "squared loss"),
        ({"regulariser": L2(0.1)}, "no regulariser"),
        ({"scaling": MeanField()}, r"output factors sqrt\(lambda_j\)"),
        ({"scaling": NTK(rates={"hidden": 2.0})}, "the rate of every group is 1"),
        ({"neuron": Perceptron(ReLU(), Identity(INPUTS), trained="both")}, "output weights frozen"),
    ],
)
def test_other_problems_fail_the_assumption_they_fail(change: dict[str, object], text: str) -> None:
    """Assert that a loss, regulariser, scaling or trained layer other than the paper's is one failing assumption."""
    of = problem(ReLU())
    data = type(of.risk.data)(of.risk.data.inputs, of.risk.data.targets.sign())
    risk: Risk = replace(of.risk, data=data, **change)  # type: ignore[arg-type]
    changed = Problem(risk, GaussianLaw(risk.neuron), of.masses)
    failing = [assumption.text for assumption in changed.is_paper if not assumption.holds]
    assert len(failing) == 1
    with pytest.raises(ValueError, match=text):
        raise ValueError(failing[0])
    assert not fails(problem(ReLU()).is_paper)


def test_output_weights_and_data_weights_are_assumptions() -> None:
    """Assert that Gaussian output weights, and data of unequal weights, fail."""
    of = problem(ReLU())
    law = replace(of.law, outputs=GaussianOutputs())
    assert fails(replace(of, law=law).is_signed)
    weights = torch.arange(1.0, DATA + 1.0, dtype=torch.float64)
    data = type(of.risk.data)(of.risk.data.inputs, of.risk.data.targets, weights / weights.sum())
    assert fails(replace(of, risk=of.risk.on(data)).is_paper)


def test_start_is_the_laws() -> None:
    """Assert that starts have the problem's masses and the law's positions."""
    of = problem(Tanh(), 0.2, 0.5)
    start = of.sample(3)
    assert_identical(start.positions, of.law.sample(masses=of.masses, seed=3).positions)
    assert math.isclose(float(start.masses.sum()), 1.0, rel_tol=1e-14)


def test_other_neurons_are_refused() -> None:
    """Assert that a law for another neuron is refused where the problem is made."""
    of = problem(ReLU())
    with pytest.raises(ValueError, match="the law samples other positions; make both for the same neuron"):
        replace(of, law=GaussianLaw(Perceptron(ReLU(), Identity(3))))
