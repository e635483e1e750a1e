"""Mean and mean square of the velocity at the start, against independent draws."""

import math
from dataclasses import replace

import pytest
import torch

from limits.theorems import Problem, Verdict
from limits.theorems.asymmetric_scaling import first_step
from limits.theorems.asymmetric_scaling.first_step import direction, mean_drift, mean_square
from particles import (
    NTK,
    Activation,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    MeanField,
    Perceptron,
    ReLU,
    Risk,
    Scaling,
    Softplus,
    Squared,
    Tanh,
)
from tests.draws import normals
from tests.limits.theorems.networks import problem
from tests.tolerances import PLANTED_Z, Z, assert_identical

MASSES = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64)
DRAWS, MANY = 100_000, 1_000_000


def small(activation: Activation, scaling: Scaling = NTK(), variance: float = 1.0) -> Problem:
    """Four data in three dimensions and three particles, as acceptance asks."""
    neuron = Perceptron(activation, Identity(3))
    data = Dataset(normals(4, 3, seed=11), normals(4, seed=12))
    risk = Risk(neuron=neuron, scaling=scaling, loss=Squared(), data=data)
    return Problem(risk, GaussianLaw(neuron, variance=variance), MASSES)


def drawn(of: Problem, draws: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """dw/dt [draws, particles, inputs] of independent starts in plain torch, and their hidden weights."""
    w = math.sqrt(of.law.variance) * normals(draws, 3, 3, seed=seed)
    a = normals(draws, 3, seed=seed + 1).sign()
    x, y = of.risk.data.inputs / math.sqrt(3.0), of.risk.data.targets[:, 0]
    z, sigma = w @ x.T, of.neuron.activation
    s, eta = (MASSES, 1.0 / MASSES) if of.risk.scaling == MeanField() else (MASSES.sqrt(), torch.ones(3))
    f = torch.einsum("njk,nj->nk", sigma.value(z), s * a)
    pull = (eta * s * a)[..., None] * sigma.derivative(z) * (y - f)[:, None, :] / 4.0
    return pull @ x, w


def worst(draws: torch.Tensor, truth: torch.Tensor) -> float:
    """Largest |z| over all entries."""
    return float(((draws.mean(dim=0) - truth) / (draws.std(dim=0) / math.sqrt(len(draws)))).abs().max())


def agrees(of: Problem, draws: int, limit: float) -> None:
    """Mean and second moment of every particle within `limit` standard errors, the latter within 1 percent."""
    velocities, _ = drawn(of, draws)
    drift = MASSES[:, None] * mean_drift(of)
    assert worst(velocities, drift) < limit
    squares = velocities.square().sum(dim=2)
    assert worst(squares, mean_square(of)) < limit
    if draws >= MANY:
        assert float((squares.mean(dim=0) / mean_square(of) - 1.0).abs().max()) < 0.01


@pytest.mark.parametrize("scaling", [NTK(), MeanField()], ids=["ntk", "mean-field"])
@pytest.mark.parametrize("activation", [ReLU(), Softplus(), Tanh()], ids=["relu", "softplus", "tanh"])
def test_moments_are_those_of_independent_draws(activation: Activation, scaling: Scaling) -> None:
    """Assert that mean and second moment of each particle agree with 1e5 draws, |z| < 5."""
    agrees(small(activation, scaling), DRAWS, Z)


def test_moments_follow_the_variance_of_the_law() -> None:
    """Assert that the same holds for weights of variance two, as the published code has them."""
    agrees(small(Softplus(), variance=2.0), DRAWS, Z)


@pytest.mark.validation
@pytest.mark.parametrize("activation", [ReLU(), Softplus()], ids=["relu", "softplus"])
def test_moments_are_those_of_a_million_draws(activation: Activation) -> None:
    """Assert that 1e6 draws agree within four standard errors, and the second moment within 1 percent."""
    agrees(small(activation), MANY, 4.0)


def test_typical_errors_stand_out() -> None:
    """Assert that a drift of the wrong sign, without the mass, or with the paper's time is ten standard errors off."""
    of = small(ReLU())
    velocities, _ = drawn(of, DRAWS)
    exact = MASSES[:, None] * mean_drift(of)
    for planted in (-exact, exact / MASSES[:, None], 4.0 * exact):
        assert worst(velocities, planted) > PLANTED_Z
    squares = velocities.square().sum(dim=2)
    assert worst(squares, mean_square(of) / MASSES) > PLANTED_Z
    assert worst(squares, 1.05 * mean_square(of)) > PLANTED_Z


def test_drift_of_relu_is_the_papers_in_its_own_time() -> None:
    """Assert that n times the drift is -(1 / (d sqrt(2 pi))) sum_i |x_i| x_i."""
    of = small(ReLU())
    x = of.risk.data.inputs
    paper = -(x.norm(dim=1) @ x) / (3.0 * math.sqrt(2.0 * math.pi))
    assert_identical(4.0 * mean_drift(of), paper)


def test_odd_activations_do_not_drift() -> None:
    """Assert that tanh has no drift, and a direction all the same."""
    drift = mean_drift(small(Tanh()))
    assert float(drift.abs().max()) < 1e-14
    assert_identical(direction(drift), torch.full((3,), 3.0**-0.5, dtype=torch.float64))
    assert_identical(direction(torch.tensor([3.0, -4.0])), torch.tensor([0.6, -0.8]))


@pytest.mark.parametrize("activation", [ReLU(), Softplus()], ids=["relu", "softplus"])
def test_starts_of_the_library_agree(activation: Activation) -> None:
    """Assert that 300 starts hold both statements, on the acceptance problem and on 150 unequal particles."""
    for of in (small(activation), problem(activation, 0.2, 0.5)):
        assert [result.verdict for result in first_step(of, range(300))] == [Verdict.HOLDS] * 2


def test_wrong_starts_are_violations() -> None:
    """Assert that starts with output weights of one sign, or hidden ones twice as long, violate the statements."""
    of = small(Softplus())

    class OneSign(GaussianLaw):
        """All output weights are 1."""

        def sample(self, *, masses: torch.Tensor, seed: int) -> object:  # type: ignore[override]
            cloud = super().sample(masses=masses, seed=seed)
            return cloud.moved(torch.cat([cloud.positions[:, :3], torch.ones(3, 1, dtype=torch.float64)], dim=1))

    assert first_step(replace(of, law=OneSign(of.neuron)), range(300))[0].verdict is Verdict.VIOLATED

    class Longer(GaussianLaw):
        """Hidden weights three times as long."""

        def sample(self, *, masses: torch.Tensor, seed: int) -> object:  # type: ignore[override]
            cloud = super().sample(masses=masses, seed=seed)
            return cloud.moved(torch.cat([3.0 * cloud.positions[:, :3], cloud.positions[:, 3:]], dim=1))

    wrong = first_step(replace(of, law=Longer(of.neuron)), range(1000))
    assert Verdict.VIOLATED in {result.verdict for result in wrong}


def test_other_output_laws_are_not_claimed() -> None:
    """Assert that Gaussian output weights fail an assumption of both statements."""
    of = small(ReLU())
    gaussian = replace(of, law=GaussianLaw(of.neuron, GaussianOutputs()))
    for result in first_step(gaussian, range(2)):
        assert result.failing == ("one output, of weights -1 or 1",)
