"""Sliding neurons: the pairs found, the system solved, a closed form, and what it spares."""

import math

import pytest
import torch

from flows import BDF, GradientFlow
from flows.integrators.function_space import bdf
from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.single_neurons.sliding import HELD, REACH, WIDTH, Sliding, jumps, slid, sliding
from particles import (
    NTK,
    Activation,
    Dataset,
    GaussianLaw,
    Identity,
    LeakyReLU,
    Linear,
    MeanField,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Scaling,
    Squared,
    Tanh,
    masses,
)
from particles.cloud import Stacked
from particles.ensemble.risk import EnsembleRisk
from particles.shapes import Velocity
from tests.flows.contracts.error_controlled import Kept, driven
from tests.problems import numbers
from tests.tolerances import assert_identical, relative_error

SHIFT = 20.0


def risk_of(activation: Activation, scaling: Scaling, *, seed: int = 0, trained: str = "both") -> Risk:
    """Twelve data in three dimensions, two outputs."""
    neuron = Perceptron(activation, Identity(3), outputs=2, trained=trained)
    return Risk(neuron, scaling, Squared(), Dataset(numbers(1, 12, 3), 3.0 * numbers(seed, 12, 2)))


def cloud_of(seed: int) -> ParticleCloud:
    """Thirty particles."""
    return ParticleCloud(0.3 * numbers(seed, 30, 5), masses.asymmetrical(30, gamma=0.5, alpha=0.7))


def found(risk: Risk, cloud: ParticleCloud, step: Velocity) -> Sliding:
    """The pairs of this risk at this cloud."""
    pairs = sliding(GaussNewton.of(risk, cloud).at, step, SHIFT)
    assert pairs is not None
    return pairs


@pytest.mark.parametrize(
    ("activation", "jump", "scaling"),
    [(ReLU(), 1.0, NTK(rates={"hidden": 2.0, "output": 1.0})), (LeakyReLU(0.2), 0.8, MeanField())],
    ids=["ReLU", "LeakyReLU"],
)
def test_pairs_are_those_of_the_formulas(activation: Activation, jump: float, scaling: Scaling) -> None:
    """Assert that J_ij, eps_ij, what is missed and the stiffness are those of a loop over all pairs, one by one."""
    risk, cloud, step = risk_of(activation, scaling), cloud_of(5), 0.2 * numbers(9, 30, 5)
    pairs, at = found(risk, cloud, step), GaussNewton.of(risk, cloud).at
    phi, missed, stiff = risk.data.inputs / math.sqrt(3.0), torch.zeros(30, 3), torch.zeros(30, 3, 3)
    missed, stiff, count = missed.double(), stiff.double(), 0
    rate = 2.0 if isinstance(scaling, NTK) else 1.0
    for j, theta in enumerate(cloud.positions):
        for i, x in enumerate(phi):
            pulled = SHIFT * rate * jump * at.mobility[j] * at.factors[j] * (theta[3:] @ at.cotangents[i])
            width = min(float(WIDTH * pulled * (x @ x)), REACH * abs(float(step[j, :3] @ x)))
            z = float(theta[:3] @ x)
            if pulled > 0.0 and abs(z) < width:
                missed[j] += (float(z > 0.0) - 0.5 - 0.5 * z / width) * pulled * x
                stiff[j] += pulled / (2.0 * width) * x[:, None] * x
                count += 1
    assert 20 < count == len(pairs.particles) < 300
    assert relative_error(pairs._summed(pairs.missed), missed) < 1e-13
    for unit in torch.eye(3, dtype=torch.float64):
        assert relative_error(pairs._stiff(unit.expand(30, 3)), stiff @ unit) < 1e-13


def test_change_solves_for_every_particle() -> None:
    """Assert that (1 + h' E)(d + change) = d + missed, that output weights stay, and so do particles without a pair."""
    step = 0.2 * numbers(9, 30, 5)
    pairs = found(risk_of(ReLU(), NTK()), cloud_of(5), step)
    change = pairs.change(step)
    changed = step[:, :3] + change[:, :3]
    assert relative_error(changed + pairs._stiff(changed), step[:, :3] + pairs._summed(pairs.missed)) < 1e-12
    alone = torch.bincount(pairs.particles, minlength=30) == 0
    assert 0 < int(alone.sum()) < 30
    assert_identical(change[alone], torch.zeros_like(change[alone]))
    assert_identical(change[:, 3:], torch.zeros(30, 2, dtype=torch.float64))


def test_members_have_the_pairs_that_they_have_alone() -> None:
    """Assert that pairs of stacked clouds with their own targets and h' are those of each."""
    risks, clouds, steps = [], [], []
    for seed in range(3):
        risks.append(risk_of(ReLU(), NTK(), seed=seed))
        clouds.append(cloud_of(seed + 5))
        steps.append(0.2 * numbers(seed + 20, 30, 5))
    shifts = torch.tensor([10.0, SHIFT, 30.0], dtype=torch.float64)
    at = GaussNewton.of(EnsembleRisk.of(risks), Stacked(clouds)).at
    together = sliding(at, torch.cat(steps), shifts)
    assert together is not None
    changes = together.change(torch.cat(steps)).reshape(3, 30, 5)
    for risk, cloud, step, shift, change in zip(risks, clouds, steps, shifts.tolist(), changes, strict=True):
        alone = sliding(GaussNewton.of(risk, cloud).at, step, shift)
        assert alone is not None
        assert relative_error(change, alone.change(step)) < 1e-12


