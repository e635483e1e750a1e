"""The virial identity along runs: at rest it holds for any masses, groups and pairings, and wrong noise breaks it."""

import math

import pytest
import torch

from flows import EulerMaruyama, Every, LangevinFlow, evolve
from limits import ReLUGibbs
from limits.theorems import Verdict, virial_identity
from limits.theorems.stationarity import error_of_mean
from particles import NTK, Dataset, Identity, MeanField, ParticleCloud, Perceptron, Risk, ShapeError, Squared, Tanh
from tests.limits.mean_field.rectified.line_problems import three_points

STEP = 0.4
MASSES = torch.tensor([0.4, 0.2, 0.1, 0.1, 0.1, 0.1], dtype=torch.float64)


def network(scaling: object = None) -> Risk:
    """Six data of two inputs."""
    x = torch.linspace(-1.0, 1.0, 12, dtype=torch.float64).reshape(6, 2)
    neuron = Perceptron(Tanh(), Identity(2), trained="both")
    return Risk(neuron, scaling or MeanField(), Squared(), Dataset(x, x[:, :1].sin()))  # type: ignore[arg-type]


def run(flow: LangevinFlow, start: ParticleCloud, frames: int, step: float = STEP) -> list[tuple[float, ParticleCloud]]:
    """Frames, one in four steps, without the first tenth."""
    found: list[tuple[float, ParticleCloud]] = []

    def kept(number: int, time: float, cloud: ParticleCloud) -> None:
        found.append((time, cloud))

    evolve(flow, start, EulerMaruyama(step), until=frames * step, seed=1, observers=[Every(steps=4, observer=kept)])
    return found[len(found) // 10 :]


def cold_start() -> ParticleCloud:
    """Six particles of different masses near zero."""
    return ParticleCloud(0.3 * torch.sin(torch.arange(18.0, dtype=torch.float64)).reshape(6, 3), MASSES)


@pytest.mark.parametrize(
    ("flow", "step"),
    [
        (LangevinFlow(network(), 0.3, 0.8), STEP),
        (LangevinFlow(network(), 0.3, 0.8, pairing="joint"), STEP),
        (LangevinFlow(network(NTK()), {"hidden": 0.4, "output": 0.1}, 1.0), 2.0),
    ],
    ids=["measure", "joint", "two temperatures"],
)
def test_identity_holds_at_rest(flow: LangevinFlow, step: float) -> None:
    """Assert that it holds for all coordinates, for each group, and for heavy and light particles apart."""
    frames = run(flow, cold_start(), 800, step)
    heavy = (MASSES > 0.15).double()
    parts = [{}, {"columns": slice(0, 2)}, {"columns": slice(2, 3)}, {"chosen": heavy}, {"chosen": 1.0 - heavy}]
    for part in parts:
        result = virial_identity(flow, frames, step=step, **part)  # type: ignore[arg-type]
        assert result.verdict is Verdict.HOLDS, result
        assert result.error < 0.12 * result.bound
    exact = virial_identity(flow, frames, columns=slice(0, 2)).bound
    sigma = flow.diffusion(cold_start())[:, :2]
    assert exact == pytest.approx(float(MASSES @ sigma.square().mean(dim=1)) / 2.0)


def test_planted_noise_is_seen() -> None:
    """Assert that noise without its factor sqrt(2) violates the identity, and so does a run not yet at rest."""
    flow, wrong = (LangevinFlow(network(), heat, 0.8) for heat in (0.3, 0.15))
    assert virial_identity(flow, run(wrong, cold_start(), 800), step=STEP).verdict is Verdict.VIOLATED
    far = ParticleCloud(5.0 * cold_start().positions + 3.0, MASSES)
    early = run(LangevinFlow(network(), 0.3, 0.8), far, 400, 1e-3)
    assert virial_identity(flow, early, step=1e-3).verdict is Verdict.VIOLATED


def test_step_of_euler_is_counted() -> None:
    """Assert that a step as long as relaxation takes violates the identity of the flow, not that of the scheme."""
    flow = LangevinFlow(network(), 0.3, 1.0)
    frames = run(flow, cold_start(), 800, 1.0)
    assert virial_identity(flow, frames, step=1.0).verdict is Verdict.HOLDS
    assert virial_identity(flow, frames).verdict is Verdict.VIOLATED


def test_independent_draws_of_a_law() -> None:
    """Assert that it holds for clouds drawn from a stationary law of rectifiers, one after the other."""
    law = ReLUGibbs(three_points(), 0.25, 0.3).solve()
    flow = LangevinFlow(three_points(), 0.25, 0.3)
    clouds = [(float(seed), law.sample(2000, seed)) for seed in range(64)]
    result = virial_identity(flow, clouds)
    assert result.verdict is Verdict.HOLDS
    assert result.bound == pytest.approx(0.25)
    assert result.error < 0.003


def test_error_of_a_correlated_mean() -> None:
    """Assert that the error of an autoregressive series is the known one, of which the naive error is a third."""
    numbers, rho = torch.Generator().manual_seed(0), 0.8
    noise = torch.randn(2**14, generator=numbers, dtype=torch.float64)
    series, last = torch.empty_like(noise), 0.0
    for place, one in enumerate(noise.tolist()):
        last = rho * last + one
        series[place] = last
    exact = 1.0 / (1.0 - rho) / math.sqrt(len(series))
    assert 0.8 * exact < error_of_mean(series) < 1.5 * exact
    assert float(series.std()) / math.sqrt(len(series)) < 0.4 * exact


def test_refusals() -> None:
    """Assert that few frames and another number of particles are refused, and that noise is assumed."""
    frames = [(float(time), cold_start()) for time in range(64)]
    with pytest.raises(ValueError, match="give 64 or more"):
        virial_identity(LangevinFlow(network(), 0.1, 0.1), frames[:10])
    with pytest.raises(ShapeError, match="give a number for each"):
        virial_identity(LangevinFlow(network(), 0.1, 0.1), frames, chosen=torch.ones(3, dtype=torch.float64))
    assert virial_identity(LangevinFlow(network(), 0.0, 0.1), frames).verdict is Verdict.ASSUMPTION_FAILS
