"""Linear neurons: their law against finite clouds, against moment equations of its own, and against closed forms."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from flows import DormandPrince, EulerMaruyama, GradientFlow, LangevinFlow, evolve
from limits.mean_field.gaussian import GaussianFlow
from particles import (
    L2,
    NTK,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    Linear,
    Logistic,
    Loss,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    SymmetricPairs,
    masses,
)
from tests.flows.problems.grouped import Heated
from tests.limits.mean_field.one_dimensional import sine_risk
from tests.long import long_after
from tests.problems import numbers
from tests.tolerances import Z, assert_identical, relative_error, z_score

TRAINED = ["hidden", "output", "both"]
WEIGHTS = torch.tensor([0.3, 0.1, 0.2, 0.25, 0.15], dtype=torch.float64)
X, Y = 2.0 * numbers(1, 5, 2), numbers(2, 5, 2)
T, C = 0.4, 0.3


def linear(trained: str, loss: Loss = Squared(), targets: torch.Tensor = Y, strength: float = 0.0) -> Risk:
    """Two inputs, two outputs, five weighted data."""
    neuron = Perceptron(Linear(), Identity(2), outputs=2, trained=trained)
    return Risk(neuron, MeanField(), loss, Dataset(X, targets, WEIGHTS), L2(strength))


@pytest.mark.parametrize("trained", long_after(1, TRAINED))
@pytest.mark.parametrize("loss", long_after(1, [Squared(), Logistic()]), ids=str)
def test_gradient_flow_of_a_finite_cloud_is_exact(trained: str, loss: Loss) -> None:
    """Assert that particles of unequal masses at temperature zero are where the propagator takes them."""
    risk = linear(trained, loss, Y if loss == Squared() else Y.sign(), strength=0.1)
    cloud = ParticleCloud(numbers(3, 6, 4), torch.tensor([0.3, 0.25, 0.2, 0.12, 0.08, 0.05], dtype=torch.float64))
    confined = replace(risk, regulariser=L2(0.1 + C))
    end = evolve(GradientFlow(confined), cloud, DormandPrince(rtol=1e-10, atol=1e-12), until=2.0)
    flow = GaussianFlow(risk, cloud, 0.0, C)
    assert relative_error(flow.law(2.0).carried(cloud, 0).positions, end.positions) < 1e-8
    assert relative_error(flow.predictions(2.0), risk.predictions(end)) < 1e-8
    assert_identical(flow.mean(2.0), end.masses @ end.positions, operations=1e8)


@pytest.mark.parametrize("trained", TRAINED)
def test_moments_obey_their_own_equations(trained: str) -> None:
    """Assert that first and second moments, in equations written out block by block, lead to the same law."""
    risk = linear(trained)
    start = ParticleCloud(numbers(3, 6, 4))
    moves = (float(trained != "output"), float(trained != "hidden"))
    phi, p, y = (X / math.sqrt(2.0)).numpy(), WEIGHTS.numpy(), Y.numpy()

    def rates(time: float, state: np.ndarray) -> np.ndarray:
        """d/dt of E w, E a, E w w^T, E w a^T, E a a^T."""
        w, a, ww, wa, aa = np.split(state, np.cumsum([2, 2, 4, 4]))
        ww, wa, aa = ww.reshape(2, 2), wa.reshape(2, 2), aa.reshape(2, 2)
        pull = sum(p[i] * np.outer(phi[i], wa.T @ phi[i] - y[i]) for i in range(5))
        d_w, d_a = moves[0] * (-pull @ a - C * w), moves[1] * (-pull.T @ w - C * a)
        w_w = moves[0] * (-pull @ wa.T - wa @ pull.T - 2.0 * C * ww + 2.0 * T * np.eye(2))
        a_a = moves[1] * (-pull.T @ wa - wa.T @ pull - 2.0 * C * aa + 2.0 * T * np.eye(2))
        w_a = moves[0] * (-pull @ aa - C * wa) + moves[1] * (-ww @ pull - C * wa)
        return np.concatenate([d_w, d_a, w_w.ravel(), w_a.ravel(), a_a.ravel()])

    theta = start.positions.numpy()
    w, a = theta[:, :2], theta[:, 2:]
    first = np.concatenate([w.mean(0), a.mean(0), *((u.T @ v / 6.0).ravel() for u, v in ((w, w), (w, a), (a, a)))])
    last = solve_ivp(rates, (0.0, 1.7), first, method="Radau", rtol=1e-10, atol=1e-12).y[:, -1]
    law = GaussianFlow(risk, start, T, C).law(1.7)
    second = (law.covariance + torch.outer(law.mean, law.mean)).numpy()
    found = np.concatenate([law.mean, second[:2, :2].ravel(), second[:2, 2:].ravel(), second[2:, 2:].ravel()])
    assert np.abs(found - last).max() < 1e-8


def test_hidden_weights_have_a_closed_form() -> None:
    """Assert that with E a a^T = v 1 and E w a^T = 0 at first, w(t) = exp(-c t) w - Q a + noise of variance
    T (1 - exp(-2 c t)) / c, where in the eigenbasis of H = sum_i p_i phi_i phi_i^T
    Q = -(1 - exp(-(v h + c) t)) / (v h + c) sum_i p_i phi_i y_i^T."""
    risk, time, v = linear("hidden"), 1.3, 0.7
    law = GaussianFlow(risk, GaussianLaw(risk.neuron, outputs=GaussianOutputs(v)), T, C).law(time)
    phi = X / math.sqrt(2.0)
    h, modes = torch.linalg.eigh(phi.T @ (WEIGHTS[:, None] * phi))
    gains = (1.0 - torch.exp(-(v * h + C) * time)) / (v * h + C)
    moved = modes @ (gains[:, None] * (modes.T @ (phi.T @ (WEIGHTS[:, None] * Y))))
    kept = math.exp(-C * time)
    noise = T * (1.0 - kept**2) / C
    zero, one = torch.zeros(2, 2).double(), torch.eye(2).double()
    propagator = torch.cat([torch.cat([kept * one, moved], dim=1), torch.cat([zero, one], dim=1)])
    assert_identical(law.propagator, propagator, operations=1e5)
    assert_identical(law.noise, torch.block_diag(noise * one, zero), operations=1e5)
    expected = torch.diag(torch.tensor([1.0, 1.0, v, v], dtype=torch.float64))
    assert_identical(law.covariance, propagator @ expected @ propagator.T + law.noise, operations=1e5)


def check_moments(cloud: ParticleCloud, mean: torch.Tensor, covariance: torch.Tensor) -> None:
    """Every mean and second moment of independent particles of equal masses is within five standard errors."""
    away = cloud.positions - mean
    for i in range(4):
        assert abs(z_score(away[:, i], 0.0)) < Z, f"mean {i} is off"
        for j in range(i + 1):
            assert abs(z_score(away[:, i] * away[:, j], float(covariance[i, j]))) < Z, f"covariance {i} {j} is off"


def test_langevin_particles_have_the_law() -> None:
    """Assert that mean and covariance of 8000 neurons under Langevin flow, both layers trained, are the law's."""
    risk = linear("both")
    flow = GaussianFlow(risk, GaussianLaw(risk.neuron, outputs=GaussianOutputs(0.5)), T, C)
    cloud = flow.sample(0.0, masses=masses.uniform(8000), seed=0)
    end = evolve(LangevinFlow(risk, T, C), cloud, EulerMaruyama(0.01), until=1.0, seed=1)
    law = flow.law(1.0)
    check_moments(end, law.mean, law.covariance)
    with pytest.raises(AssertionError, match="covariance . . is off"):
        check_moments(end, law.mean, flow.covariance(1.5))


