"""What BDF hands from step to step: sizes and orders after accepted and rejected trials."""

import math
from dataclasses import replace

import pytest
import torch

from flows.integrators.error_controlled.rejection_loop import Place
from flows.integrators.function_space.bdf_state import MOST_FAILED, BDFState
from flows.integrators.function_space.error_scales import Judged, Scales
from particles import ParticleCloud, ToleranceNotReached
from tests.problems import Still

SCALES = Scales(torch.zeros(2, 2).double(), torch.zeros(3).double(), 0.0, 0.0)
STATE = BDFState((), (4.0, 3.0, 2.0, 1.0, 0.0, -1.0), size=1.0, order=3, held=5, scales=SCALES)


def rejected(state: BDFState, error: float, doubt: float = 0.0, until: float = 100.0, size: float = 1.0) -> BDFState:
    """After a trial of this size, one unit of time, with these errors."""
    at = Place(Still(), ParticleCloud(torch.zeros(2, 2).double()), state.times[0], until, 7)
    return state.rejected(at, at.time + size, Judged(error, doubt, SCALES))


def test_rejected_trial_is_cut_by_its_error() -> None:
    """Assert that a step is cut as error^(-1 / (k + 1)), to a fifth at the most, to a half where it is not finite."""
    assert math.isclose(rejected(STATE, 16.0).size, 0.87 / 2.0)
    assert math.isclose(rejected(STATE, 1e9).size, 0.2)
    assert math.isclose(rejected(STATE, math.inf).size, 0.5)
    assert rejected(STATE, 2.0).work.rejected == 1 and rejected(STATE, 2.0).held == 0


def test_order_is_forgotten_after_failures() -> None:
    """Assert that after four failed trials of a step the points before are left, and an accepted step begins anew."""
    state = STATE
    for failed in range(1, MOST_FAILED):
        state = rejected(state, 4.0)
        assert (state.order, state.failed) == (3, failed)
    last = rejected(state, 4.0)
    assert (last.order, last.failed) == (1, MOST_FAILED)
    assert last.accepted(5.0, 0.5, {1: 1.0}).failed == 0


def test_order_that_goes_farthest_is_taken() -> None:
    """Assert that of the orders beside, one whose error is much smaller is taken, and held orders are counted."""
    assert STATE.beside == (2, 4)
    assert STATE.accepted(5.0, 0.5, {2: 1.0, 3: 1.0, 4: 1e-9}).order == 4
    assert STATE.accepted(5.0, 0.5, {2: 1e-9, 3: 1.0, 4: 1.0}).order == 2
    held = STATE.accepted(5.0, 0.5, {2: 1.0, 3: 1.0, 4: 1.0})
    assert (held.order, held.held, held.times[0]) == (3, 6, 5.0)
    assert replace(STATE, held=1).beside == ()


def test_steps_grow_on_the_scale_of_the_path_and_no_more_than_double() -> None:
    """Assert that a step whose error is as wanted keeps its length in logarithmic time; a perfect one is doubled."""
    state = replace(STATE, times=(4.0, 2.0, 1.0, 0.5, 0.25, 0.125), unit=1e-9)
    own = {2: 9.0, 3: 1.0, 4: 9.0}
    wanted = state.accepted(8.0, 0.87**4, own)
    assert wanted.order == 3 and math.isclose(wanted.size, 8.0, rel_tol=1e-6)
    assert state.accepted(5.0, 0.87**4, own).size == pytest.approx(1.25, rel=1e-6)
    assert replace(state, times=(4.0, 3.0, 2.0, 1.0, 0.5)).accepted(5.0, 0.0, own).size == 2.0


def test_step_that_no_longer_advances_is_refused() -> None:
    """Assert that a step below the resolution of time ends the run in a sentence with the error."""
    state = replace(STATE, times=(4.0, 3.0))
    with pytest.raises(ToleranceNotReached, match="the error is 5 times the allowed one"):
        rejected(state, 5.0, size=1e-14)


def test_doubt_of_rounding_is_refused_where_short_steps_would_be_too_many() -> None:
    """Assert that a doubt cuts the step while that helps, and is refused where 10,000 steps would not end the run."""
    assert rejected(STATE, 0.5, doubt=16.0, until=1000.0).size < 1.0
    with pytest.raises(ToleranceNotReached, match="standardise the columns of the inputs"):
        rejected(STATE, 0.5, doubt=16.0, until=1e6)


def test_scales_are_asked_for_only_once_there_are_some() -> None:
    """Assert that a state before its first step says so."""
    with pytest.raises(ValueError, match="no scales yet"):
        _ = BDFState((), (0.0,)).known
