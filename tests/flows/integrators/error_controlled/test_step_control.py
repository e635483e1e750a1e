"""Step control: what is allowed, how steps follow from errors, and how a run ends. The contract that adaptive
integrators keep with it is in tests/flows/contracts/error_controlled.py."""

import math
from dataclasses import replace

import pytest
import torch

from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.step_control import (
    FLOOR,
    Controller,
    Found,
    Pace,
    Tolerance,
    Tolerant,
    Work,
    euler_trial,
    next_time,
    rounded,
)
from particles import ParticleCloud
from particles.shapes import Positions
from tests.problems import Clock, MeanAttraction, numbers, small_cloud
from tests.tolerances import assert_identical

CLOUD = ParticleCloud(torch.zeros(4, 3, dtype=torch.float64))
EPS = torch.finfo(torch.float64).eps
PACE = Pace(start=CLOUD.positions, size=0.5, moved=2.0, error=0.25, work=Work(3, 1, 30))


@pytest.mark.parametrize(("rtol", "atol"), [(-1e-3, 0.0), (1.0, 0.0), (0.0, 0.0), (0.1, math.inf), (math.nan, 1.0)])
def test_impossible_tolerances_are_refused(rtol: float, atol: float) -> None:
    """Assert that negative, vacuous, zero and infinite tolerances are refused in one sentence."""
    with pytest.raises(ValueError, match="The tolerance is rtol=.*one of them positive are needed"):
        Tolerance(rtol, atol)


def measured(tolerance: Tolerance, error: Positions, reached: Positions, pace: Pace) -> Found:
    """What is found of a step of 0.5 with this error to these positions."""
    return tolerance.judged(float(error.norm()), float((reached - pace.start).norm()), error.numel(), pace, 0.5)


def test_error_is_relative_to_the_distance_moved() -> None:
    """Assert that |e|_F is divided by atol sqrt(m dim) + rtol max |theta - start|_F, the step at hand included."""
    tolerance, error, far = Tolerance(1e-2, 1e-3), numbers(1, 4, 3), 10.0 * numbers(2, 4, 3)
    judged, moved, *_ = measured(tolerance, error, far, PACE)
    assert moved == pytest.approx(float(far.norm()))
    assert judged == pytest.approx(float(error.norm()) / (1e-3 * math.sqrt(12.0) + 1e-2 * float(far.norm())))
    kept = measured(tolerance, error, 1e-3 * far, PACE).moved
    assert kept == PACE.moved, "the cloud has been farther away before"


def test_position_of_the_start_plays_no_part() -> None:
    """Assert that shifting cloud and start together changes no error: coordinates are not compared with themselves."""
    tolerance, error, moved = Tolerance(1e-4, 0.0), numbers(1, 4, 3), numbers(2, 4, 3)
    shifted = replace(PACE, start=PACE.start + 1000.0)
    here = measured(tolerance, error, moved, PACE)
    there = measured(tolerance, error, moved + 1000.0, shifted)
    assert here[:2] == pytest.approx(there[:2], rel=1e-12)


def test_anything_not_finite_is_an_infinite_error() -> None:
    """Assert that a trial with a particle at infinity, or an error that is no number, can only be rejected."""
    tolerance, fine = Tolerance(1e-2, 1e-3), numbers(1, 4, 3)
    for broken in (fine / 0.0, fine * math.nan):
        for pair in ((broken, fine), (fine, broken)):
            found = measured(tolerance, pair[0], pair[1], replace(PACE, lost=0.5))
            assert found[:3] == (math.inf, PACE.moved, 0.5)


def test_no_error_where_nothing_moves_is_allowed() -> None:
    """Assert that a cloud at rest passes with atol zero, and that an error there does not."""
    tolerance, still = Tolerance(1e-2, 0.0), replace(PACE, moved=0.0)
    assert measured(tolerance, 0.0 * still.start, still.start, still).error == 0.0
    assert measured(tolerance, 1e-9 + still.start, still.start, still).error == math.inf


