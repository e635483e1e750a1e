"""Theorems 1 to 3 and corollary 1."""

from dataclasses import replace

import pytest
import torch

from limits.theorems import Problem, Verdict
from limits.theorems.feature_learning import convergence, feature_convergence, independent_inputs
from limits.theorems.feature_learning.convergence import theorem_of
from particles import Biased, GaussianLaw, Identity, Perceptron, RandomFeatures, ReLU, Tanh
from tests.limits.theorems.feature_learning.wide import MIDDLE, deeper, moving, moving_run, tame
from tests.limits.theorems.networks import in_time, run


def test_theorem_is_vacuous_at_practical_widths() -> None:
    """Assert that both conditions are listed with their numbers, and the numbers of the bound all the same."""
    of = moving(ReLU())
    result = feature_convergence(of, moving_run(ReLU()))
    assert result.verdict is Verdict.VACUOUS and "theorem 1" in result.source
    assert len(result.failing) == 2 and "1 / sum_j lambda_j^2 = 150" in result.failing[0]
    assert 0.0 < result.measured < result.bound
    deep = feature_convergence(deeper(), run(deeper(), step=0.5, until=20.0))
    assert "theorem 2" in deep.source and deep.verdict is Verdict.VACUOUS


def test_theorem_is_checked_where_its_conditions_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run at its own times holds, and one at times a hundred times too long is a violation."""
    monkeypatch.setattr(convergence, "ALLOWED", 1e6)
    of, frames = tame()
    assert feature_convergence(of, frames, MIDDLE).verdict is Verdict.HOLDS
    still = tuple((time, frames[0][1]) for time, _ in in_time(frames, 100.0))
    assert feature_convergence(of, still, MIDDLE).verdict is Verdict.VIOLATED


def test_theorems_are_counted_by_frozen_layers() -> None:
    """Assert that none, one, and more layers of random features are theorems 1, 2 and 3."""
    one = RandomFeatures(Identity(3), ReLU(), 8)
    two = RandomFeatures(one, Tanh(), 8, 1)
    embeddings = (Identity(3), Biased(Identity(3)), one, Biased(one), two, RandomFeatures(two, Tanh(), 8, 2))
    assert [theorem_of(each) for each in embeddings] == [1, 1, 2, 2, 3, 3]


def test_independent_inputs_have_a_smallest_eigenvalue() -> None:
    """Assert that it is that of x x^T / d, and that dependent inputs and deeper networks fail the assumption."""
    result = independent_inputs(moving(ReLU()))
    assert result.verdict is Verdict.HOLDS and result.measured > 0.01
    assert independent_inputs(deeper()).failing[0] == "a shallow network"
    neuron = Perceptron(ReLU(), Identity(3))
    shallow = Problem(replace(deeper().risk, neuron=neuron), GaussianLaw(neuron), deeper().masses)
    assert independent_inputs(shallow).failing == ("n = 8 inputs of d = 3 are linearly independent",)


def test_an_embedding_that_drops_inputs_is_a_violation() -> None:
    """Assert that features that depend on fewer inputs than they say violate the corollary."""

    class Dropping(Identity):
        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            return super().__call__(x) * (torch.arange(self.dim) < 3)

    of = moving(ReLU())
    neuron = Perceptron(ReLU(), Dropping(of.neuron.hidden))
    broken = Problem(replace(of.risk, neuron=neuron), GaussianLaw(neuron), of.masses)
    assert independent_inputs(broken).verdict is Verdict.VIOLATED
