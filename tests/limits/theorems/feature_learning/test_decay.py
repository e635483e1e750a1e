"""The risk falls while features move as the active neurons say, and a run that does not is found out."""

from dataclasses import replace

import pytest
import torch

from limits.theorems import Problem, Verdict
from limits.theorems.feature_learning import active_decay, followed, steep_decay
from particles import Activation, Dataset, GaussianLaw, Identity, LeakyReLU, Perceptron, ReLU, Tanh
from tests.limits.theorems.feature_learning.wide import MIDDLE, STEEP, deeper, moving, moving_run
from tests.limits.theorems.networks import DATA, INPUTS, Frames, in_time, other_flow, run


@pytest.mark.parametrize("activation", STEEP, ids=["leaky", "linear"])
def test_steep_activations_decay(activation: Activation) -> None:
    """Assert that runs decay at the rate of the least slope, in mean-field scaling and with features that move."""
    of, frames = moving(activation), moving_run(activation)
    result = steep_decay(of, frames)
    assert result.verdict is Verdict.HOLDS and 0.0 < result.margin < 0.1
    assert active_decay(of, frames).verdict is Verdict.HOLDS


def test_the_rate_is_the_papers_in_its_own_time() -> None:
    """Assert that the exponent is -2 K^2 eig_min(x x^T / d) t in the paper's time, which is ours divided by n."""
    of, frames = moving(LeakyReLU(0.3)), moving_run(LeakyReLU(0.3))
    x, seen = of.risk.data.inputs, followed(of, frames)
    least = float(torch.linalg.eigvalsh(x @ x.T / INPUTS)[0])
    result = steep_decay(of, frames)
    bounds = seen.risks[0] * torch.exp(-2.0 * 0.3**2 * least * seen.times / DATA)
    place = int((seen.risks[1:] / bounds[1:]).argmax()) + 1
    assert result.bound == pytest.approx(float(bounds[place]), rel=1e-5)


@pytest.mark.parametrize("activation", STEEP, ids=["leaky", "linear"])
def test_other_times_and_flows_violate_the_steep_decay(activation: Activation) -> None:
    """Assert that times taken n^2 times too long, diffusion, and a run backwards are found out."""
    of, frames = moving(activation), moving_run(activation)
    for wrong in (in_time(frames, float(DATA**2)), other_flow(frames), backwards(frames)):
        assert steep_decay(of, wrong).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("activation", [*STEEP, ReLU()], ids=["leaky", "linear", "relu"])
def test_other_flows_violate_the_active_decay(activation: Activation) -> None:
    """Assert that a run backwards, and a risk that stays although neurons are active, are found out."""
    of, frames = moving(activation), moving_run(activation)
    still = tuple((time, frames[0][1]) for time, _ in frames)
    for wrong in (backwards(frames), still):
        assert active_decay(of, wrong).verdict is Verdict.VIOLATED


def backwards(frames: Frames) -> Frames:
    """The same clouds in the opposite order."""
    return tuple((time, cloud) for (time, _), (_, cloud) in zip(frames, frames[::-1], strict=True))


def test_active_neurons_give_the_rate_of_flat_activations() -> None:
    """Assert that ReLU and tanh decay along the run, with a frozen layer and more data than inputs too."""
    assert active_decay(moving(ReLU()), moving_run(ReLU())).verdict is Verdict.HOLDS
    assert active_decay(moving(Tanh()), moving_run(Tanh()), MIDDLE).verdict is Verdict.HOLDS
    assert active_decay(deeper(), run(deeper(), step=0.5, until=50.0)).verdict is Verdict.HOLDS


def test_targets_that_grow_are_a_violation() -> None:
    """Assert that the run of another risk, whose own grows, violates the decay."""
    of = moving(LeakyReLU(0.3))
    other = replace(of, risk=of.risk.on(Dataset(of.risk.data.inputs, -of.risk.data.targets)))
    for theorem in (steep_decay, active_decay):
        assert theorem(other, moving_run(LeakyReLU(0.3))).verdict is Verdict.VIOLATED


def test_flat_activations_and_dependent_inputs_fail_an_assumption() -> None:
    """Assert that ReLU everywhere, and a shallow network with n > d, are not claimed."""
    flat = steep_decay(moving(ReLU()), moving_run(ReLU()))
    assert flat.failing == ("K, the least |sigma'| that counts, > 0 (it is 0)",)
    neuron = Perceptron(LeakyReLU(0.3), Identity(3))
    data = deeper().risk.data
    of = Problem(replace(deeper().risk, neuron=neuron, data=data), GaussianLaw(neuron), deeper().masses)
    assert steep_decay(of, run(of, until=8.0)).failing == ("eig_min(G) > 0 (it is 0)",)
