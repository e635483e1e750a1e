"""The smallest eigenvalue at the start: its probability counted over seeds."""

import math
from dataclasses import replace

import pytest
import torch

from limits.theorems import Problem, Verdict, initial_width
from limits.theorems.asymmetric_scaling import initial_eigenvalue
from particles import Dataset, GaussianLaw, Identity, Perceptron, ReLU, Risk, Squared, Tanh, masses
from particles.risk.scaling import NTK
from tests.limits.theorems.networks import DATA, INPUTS, problem, sphere


def wide(particles: int, gamma: float = 1.0, alpha: float | None = None) -> Problem:
    """Ten data on the unit sphere of R^20, as acceptance asks."""
    neuron = Perceptron(ReLU(), Identity(20))
    data = Dataset(sphere(10, 20), torch.zeros(10, dtype=torch.float64))
    risk = Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=data)
    return Problem(risk, GaussianLaw(neuron), masses.asymmetrical(particles, gamma, alpha), gamma, alpha)


def test_width_is_the_papers() -> None:
    """Assert that on the sphere it is (8 n / (kappa d)) log(n / delta)."""
    of = problem(ReLU())
    exact = 8.0 * DATA / (of.kappa * INPUTS) * math.log(DATA / 0.1)
    assert initial_width(of, 0.1) == pytest.approx(exact, rel=1e-12)
    with pytest.raises(ValueError, match=r"probability delta is 1.5, but a number between 0 and 1"):
        initial_width(of, 1.5)


@pytest.mark.parametrize(("gamma", "alpha"), [(1.0, None), (0.5, 0.7), (0.2, 0.5)])
def test_failures_at_the_width_are_no_more_than_delta(gamma: float, alpha: float | None) -> None:
    """Assert that at m = (8 n / (kappa d)) log(n / delta) at most a part delta of the starts fail, n = 10, d = 20."""
    delta = 0.1
    of = wide(math.ceil(initial_width(wide(2), delta)), gamma, alpha)
    result = initial_eigenvalue(of, range(100))
    assert result.verdict is Verdict.HOLDS
    assert result.measured <= delta
    assert delta * 0.9 < 10 * math.exp(-of.count * of.kappa / (8.0 * of.trace)) <= delta


def test_narrow_networks_promise_nothing() -> None:
    """Assert that below the width at which the probability is one the statement is vacuous, and does fail."""
    result = initial_eigenvalue(wide(3), range(50))
    assert result.verdict is Verdict.VACUOUS and result.bound == 1.0
    assert result.measured > 0.5


def test_other_starts_are_a_violation() -> None:
    """Assert that starts that are not the law's, the same particle many times, are counted as failures."""
    of = wide(math.ceil(initial_width(wide(2), 0.01)))

    class OneLaw(GaussianLaw):
        """Copies of one particle."""

        def sample(self, *, masses: torch.Tensor, seed: int) -> object:  # type: ignore[override]
            cloud = super().sample(masses=masses, seed=seed)
            return cloud.moved(cloud.positions[:1].expand_as(cloud.positions))

    planted = replace(of, law=OneLaw(of.neuron))
    result = initial_eigenvalue(planted, range(20))
    assert result.verdict is Verdict.VIOLATED and result.measured > 0.9


def test_assumptions_are_checked() -> None:
    """Assert that gamma = 0, and parallel inputs, fail an assumption; the width is infinite for the latter."""
    assert initial_eigenvalue(problem(Tanh(), 0.0, 0.4), range(2)).failing == ("gamma > 0 (it is 0)",)
    of = problem(ReLU())
    inputs = of.risk.data.inputs.clone()
    inputs[1] = 2.0 * inputs[0]
    parallel = replace(of, risk=of.risk.on(Dataset(inputs, of.risk.data.targets)))
    assert initial_eigenvalue(parallel, range(2)).verdict is Verdict.ASSUMPTION_FAILS
    assert initial_width(parallel, 0.1) == math.inf