def test_samples_have_the_law() -> None:
    """Assert that particles sampled at a time have its mean and covariance, and frozen weights those of the start."""
    risk = linear("hidden")
    flow = GaussianFlow(risk, GaussianLaw(risk.neuron, outputs=GaussianOutputs(0.5)), T, C)
    cloud, law = flow.sample(1.0, masses=masses.uniform(20000), seed=3), flow.law(1.0)
    check_moments(cloud, law.mean, law.covariance)
    assert torch.equal(cloud.positions[:, 2:], flow.sample(0.0, masses=masses.uniform(20000), seed=3).positions[:, 2:])
    assert not torch.equal(flow.sample(1.0, masses=masses.uniform(20000), seed=4).positions, cloud.positions)


def test_symmetric_pairs_have_the_law_of_one_particle() -> None:
    """Assert that pairs, whose output weights are as likely as their negatives, change nothing in the limit."""
    law = GaussianLaw(linear("both").neuron)
    one, pairs = (GaussianFlow(linear("both"), start, T, C).covariance(0.7) for start in (law, SymmetricPairs(law)))
    assert_identical(one, pairs)


def test_laws_at_many_times_are_the_laws_at_each() -> None:
    """Assert that several times are as good as one after the other, time zero is the start, and noise relaxes."""
    risk = linear("hidden")
    flow = GaussianFlow(risk, GaussianLaw(risk.neuron), T, C)
    first, _, last = flow.laws([0.0, 0.4, 60.0])
    assert_identical(first.covariance, torch.eye(4).double())
    assert_identical(last.covariance, flow.covariance(60.0), operations=1e6)
    assert_identical(last.noise[:2, :2], T / C * torch.eye(2).double(), operations=1e6)


