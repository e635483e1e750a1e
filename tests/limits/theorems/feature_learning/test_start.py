"""Lemmas 2 and 3: the start."""

import math
from dataclasses import replace

import pytest

from limits.theorems import Problem, Verdict
from limits.theorems.feature_learning import active_width, initial_activity, initial_risk
from limits.theorems.feature_learning.start import least_activity, mean_risk
from particles import Dataset, GaussianLaw, Identity, MeanField, Perceptron, ReLU, Risk, Squared, Tanh, masses
from tests.draws import normals
from tests.limits.theorems.feature_learning.wide import MIDDLE, moving
from tests.limits.theorems.networks import DATA, PARTICLES


def test_mean_risk_is_that_of_starts() -> None:
    """Assert that the mean agrees with starts, and with the paper's closed form for ReLU."""
    of = moving(ReLU())
    assert initial_risk(of).verdict is Verdict.HOLDS
    y = of.risk.data.targets.square().sum()
    sizes = of.phi.square().sum(dim=1) / 2.0
    assert mean_risk(of) == pytest.approx(float(0.5 * (y + sizes.sum() / PARTICLES) / DATA), rel=1e-9)


def test_another_law_is_a_violation() -> None:
    """Assert that starts of hidden weights ten times as large violate lemma 2."""
    of = replace(moving(ReLU()), masses=masses.uniform(4))

    class Larger(Problem):
        def sample(self, seed):
            return GaussianLaw(self.neuron, variance=100.0).sample(masses=self.masses, seed=seed)

    assert initial_risk(Larger(of.risk, of.law, of.masses)).verdict is Verdict.VIOLATED


def test_width_is_that_of_the_lemma() -> None:
    """Assert that tanh with G_aa = 1 needs 176 particles for n = 20 and delta = .05."""
    x = normals(20, 30, seed=3)
    x = x / x.norm(dim=1, keepdim=True) * math.sqrt(30.0)
    neuron = Perceptron(Tanh(), Identity(30))
    of = Problem(Risk(neuron, MeanField(), Squared(), Dataset(x, x[:, :1])), GaussianLaw(neuron), masses.uniform(176))
    assert least_activity(of, MIDDLE) == pytest.approx(0.261, abs=5e-4)
    assert math.ceil(active_width(of, MIDDLE, 0.05)) == 176
    assert initial_activity(of, MIDDLE).verdict is Verdict.HOLDS
    with pytest.raises(ValueError, match="The probability delta is 1.0"):
        active_width(of, MIDDLE, 1.0)


def test_starts_that_are_not_active_are_a_violation() -> None:
    """Assert that hidden weights that start far too large for the middle violate lemma 3, and few are promised none."""
    of = replace(moving(Tanh()), masses=masses.uniform(1000))

    class Larger(Problem):
        def sample(self, seed):
            return GaussianLaw(self.neuron, variance=1e4).sample(masses=self.masses, seed=seed)

    assert initial_activity(of, MIDDLE, range(20)).verdict is Verdict.HOLDS
    assert initial_activity(Larger(of.risk, of.law, of.masses), MIDDLE, range(20)).verdict is Verdict.VIOLATED
    few = replace(of, masses=masses.uniform(2))
    assert initial_activity(few, MIDDLE, range(5)).verdict is Verdict.VACUOUS