@pytest.mark.parametrize(("extent", "noise"), [(3.0, 1.0), (1e9, 2.0 * EPS)])
def test_no_error_is_told_from_rounding(extent: float, noise: float) -> None:
    """Assert that four units of the positions, or of the step's velocities where these are less, are allowed beside.

    An error that passes only because of them is lost, in squares.
    """
    tolerance, pace = Tolerance(1e-16, 0.0), replace(PACE, extent=extent, noise=noise, lost=1e-16)
    floor = FLOOR * min(EPS * (extent + 2.0), 0.5 * noise)
    for part, passes in ((0.9, True), (1.1, False)):
        found = tolerance.judged(2e-16 + part * floor, 1.0, 12, pace, 0.5)
        assert (found.error <= 1.0) == passes
        assert found.lost == pytest.approx(math.hypot(1e-16, part * floor))
    assert tolerance.judged(1e-16, 1.0, 12, pace, 0.5).lost == 1e-16


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_rounding_of_velocities_is_measured(dtype: torch.dtype) -> None:
    """Assert that it is what one unit less in every position makes of them, beside their own unit; zeros stay."""
    flow, start = MeanAttraction(), small_cloud(dtype)
    velocity, eps = flow.velocity(start, 0.0), torch.finfo(dtype).eps
    found = rounded(flow, start, velocity, 0.0)
    assert 0.0 < found < 3.0 * eps * float(start.positions.norm() + velocity.norm())
    still = start.moved(torch.zeros_like(start.positions))
    velocity = flow.velocity(still, 0.0)
    assert rounded(flow, still, velocity, 0.0) == pytest.approx(eps * float(velocity.norm()))


def test_pace_begins_with_what_rounds() -> None:
    """Assert that only coordinates that move count for the extent, and that velocities are on the account."""
    flow = Clock(lambda time: 1.0)
    start = small_cloud()
    pace = Pace.begun(flow, start, flow.velocity(start, 0.0) * torch.tensor([1.0, 0.0]).double(), 7.0)
    assert pace.extent == pytest.approx(float(start.positions[:, 0].norm()))
    assert (pace.began, pace.work, pace.headway) == (7.0, Work(velocities=2), Headway(7.0))


@pytest.mark.parametrize("power", [3, 5])
def test_step_follows_both_errors(power: int) -> None:
    """Assert that h <- 0.9 h error^(-0.85/k) before^(0.2/k) between the limits, and that the error is handed on."""
    after = Controller.remembering(power).accepted(PACE, 0.5, Found(0.6, 3.0, 0.1, bend=7.0, longest=8.0))
    assert after.size == pytest.approx(0.5 * 0.9 * 0.6 ** (-0.85 / power) * 0.25 ** (0.2 / power))
    assert (after.error, after.moved, after.lost, after.work) == (0.6, 3.0, 0.1, Work(4, 1, 30))
    assert (after.bend, after.longest) == (7.0, 8.0)


def test_without_memory_only_the_last_error_counts() -> None:
    """Assert that h <- 0.9 h error^(-1/k) whatever came before, and that an error below the floor counts as that."""
    plain = Controller(3, floor=1e-9)
    assert plain.factor(0.6, 1e-4) == plain.factor(0.6) == pytest.approx(0.9 * 0.6 ** (-1.0 / 3.0))
    assert plain.factor(0.0) == pytest.approx(0.9e3)
    assert plain.grown(0.5, plain.factor(0.0), plain.largest) == pytest.approx(2.5)
    assert Controller(3, broken=0.5, again=0.7).cut(1.0, math.inf) == 0.5
    assert Controller(3, broken=0.5, again=0.7).cut(1.0, 1.01) == 0.7


def test_steady_errors_settle_below_the_limit() -> None:
    """Assert that with error = (h / 2)^5 the steps settle where 0.9 error^(-0.65/5) is one, without oscillation."""
    controller, pace, sizes = Controller.remembering(5), replace(PACE, size=0.01), []
    for _ in range(60):
        pace = controller.accepted(pace, pace.size, Found((pace.size / 2.0) ** 5, 1.0, 0.0))
        sizes.append(pace.size)
    assert sizes[-1] == pytest.approx(2.0 * 0.9 ** (1.0 / 0.65), rel=1e-6)
    assert max(sizes) < 1.3 * sizes[-1]


def test_growth_is_limited() -> None:
    """Assert that a step grows at most tenfold at first, fivefold later, and shrinks at most to a fifth."""
    controller = Controller.remembering(5)
    fresh = replace(PACE, work=Work())
    assert controller.accepted(fresh, 0.5, Found(0.0, 1.0, 0.0)).size == pytest.approx(5.0)
    assert controller.accepted(PACE, 0.5, Found(0.0, 1.0, 0.0)).size == pytest.approx(2.5)
    assert controller.rejected(PACE, 0.5, 1e9).size == pytest.approx(0.1)
    assert controller.rejected(PACE, 0.5, math.inf).size == pytest.approx(0.1)


