"""A run as theorems on moving features see it."""

from itertools import pairwise

import pytest
import torch

from limits.theorems.feature_learning import ActiveRegion, followed
from particles import ActiveFraction, ReLU, Tanh
from tests.limits.theorems.feature_learning.wide import MIDDLE, moving, moving_run
from tests.limits.theorems.networks import DATA, INPUTS


def test_frames_hold_what_they_say() -> None:
    """Assert that risks, fractions and steps are those of the clouds, computed one by one."""
    of, frames = moving(ReLU()), moving_run(ReLU())
    seen = followed(of, frames)
    assert followed(of, seen) is seen
    observable = ActiveFraction(of.risk, of.risk.data.inputs)
    for (time, cloud), at, risk, active in zip(frames, seen.times, seen.risks, seen.active, strict=True):
        assert (time - frames[0][0], float(of.risk(cloud)), float(observable(cloud))) == (at, risk, active)
    h = [cloud.positions[:, :INPUTS] @ of.phi.T for _, cloud in frames]
    steps = [float((b - a).square().sum()) / len(b) / DATA for a, b in pairwise(h)]
    assert seen.steps.tolist() == pytest.approx(steps)
    inside = ((h[0] > 0.25).double().mean(dim=0)).min()
    assert float(seen.middle) == pytest.approx(float(inside))


def test_steady_neurons_are_fewer_than_active_ones() -> None:
    """Assert that the bound between frames is below the fractions of a run that has a frame in between."""
    of, frames = moving(ReLU()), moving_run(ReLU())
    fine, coarse = followed(of, frames), followed(of, (frames[0], *frames[6::6]))
    assert bool((fine.steady <= torch.minimum(fine.active[1:], fine.active[:-1]) + 1e-12).all())
    for place, steady in enumerate(coarse.steady[:-1].tolist()):
        assert steady <= float(fine.active[6 * place : 6 * place + 7].min()) + 1e-12
    assert float(fine.steady.max()) > 0.1


def test_what_is_no_run_is_refused() -> None:
    """Assert that one frame and other masses are turned down."""
    of, frames = moving(Tanh()), moving_run(Tanh())
    with pytest.raises(ValueError, match="A run of 1 frames cannot be checked"):
        followed(of, frames[:1], MIDDLE)
    other = [(time, type(cloud)(cloud.positions[:7])) for time, cloud in frames]
    with pytest.raises(ValueError, match="The masses of the run are not those of the problem"):
        followed(of, other, ActiveRegion())
