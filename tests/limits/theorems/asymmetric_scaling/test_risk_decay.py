"""The risk falls as fast as the smallest eigenvalue says, and a run that does not is found out."""

from dataclasses import replace

import pytest
import torch

from limits.theorems import Problem, Verdict, observed
from limits.theorems.asymmetric_scaling import risk_decay
from particles import Activation, GaussianLaw, Identity, Logistic, MeanField, Perceptron, ReLU, Tanh
from tests.limits.theorems.networks import (
    ACTIVATIONS,
    DATA,
    INPUTS,
    SETTINGS,
    in_time,
    known_run,
    other_flow,
    problem,
    run,
)


@pytest.mark.parametrize(("gamma", "alpha"), SETTINGS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_gradient_flow_decays(activation: Activation, gamma: float, alpha: float | None) -> None:
    """Assert that no run of the four settings violates the decay."""
    result = risk_decay(problem(activation, gamma, alpha), known_run(activation, gamma, alpha))
    assert result.verdict is Verdict.HOLDS
    assert 0.0 < result.margin < 0.1


def test_bound_is_the_papers_in_its_own_time() -> None:
    """Assert that the exponent is -2 int eig_min(K) in the paper's time, which is ours divided by n."""
    of, frames = problem(Tanh()), known_run(Tanh(), 1.0, None)
    seen = observed(of, frames)
    smallest = torch.stack([torch.linalg.eigvalsh(of.risk.at(cloud).gram())[0] for _, cloud in frames])
    paper = (torch.minimum(smallest[1:], smallest[:-1]) * (seen.times / DATA).diff()).cumsum(dim=0)
    result = risk_decay(of, frames)
    worst = int((seen.risks[1:] / torch.exp(-2.0 * paper)).argmax())
    assert result.bound == pytest.approx(float(seen.risks[0] * torch.exp(-2.0 * paper[worst])), rel=1e-9)
    assert result.measured == pytest.approx(float(seen.risks[worst + 1]), rel=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_wrong_unit_of_time_is_a_violation(activation: Activation) -> None:
    """Assert that times n times too long, those of a loss without 1/n taken for ours, violate the decay."""
    result = risk_decay(problem(activation), in_time(known_run(activation, 1.0, None), float(DATA)))
    assert result.verdict is Verdict.VIOLATED and result.margin < -0.01


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=["relu", "tanh"])
def test_other_flows_are_violations(activation: Activation) -> None:
    """Assert that particles that diffuse, and a run backwards in time, violate the decay."""
    of, frames = problem(activation), known_run(activation, 1.0, None)
    assert risk_decay(of, other_flow(frames)).verdict is Verdict.VIOLATED
    clouds = [cloud for _, cloud in frames][::-1]
    backwards = [(time, cloud) for (time, _), cloud in zip(frames, clouds, strict=True)]
    assert risk_decay(of, backwards).verdict is Verdict.VIOLATED


def test_other_targets_are_a_violation() -> None:
    """Assert that the run of other data's risk does not decay this one."""
    of = problem(Tanh())
    data = type(of.risk.data)(of.risk.data.inputs, -of.risk.data.targets)
    assert risk_decay(replace(of, risk=of.risk.on(data)), known_run(Tanh(), 1.0, None)).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("trained", ["output", "both"])
def test_every_layer_and_scaling_decays(trained: str) -> None:
    """Assert that the statement holds in mean-field scaling with trained output weights and weights other than 1/n."""
    of = problem(Tanh(), 0.5, 0.7, scaling=MeanField(), trained=trained)
    weights = torch.arange(1.0, DATA + 1.0, dtype=torch.float64) / 36.0
    data = type(of.risk.data)(of.risk.data.inputs, of.risk.data.targets, weights)
    weighted = Problem(of.risk.on(data), of.law, of.masses)
    frames = run(weighted, step=0.5, until=100.0)
    assert risk_decay(weighted, frames).verdict is Verdict.HOLDS
    assert risk_decay(weighted, in_time(frames, 20.0)).verdict is Verdict.VIOLATED


def test_run_is_followed_down_to_rounding() -> None:
    """Assert that a run to a relative risk below 1e-20 is no violation, where rounding stops the decay."""
    of = problem(Tanh())
    few = type(of.risk.data)(of.risk.data.inputs[:3], of.risk.data.targets[:3])
    three = replace(of, risk=of.risk.on(few))
    frames = run(three, step=10.0, until=6000.0)
    assert float(observed(three, frames).risks[-1] / observed(three, frames).risks[0]) < 1e-20
    assert risk_decay(three, frames).verdict is Verdict.HOLDS


def test_other_losses_and_moving_kinks_are_not_claimed() -> None:
    """Assert that the logistic loss, and ReLU with trained output weights, fail an assumption."""
    of, frames = problem(ReLU()), known_run(ReLU(), 1.0, None)
    data = type(of.risk.data)(of.risk.data.inputs, of.risk.data.targets.sign())
    logistic = replace(of, risk=replace(of.risk, loss=Logistic(), data=data))
    assert risk_decay(logistic, frames).failing == ("squared loss",)
    neuron = Perceptron(ReLU(), Identity(INPUTS), trained="both")
    both = Problem(replace(of.risk, neuron=neuron), GaussianLaw(neuron), of.masses)
    assert risk_decay(both, frames).failing == ("a smooth activation, or frozen output weights",)