def test_what_has_no_such_law_is_refused() -> None:
    """Assert that other neurons, times, starts and tolerances are refused with what is needed."""
    risk = linear("both")
    cloud = ParticleCloud(numbers(3, 6, 4))
    with pytest.raises(TypeError, match=r"linear neurons only; give a Perceptron with Linear\(\)"):
        GaussianFlow(sine_risk(), cloud)
    with pytest.raises(TypeError, match=r"limits under MeanField\(\)"):
        GaussianFlow(replace(risk, scaling=NTK()), cloud)
    with pytest.raises(ValueError, match="The start has 3 coordinates, but the neuron 4"):
        GaussianFlow(risk, ParticleCloud(numbers(3, 6, 3)))
    with pytest.raises(ValueError, match=r"The tolerance is 1\.0, but a number between 0 and 1"):
        GaussianFlow(risk, cloud, tolerance=1.0)
    for times in ([1.0, 0.5], [-1.0], [math.inf]):
        with pytest.raises(ValueError, match="but rising non-negative numbers are needed"):
            GaussianFlow(risk, cloud).laws(times)
    with pytest.raises(TypeError, match=r"not a law to draw from; use law\(time\)\.carried"):
        GaussianFlow(risk, cloud).sample(1.0, masses=masses.uniform(6), seed=0)


def test_groups_at_different_temperatures_tend_to_the_law_of_lyapunov() -> None:
    """Assert that rates, temperatures and confinements of groups lead to B S + S B^T = 2 R T, and that no free energy
    descends there."""
    problem = Heated()
    flow = GaussianFlow(problem.risk, problem.start, problem.temperature, problem.confinement)
    law = flow.law(30.0)
    assert relative_error(law.covariance, problem.covariance) < 1e-9 and not law.mean.any()
    moved = torch.linalg.matrix_exp(-0.5 * problem.drift)
    assert relative_error(flow.law(0.5).propagator, moved) < 1e-9
    with pytest.raises(ValueError, match="temperatures of the groups are .*, but a free energy has one temperature"):
        _ = flow.energy
    with pytest.raises(ValueError, match="temperatures name 'bias', but the neuron's groups are 'hidden', 'output'"):
        GaussianFlow(problem.risk, problem.start, {"bias": 0.1})


def test_gradient_flow_with_rates_of_groups_is_exact() -> None:
    """Assert that particles are where the propagator takes them, with strengths of L2 and confinements of groups."""
    risk = replace(linear("both"), scaling=MeanField(rates={"hidden": 2.0, "output": 0.3}))
    risk = replace(risk, regulariser=L2({"hidden": 0.1}))
    cloud = ParticleCloud(numbers(3, 6, 4), torch.tensor([0.3, 0.25, 0.2, 0.12, 0.08, 0.05], dtype=torch.float64))
    confined = replace(risk, regulariser=L2({"hidden": 0.1, "output": C}))
    end = evolve(GradientFlow(confined), cloud, DormandPrince(rtol=1e-10, atol=1e-12), until=2.0)
    flow = GaussianFlow(risk, cloud, 0.0, {"output": C})
    assert relative_error(flow.law(2.0).carried(cloud, 0).positions, end.positions) < 1e-8
