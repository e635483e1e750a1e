"""Step control that adaptive integrators share: which error is allowed, and which step follows from it.

An adaptive integrator holds a `Tolerance` and a `Controller` and hands a `Pace` from step to step. A step goes so:

    pace = Pace(start=cloud.positions, size=...)                                         in init
    taken, reached = next_time(pace.size, time, until)
    error, moved = tolerance.measured(estimate, reached, pace)                           one look at the device
    pace = controller.accepted(pace, taken, error, moved)                                if error <= 1
    pace = controller.rejected(pace, taken, error, step=noise.step + 1, time=time)       otherwise, and try again
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from particles import ParticleCloud, ToleranceNotReached
from particles.reals import number
from particles.shapes import Positions, Velocity

#: Steps shorter than this part of the time, or of the step first tried, no longer advance anything.
SHORTEST = 1e-14
#: A last step is stretched by up to this part rather than followed by a sliver.
STRETCH = 0.01
#: An error below this counts as this at the next step: a perfect step says nothing about the one after the next.
SMALLEST_BEFORE = 1e-4
NO_ERROR = 1e-30


@dataclass(frozen=True)
class Work:
    """What a run has cost so far: steps accepted and rejected, and evaluations of the velocity."""

    accepted: int = 0
    rejected: int = 0
    velocities: int = 0


@dataclass(frozen=True, eq=False)
class Pace:
    """What step control hands on: where the run began, how far the cloud has moved from there, the step it proposes.

    `error` is that of the last accepted step in units of what was allowed; `tried` is the step of the first trial that
    was rejected since then, or zero.
    """

    start: Positions
    size: float
    moved: float = 0.0
    error: float = 1.0
    tried: float = 0.0
    work: Work = Work()

    def worked(self, velocities: int) -> "Pace":
        """This pace with more velocity evaluations on the account."""
        return replace(self, work=replace(self.work, velocities=self.work.velocities + velocities))


@dataclass(frozen=True)
class Tolerance:
    """|e|_F <= atol sqrt(m dim) + rtol max_t |theta(t) - theta(start)|_F for the error e of one step.

    `rtol` is relative to the distance the cloud has moved since the start of the run, the step at hand included; so it
    is about the error of the final positions relative to how far training took them. Sizes of coordinates play no part.
    """

    rtol: float
    atol: float

    def __post_init__(self) -> None:
        rtol, atol = number(self.rtol), number(self.atol)
        if not (0.0 <= rtol < 1.0 and 0.0 <= atol < math.inf and rtol + atol > 0.0):
            raise ValueError(
                f"The tolerance is rtol={self.rtol!r}, atol={self.atol!r}, but 0 <= rtol < 1, a finite atol >= 0 and "
                "one of them positive are needed."
            )
        object.__setattr__(self, "rtol", rtol)
        object.__setattr__(self, "atol", atol)

    @classmethod
    def kept(cls, method: Any) -> None:
        """Let a method keep its rtol and atol as plain floats; raises ValueError for what they cannot be."""
        tolerance = cls(method.rtol, method.atol)
        object.__setattr__(method, "rtol", tolerance.rtol)
        object.__setattr__(method, "atol", tolerance.atol)

    def allowed(self, coordinates: int, moved: float) -> float:
        """atol sqrt(coordinates) + rtol moved."""
        return self.atol * math.sqrt(coordinates) + self.rtol * moved

    def measured(self, error: Positions, reached: ParticleCloud, pace: Pace) -> tuple[float, float]:
        """The error of a step to this cloud in units of what is allowed, and how far the cloud has then moved.

        The error is infinite where anything is not finite.
        """
        size, distance = reached.norms(error, reached.positions - pace.start).tolist()
        return self.judged(size, distance, reached.count * reached.dim, pace)

    def judged(self, size: float, distance: float, coordinates: int, pace: Pace) -> tuple[float, float]:
        """The same, of an error of this size at this distance from the start."""
        if not (math.isfinite(size) and math.isfinite(distance)):
            return math.inf, pace.moved
        moved = max(pace.moved, distance)
        return ratio(size, self.allowed(coordinates, moved)), moved

    def first_step(self, power: int, cloud: ParticleCloud, velocity: Velocity, change: Velocity, trial: float) -> float:
        """A first step for an error tau |F| (h / tau)^power, after Hairer, Norsett and Wanner (1993, II.4).

        tau = |F| / |dF/dt| comes from the velocity F and its `change` over an Euler step of size `trial`; the error may
        be a hundredth of what is allowed, which in a first step is atol sqrt(m dim) + rtol |h F|.
        """
        speed, bend = cloud.norms(velocity, change).tolist()
        if not (math.isfinite(speed) and math.isfinite(bend)):
            return trial
        if bend <= 1e-15 * speed:
            return 100.0 * trial
        tau = trial * speed / bend
        by_rtol = tau * (0.01 * self.rtol) ** (1.0 / (power - 1))
        least = 0.01 * self.allowed(cloud.count * cloud.dim, 0.0)
        by_atol = tau * (least / (tau * speed)) ** (1.0 / power) if speed > 0.0 else 0.0
        return min(100.0 * trial, max(by_rtol, by_atol)) or trial


@dataclass(frozen=True)
class Controller:
    """h <- h safety error^(-0.85 / k) before^(0.2 / k) for an error estimate of size h^k.

    A PI controller (Gustafsson 1991) with the gains of Hairer and Wanner (1996, IV.2): more memory would make steps lag
    behind where they should grow all the time, as they should on a flow that comes to rest.

    `error` and `before` are those of this and of the last accepted step. A factor is between `smallest` and `largest`,
    `first` in the first step; a rejected trial is cut by error^(-1 / k), and what then passes does not let steps grow.
    """

    power: int
    safety: float = 0.9
    smallest: float = 0.2
    largest: float = 5.0
    first: float = 10.0

    def accepted(self, pace: Pace, taken: float, error: float, moved: float) -> Pace:
        """The pace after an accepted step; a step cut short to end a run says little about the next one."""
        fresh = pace.work.accepted == 0
        most = 1.0 if pace.tried else self.first if fresh else self.largest
        factor = self.safety * max(error, NO_ERROR) ** (-0.85 / self.power) * pace.error ** (0.2 / self.power)
        size = taken * min(max(factor, self.smallest), most)
        cut = taken < (1.0 - STRETCH) * pace.size
        return replace(
            pace,
            size=max(size, pace.size) if cut else size,
            moved=moved,
            error=pace.error if cut else max(error, SMALLEST_BEFORE),
            tried=0.0,
            work=replace(pace.work, accepted=pace.work.accepted + 1),
        )

    def rejected(self, pace: Pace, taken: float, error: float, *, step: int, time: float) -> Pace:
        """The pace after a rejected trial; raises ToleranceNotReached where no step is short enough."""
        factor = self.safety * error ** (-1.0 / self.power) if math.isfinite(error) else self.smallest
        size, tried = taken * min(max(factor, self.smallest), self.safety), pace.tried or taken
        if size <= SHORTEST * max(abs(time), tried):
            broken = "positions or velocities are not finite"
            reason = f"the error is {error:.3g} times the allowed one" if math.isfinite(error) else broken
            raise ToleranceNotReached(step=step, time=time, size=taken, reason=reason)
        return replace(pace, size=size, tried=tried, work=replace(pace.work, rejected=pace.work.rejected + 1))


def next_time(size: float, time: float, until: float) -> tuple[float, float]:
    """The step to take where `size` is wanted, and the time it reaches: `until` exactly, never a sliver before it."""
    left, size = until - time, max(size, SHORTEST * abs(time))
    if (1.0 + STRETCH) * size >= left:
        return left, until
    reached = time + (0.5 * left if 2.0 * size > left else size)
    return reached - time, reached


def euler_trial(cloud: ParticleCloud, velocity: Velocity) -> float:
    """The size of an Euler step that moves the cloud by a hundredth of its extent, to probe how velocities change."""
    extent, speed = cloud.norms(cloud.positions, velocity).tolist()
    if extent > 0.0 and speed > 0.0 and math.isfinite(speed):
        return 0.01 * float(extent / speed)
    return 1e-6


def ratio(error: float, allowed: float) -> float:
    """error / allowed; zero where there is no error, infinite where there is one and none is allowed."""
    if error == 0.0:
        return 0.0
    return error / allowed if allowed > 0.0 else math.inf
