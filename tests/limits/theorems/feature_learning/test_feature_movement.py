"""How far features move: bought by the risk that is lost, and as far as the outputs need."""

import pytest
import torch

from limits.theorems import Verdict
from limits.theorems.feature_learning import feature_movement, feature_speed
from particles import NTK, Activation, LeakyReLU, Linear, MeanField, ReLU, Tanh
from tests.draws import normals
from tests.limits.theorems.feature_learning.wide import deeper, moving, moving_run
from tests.limits.theorems.networks import DATA, INPUTS, in_time, other_flow, problem, run


@pytest.mark.parametrize("activation", [LeakyReLU(0.3), ReLU(), Tanh()], ids=["leaky", "relu", "tanh"])
def test_no_run_is_faster_than_its_risk_falls(activation: Activation) -> None:
    """Assert that the movement identity holds in both scalings, and with unequal masses."""
    assert feature_speed(moving(activation), moving_run(activation)).verdict is Verdict.HOLDS
    for scaling in (NTK(), MeanField()):
        unequal = problem(activation, 0.5, 0.7, scaling=scaling)
        result = feature_speed(unequal, run(unequal, until=200.0))
        assert result.verdict is Verdict.HOLDS and 0.0 < result.margin < 1.0


def test_bound_is_the_papers_in_its_own_time() -> None:
    """Assert that for one datum and linear neurons the two sides are equal to the order of the step."""
    of = moving(Linear())
    first = type(of.risk.data)(of.risk.data.inputs[:1], of.risk.data.targets[:1])
    one = type(of)(of.risk.on(first), of.law, of.masses)
    result = feature_speed(one, run(one, step=0.01, until=0.02))
    assert result.margin == pytest.approx(0.0, abs=1e-3)


def test_diffusion_and_short_times_are_violations() -> None:
    """Assert that particles that move without losing risk, and times n times too short, violate the identity."""
    of, frames = moving(ReLU()), moving_run(ReLU())
    assert feature_speed(of, other_flow(frames)).verdict is Verdict.VIOLATED
    assert feature_speed(of, in_time(frames, 1.0 / DATA)).verdict is Verdict.VIOLATED


def test_features_move_as_far_as_outputs() -> None:
    """Assert that the lower bound holds at the data, at other inputs, and behind frozen layers."""
    of, frames = moving(ReLU()), moving_run(ReLU())
    for inputs in (None, normals(20, INPUTS, seed=9)):
        result = feature_movement(of, frames, inputs)
        assert result.verdict is Verdict.HOLDS and 0.0 <= result.margin < 1.0
    assert feature_movement(deeper(), run(deeper(), until=20.0)).verdict is Verdict.HOLDS
    linear = feature_movement(moving(Linear()), moving_run(Linear()))
    assert linear.verdict is Verdict.HOLDS


def test_outputs_that_move_alone_are_a_violation() -> None:
    """Assert that a run whose output weights were flipped is found out: its outputs moved, its features did not."""
    of, frames = moving(ReLU()), moving_run(ReLU())
    (time, start), (later, _), *_ = frames
    flipped = start.positions.clone()
    flipped[: start.count // 2, INPUTS:] *= -1.0
    assert feature_movement(of, ((time, start), (later, start.moved(flipped)))).verdict is Verdict.VIOLATED
    assert torch.equal(start.positions[:, :INPUTS], flipped[:, :INPUTS])


def test_trained_output_weights_fail_an_assumption() -> None:
    """Assert that nothing is said where output weights move."""
    both = problem(ReLU(), scaling=MeanField(), trained="both")
    frames = moving_run(ReLU())
    assert feature_movement(both, frames).failing == ("hidden weights trained, output weights frozen",)
    assert feature_speed(both, frames).failing == ("hidden weights trained, output weights frozen",)