def test_rejected_step_shrinks_and_the_next_does_not_grow() -> None:
    """Assert that a rejected trial is cut by 0.9 error^(-1/k), and that what then passes leaves the step alone."""
    controller = Controller.remembering(5)
    cut = controller.rejected(PACE, 0.5, 32.0)
    assert cut.size == pytest.approx(0.5 * 0.9 / 2.0)
    assert cut.work == Work(3, 2, 30)
    after = controller.accepted(cut, cut.size, Found(1e-9, 1.0, 0.0))
    assert after.size == cut.size
    assert controller.accepted(after, after.size, Found(1e-9, 1.0, 0.0)).size > after.size


def test_step_cut_short_by_the_end_leaves_the_pace_alone() -> None:
    """Assert that a small step to a requested end keeps the proposal and the error before it."""
    after = Controller.remembering(5).accepted(PACE, 0.001, Found(1e-12, 2.5, 0.0))
    assert (after.size, after.error) == (PACE.size, PACE.error)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0.3, 0.3), (2.0, 1.0), (1.0, 1.0), (0.995, 1.0), (0.9, 0.5), (0.51, 0.5), (0.5, 0.5), (0.49, 0.49)],
)
def test_last_steps_share_what_is_left(size: float, expected: float) -> None:
    """Assert that a step stretches by up to a hundredth to end the run, and that two halves end it before a sliver."""
    taken, reached = next_time(size, 2.0, 3.0)
    assert (taken, reached) == (pytest.approx(expected), pytest.approx(2.0 + expected))
    assert expected != 1.0 or reached == 3.0


@pytest.mark.parametrize(("size", "longest", "expected"), [(5.0, 0.4, 0.4), (0.3, 0.4, 0.3), (2.0, 0.995, 0.5)])
def test_no_step_is_longer_than_the_longest(size: float, longest: float, expected: float) -> None:
    """Assert that a wanted step is cut to the longest, and that a last one is not stretched beyond it."""
    assert next_time(size, 2.0, 3.0, longest)[0] == pytest.approx(expected, rel=1e-12)


def test_longest_steps_fill_a_run_without_a_sliver() -> None:
    """Assert that a run of ten longest steps takes ten, whatever the times round to."""
    time, sizes = 0.0, []
    while time < 1.0:
        taken, time = next_time(math.inf, time, 1.0, 0.1)
        sizes.append(taken)
    assert (time, len(sizes)) == (1.0, 10)


@pytest.mark.parametrize("longest", [0.0, -1.0, math.nan])
def test_impossible_longest_steps_are_refused(longest: float) -> None:
    """Assert that a longest step that is no positive time is refused in one sentence."""
    with pytest.raises(ValueError, match=f"max_step is {longest!r}, but a positive time is needed"):
        Tolerant(max_step=longest)


def test_time_always_advances() -> None:
    """Assert that a step below the rounding of the time still reaches a later time."""
    taken, reached = next_time(1e-30, 1e6, 2e6)
    assert reached > 1e6
    assert taken == reached - 1e6


def test_first_step_is_a_hundredth_of_the_tolerance() -> None:
    """Assert that tau |F| (h / tau)^k is rtol |h F| / 100 at the first step, for tau = |F| / |dF/dt|."""
    tolerance, velocity = Tolerance(1e-6, 0.0), numbers(3, 4, 3)
    change = velocity * (1e-3 / 7.0)
    size = tolerance.first_step(5, CLOUD, velocity, change, 1e-3)
    error = 7.0 * float(velocity.norm()) * (size / 7.0) ** 5
    assert error == pytest.approx(0.01 * 1e-6 * size * float(velocity.norm()))


def test_first_step_of_what_never_changes_is_a_hundred_trials() -> None:
    """Assert that constant, vanishing and broken velocities give a first step all the same."""
    tolerance, velocity = Tolerance(1e-6, 1e-9), numbers(3, 4, 3)
    assert tolerance.first_step(5, CLOUD, velocity, 0.0 * velocity, 1e-3) == pytest.approx(0.1)
    assert tolerance.first_step(5, CLOUD, 0.0 * velocity, 0.0 * velocity, 1e-3) == pytest.approx(0.1)
    assert tolerance.first_step(5, CLOUD, 0.0 * velocity, velocity, 1e-3) > 0.0
    assert tolerance.first_step(5, CLOUD, math.nan * velocity, velocity, 1e-3) == 1e-3


def test_trial_moves_the_cloud_by_a_hundredth() -> None:
    """Assert that |h F| = |theta| / 100, and that a cloud at the origin or at rest gets some step."""
    positions, velocity = numbers(1, 4, 3), numbers(2, 4, 3)
    size = euler_trial(CLOUD.moved(positions), velocity)
    assert_identical((size * velocity).norm(), 0.01 * positions.norm())
    assert euler_trial(CLOUD, velocity) == euler_trial(CLOUD.moved(positions), 0.0 * velocity) == 1e-6