def test_neurons_far_off_their_kinks_do_not_slide() -> None:
    """Assert that neurons slide where all are off their kinks by ten tolerances together or less, member by member."""
    risks, clouds = [risk_of(ReLU(), NTK(), seed=seed) for seed in range(2)], [cloud_of(5), cloud_of(6)]
    steps = [0.2 * numbers(20 + seed, 30, 5) for seed in range(2)]
    at = [GaussNewton.of(risk, cloud).at for risk, cloud in zip(risks, clouds, strict=True)]
    found = [sliding(one, step, SHIFT) for one, step in zip(at, steps, strict=True)]
    off = [float(pairs.off(step).norm()) for pairs, step in zip(found, steps, strict=True) if pairs is not None]
    for one, pairs, step, far in zip(at, found, steps, off, strict=True):
        assert pairs is not None and far > 0.0
        change = slid(one, step, SHIFT, 1.01 * far / HELD)
        assert change is not None and torch.equal(change, pairs.change(step))
        assert slid(one, step, SHIFT, 0.99 * far / HELD) is None
    both = GaussNewton.of(EnsembleRisk.of(risks), Stacked(clouds)).at
    shifts = torch.full((2,), SHIFT, dtype=torch.float64)
    tolerances = torch.tensor([1.01 * off[0], 0.99 * off[1]], dtype=torch.float64) / HELD
    changes = slid(both, torch.cat(steps), shifts, tolerances)
    assert changes is not None and float(changes[:30].abs().max()) > 0.0
    assert torch.equal(changes[30:], torch.zeros(30, 5, dtype=torch.float64))


def test_jumps_of_activations() -> None:
    """Assert that only straight lines that meet at an angle, and whose hidden weights move, have a jump."""
    rated = NTK(rates={"hidden": 3.0, "output": 1.0})
    for activation, jump in ((ReLU(), 1.0), (LeakyReLU(0.25), 0.75), (LeakyReLU(2.0), -1.0), (Linear(), 0.0)):
        assert jumps(risk_of(activation, NTK()).network) == jump
        assert jumps(risk_of(activation, rated).network) == 3.0 * jump
    assert jumps(risk_of(Tanh(), NTK()).network) == 0.0
    assert jumps(risk_of(ReLU(), NTK(), trained="output").network) == 0.0
    assert sliding(GaussNewton.of(risk_of(Tanh(), NTK()), cloud_of(5)).at, numbers(9, 30, 5), SHIFT) is None


def ended(flow: GradientFlow, start: ParticleCloud, rtol: float, until: float) -> Kept:
    """The end of a run by BDF."""
    integrator = BDF(rtol)
    return driven(integrator, flow, Kept(0.0, start, integrator.init(flow, start)), until)[-1]


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch it off."""
    monkeypatch.setattr(bdf, "slid", lambda *given: None)


def test_a_neuron_follows_the_kink_that_holds_it() -> None:
    """Assert that a neuron on z_1 = 0 goes along it by Filippov's velocity, in 200 steps where it takes 5000 without.

    There f(x_1) = 0, and with phi_2 = (3, 4) / 5 the second weight obeys w' = -2/5 (4/5 w - 2), from 1/2 on.
    """
    inputs = math.sqrt(2.0) * torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    data = Dataset(inputs, torch.tensor([[-3.0], [2.0]], dtype=torch.float64))
    flow = GradientFlow(Risk(Perceptron(ReLU(), Identity(2)), NTK(), Squared(), data))
    start = ParticleCloud(torch.tensor([[0.0, 0.5, 1.0]], dtype=torch.float64), masses.uniform(1))
    exact = torch.tensor([[0.0, 2.5 - 2.0 * math.exp(-0.32), 1.0]], dtype=torch.float64)
    moved = float((exact - start.positions).norm())
    end = ended(flow, start, 3e-2, 1.0)
    assert float((end.cloud.positions - exact).norm()) < 0.1 * moved
    assert end.state.work.accepted < 200


def noisy(count: int) -> tuple[GradientFlow, ParticleCloud]:
    """A network of few neurons on many data with noise, which hold its neurons at their kinks."""
    x = numbers(1, 300, 4)
    data = Dataset(x, torch.sin(2.0 * x[:, :1]) + 0.5 * numbers(2, 300, 1))
    neuron = Perceptron(ReLU(), Identity(4))
    return GradientFlow(Risk(neuron, NTK(), Squared(), data)), GaussianLaw(neuron).sample(
        masses=masses.uniform(count), seed=0
    )


def test_sliding_spares_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a network takes less than half of the steps that it takes without, to the same risk within 1 %."""
    flow, start = noisy(40)
    end = ended(flow, start, 1e-2, 1000.0)
    without(monkeypatch)
    plain = ended(flow, start, 1e-2, 1000.0)
    assert 2 * end.state.work.velocities < plain.state.work.velocities
    assert abs(float(flow.risk(end.cloud)) / float(flow.risk(plain.cloud)) - 1.0) < 0.01


def test_neurons_at_rest_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a neuron that all data see comes to rest in as many steps as without, though residuals stay."""
    x = numbers(3, 30, 2).abs() + 0.05
    data = Dataset(x, x.sum(dim=1, keepdim=True) + 0.5 * numbers(4, 30, 1))
    flow = GradientFlow(Risk(Perceptron(ReLU(), Identity(2)), NTK(), Squared(), data))
    start = ParticleCloud(torch.tensor([[0.4, 0.9, 1.0]], dtype=torch.float64), masses.uniform(1))
    end = ended(flow, start, 1e-2, 1e5)
    without(monkeypatch)
    plain = ended(flow, start, 1e-2, 1e5)
    assert end.state.work.velocities <= plain.state.work.velocities + 3
    assert float(flow.risk(end.cloud)) < (1.0 + 1e-6) * float(flow.risk(plain.cloud))
