"""Mean, total variance and random limit of the Gram matrix at the start."""

from dataclasses import replace

import pytest
import torch

from limits import total_variance
from limits.theorems import Problem, Verdict, gram_variance, mean_gram
from limits.theorems.asymmetric_scaling import random_limit
from particles import NTK, Activation, Dataset, GaussianLaw, Identity, Perceptron, ReLU, Risk, Squared, Tanh, masses
from tests.limits.theorems.networks import ACTIVATIONS, SETTINGS, problem, sphere

STATEMENTS = [mean_gram, gram_variance, random_limit]


def accepted(activation: Activation, particles: int = 200, gamma: float = 0.5, alpha: float | None = 0.7) -> Problem:
    """Eight data in ten dimensions and 200 particles, as acceptance asks."""
    neuron = Perceptron(activation, Identity(10))
    data = Dataset(sphere(8, 10), torch.zeros(8, dtype=torch.float64))
    risk = Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=data)
    return Problem(risk, GaussianLaw(neuron), masses.asymmetrical(particles, gamma, alpha), gamma, alpha)


@pytest.mark.parametrize(("gamma", "alpha"), SETTINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_starts_agree(activation: Activation, gamma: float, alpha: float | None) -> None:
    """Assert that mean, variance and distance from the limit hold over 40 starts of the four settings."""
    for statement in STATEMENTS:
        assert statement(problem(activation, gamma, alpha), range(40)).verdict is Verdict.HOLDS


@pytest.mark.validation
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_total_variance_over_many_starts(activation: Activation) -> None:
    """Assert that 3000 starts of n = 8, d = 10, m = 200 have total variance C0 sum lambda^2 within 4 percent."""
    result = gram_variance(accepted(activation), range(3000))
    assert result.verdict is Verdict.HOLDS
    assert abs(result.measured / result.bound - 1.0) < 0.04


def test_wrong_masses_are_a_violation() -> None:
    """Assert that the variance of other masses than those sampled, and a wrong variance of the law, stand out."""
    of = accepted(ReLU())
    wrong = masses.asymmetrical(200, 0.5, 0.5)

    class Swapped(GaussianLaw):
        """Starts with other masses than asked for."""

        def sample(self, *, masses: torch.Tensor, seed: int) -> object:  # type: ignore[override]
            return super().sample(masses=wrong, seed=seed)

    planted = replace(of, law=Swapped(of.neuron))
    assert gram_variance(planted, range(200)).verdict is Verdict.VIOLATED
    assert random_limit(planted, range(200)).verdict is Verdict.VIOLATED
    assert mean_gram(planted, range(100)).verdict is Verdict.HOLDS


def test_wrong_law_is_a_violation_of_the_mean() -> None:
    """Assert that tanh neurons drawn with twice the variance do not have this mean."""
    of = accepted(Tanh())

    class Wider(GaussianLaw):
        """Hidden weights of variance two."""

        def sample(self, *, masses: torch.Tensor, seed: int) -> object:  # type: ignore[override]
            cloud = super().sample(masses=masses, seed=seed)
            return cloud.moved(cloud.positions * 2.0**0.5)

    result = mean_gram(replace(of, law=Wider(of.neuron)), range(100))
    assert result.verdict is Verdict.VIOLATED


def test_distance_from_the_limit_vanishes_with_the_width() -> None:
    """Assert that E |K_m - K_inf|^2 falls like 1/m, while E |K_m - K|^2 stays."""
    gaps, spreads = [], []
    for particles in (100, 400, 1600):
        of = accepted(ReLU(), particles, 0.2, 0.5)
        gaps.append(random_limit(of, range(50)).bound)
        spreads.append(gram_variance(of, range(2)).bound)
    assert gaps[1] < 0.4 * gaps[0] and gaps[2] < 0.4 * gaps[1]
    assert spreads[2] > 0.9 * spreads[0]


def test_equal_masses_tend_to_the_mean_kernel() -> None:
    """Assert that with gamma = 1 the limit is not random: its distance is the total variance."""
    of = problem(ReLU())
    exact = total_variance(of.kernel, of.risk.data.inputs, of.masses)
    assert random_limit(of, range(20)).bound == pytest.approx(exact, rel=1e-12)


def test_masses_of_another_kind_have_no_limit_here() -> None:
    """Assert that masses that are not asymmetrical, or given without gamma, fail the assumption."""
    of = problem(ReLU(), 0.5, 0.7)
    for changed in (
        replace(of, gamma=None),
        replace(of, alpha=None),
        replace(of, gamma=0.2, alpha=0.7),
        replace(of, masses=masses.beta(150, 0.5, 2.0, seed=0), gamma=0.0, alpha=0.5),
    ):
        result = random_limit(changed, range(2))
        assert result.verdict is Verdict.ASSUMPTION_FAILS
        assert gram_variance(changed, range(20)).verdict is Verdict.HOLDS
