"""The loop of rejections: what passes, what is tried again, and what is refused. Members share `settled`."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from flows import BDF, Adaptive, Chebyshev, DormandPrince, Exponential, Flow, GradientFlow, StepNoise, evolve
from flows.integrators.error_controlled.automatic_explicit import Explicit
from flows.integrators.error_controlled.dormand_prince import DormandPrinceState
from flows.integrators.error_controlled.rejection_loop import ErrorControlled, Place, Trial
from flows.integrators.error_controlled.step_control import SHORTEST, Found, Pace, Tolerance, Tolerant
from flows.integrators.error_controlled.velocity_only import PacedTrial, Stride
from particles import NTK, Linear, ParticleCloud, ToleranceNotReached
from tests.problems import Still, network_cloud, network_risk, small_cloud

KINDS = [Adaptive, BDF, Chebyshev, DormandPrince, Explicit, Exponential]


@dataclass(frozen=True)
class Halving(ErrorControlled[list[str], Trial]):
    """Tries a step of one, and half of it after each trial that fails; the error is four times the step."""

    order: ClassVar[float] = 1.0
    holds: ClassVar[type[Any]] = list

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> list[str]:
        """What has been called."""
        return []

    def ready(self, at: Place, state: list[str]) -> list[str]:
        """Said once a step."""
        return [*state, "ready"]

    def attempt(self, at: Place, state: list[str]) -> Trial:
        """Half a step for each failure since the step began."""
        failed = state[::-1].index("ready")
        size = min(0.5**failed, at.until - at.time)
        return Trial(at.time + size, at.cloud, lambda moment: at.cloud, 4.0 * size)

    def accepted(self, at: Place, state: list[str], trial: Trial) -> list[str]:
        """The time reached."""
        return [*state, f"reached {trial.reached}"]

    def rejected(self, at: Place, state: list[str], trial: Trial) -> list[str]:
        """The number of the step."""
        return [*state, f"failed {at.step}"]

    def ended(self, at: Place, after: list[str], trial: Trial) -> None:
        """Said at the end of a run."""
        after.append("ended")


def test_a_step_is_tried_until_it_passes() -> None:
    """Assert that an error of one passes and a larger one does not, and that each hook is called where it should be."""
    states: list[list[str]] = []
    evolve(Still(), small_cloud(), Halving(), until=1.0, keep=lambda kept: states.append(kept.state))
    first = ["ready", "failed 1", "failed 1", "reached 0.25"]
    second = ["ready", "failed 2", "failed 2", "reached 0.5"]
    assert states[:3] == [[], first, first + second]
    last = Halving().step(Still(), small_cloud(), [], 0.75, 1.0, StepNoise(0, 3))
    assert (last.time, last.state) == (1.0, ["ready", "reached 1.0", "ended"])


def test_a_group_settles_what_a_run_does() -> None:
    """Assert that `settled` says of one trial what the loop makes of it: the state, and whether it passed."""
    cloud = small_cloud()
    at = Place(Still(), cloud, 0.0, 1.0, 1)
    for size, passed in ((0.25, True), (0.26, False), (math.nan, False)):
        trial = Trial(size, cloud, lambda moment: cloud, 4.0 * size)
        said = f"reached {size}" if passed else "failed 1"
        assert Halving().settled(at, [], trial) == ([said], passed)


@pytest.mark.parametrize(("time", "before"), [(100.0, 1.0), (1.0, 100.0), (0.0, 100.0)])
def test_steps_that_advance_nothing_are_refused(time: float, before: float) -> None:
    """Assert that the sentence has step, time, size and reason, for errors too large and for what is not finite."""
    at, size = Place(Still(), small_cloud(), time, 200.0, 8), SHORTEST * 100.0
    large = f"not reached at step 8, time {time:g}: even with a step of 2e-12 the error is 7.5 times the"
    with pytest.raises(ToleranceNotReached, match=large):
        at.check_short(size, before, 2.0 * size, 7.5)
    with pytest.raises(ToleranceNotReached, match="positions or velocities are not finite"):
        at.check_short(size, before, size, math.inf)
    at.check_short(1.01 * size, before, size, 7.5)


def test_trials_do_not_shrink_for_ever_at_time_zero() -> None:
    """Assert that rejections at time zero end by a sentence too, after a few dozen."""
    at, cloud = Place(Still(), small_cloud(), 0.0, 1.0, 1), small_cloud()
    method, found = DormandPrince(), Found(1e9, 1.0, 0.0)
    state = DormandPrinceState(Pace(cloud.positions, 0.5), cloud.positions)
    with pytest.raises(ToleranceNotReached, match="at step 1, time 0: even with a step of .* the error is 1e"):
        for _ in range(40):
            stride = Stride(state.pace.size, state.pace.size, 6)
            vectors = cloud.positions, cloud.positions
            trial = PacedTrial(stride.reached, cloud, lambda moment: cloud, 1e9, stride, *vectors, found)
            state, _ = method.settled(at, state, trial)


@pytest.mark.parametrize("kind", KINDS)
def test_all_are_given_tolerance_and_longest_step(kind: type[Tolerant]) -> None:
    """Assert that every method to a tolerance takes the three in this order, and refuses what cannot be."""
    given = kind(0.25, 0.5, 2.0)
    assert (given.rtol, given.atol, given.max_step) == (0.25, 0.5, 2.0) and given.asked == Tolerance(0.25, 0.5)
    for rtol in (2.0, -1.0):
        with pytest.raises(ValueError, match=f"The tolerance is rtol={rtol}"):
            kind(rtol=rtol)
    for longest in (-1.0, 0.0):
        with pytest.raises(ValueError, match=f"max_step is {longest}, but a positive time is needed"):
            kind(max_step=longest)


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_is_longer_than_the_longest(kind: Any) -> None:
    """Assert that steps which would be longer are as long as max_step, and that the run ends."""
    flow, longest = GradientFlow(network_risk(NTK(), activation=Linear(), trained="hidden")), []
    for method in (kind(1e-2), kind(1e-2, max_step=0.25)):
        times = [0.0]
        evolve(flow, network_cloud(), method, until=3.0, observers=[lambda s, t, c, times=times: times.append(t)])
        longest.append(max(after - before for before, after in pairwise(times)))
    assert longest[0] > 0.3
    assert longest[1] == pytest.approx(0.25)
