"""Step control that integrators with an error to control share: which error is allowed, and which step follows from it.

Which steps are tried, and what passes, is in `rejection_loop.py`.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import ClassVar, NamedTuple

import torch

from flows.base import Flow, Part
from flows.integrators.error_controlled.headway import Headway
from particles import ParticleCloud
from particles.arguments.reals import number
from particles.shapes import Positions, Velocity

#: Steps shorter than this part of the time, or of the step first tried, no longer advance anything.
SHORTEST = 1e-14
#: A last step is stretched by up to this part rather than followed by a sliver.
STRETCH = 0.01
#: Sums of steps round by less than this part of one.
ROUNDED = 1e-9
#: An error below this counts as this at the next step: a perfect step says nothing about the one after the next.
SMALLEST_BEFORE = 1e-4
#: Units of rounding, of positions and of velocities, within which no error of a step can be told from none.
FLOOR = 4.0


@dataclass(frozen=True)
class Work:
    """What a run has cost so far: steps accepted and rejected, and evaluations of the velocity."""

    accepted: int = 0
    rejected: int = 0
    velocities: int = 0

    def after(self, passed: bool, velocities: int = 0) -> "Work":
        """This and one trial more, which has taken so many velocities."""
        return Work(self.accepted + passed, self.rejected + (not passed), self.velocities + velocities)


@dataclass(frozen=True, eq=False)
class Pace:
    """What step control hands on: where the run began, how far the cloud has moved from there, the step it proposes.

    `error` is that of the last accepted step in units of what was allowed; `tried` is the step of the first trial that
    was rejected since then, or zero. `began` is the time of the start, `extent` |theta(start)|_F of the coordinates
    that move there, `noise` the rounding of |velocity|_F there; `lost` is the error that passed because no step
    resolves it, and `headway` how fast the run goes on. `bend` and `longest` are what a method knows of how velocities
    change in its steps, and of steps that are stable.
    """

    start: Positions
    size: float
    began: float = 0.0
    extent: float = 0.0
    noise: float = 0.0
    moved: float = 0.0
    lost: float = 0.0
    bend: float = 0.0
    longest: float = math.inf
    error: float = 1.0
    tried: float = 0.0
    work: Work = Work()
    headway: Headway = Headway(0.0)

    @classmethod
    def begun(cls, flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float) -> "Pace":
        """The pace at the start of a run, with this velocity, before a first step is found."""
        extent = float(cloud.norms(cloud.positions * (velocity != 0.0)))
        noise = rounded(flow, cloud, velocity, time)
        return cls(cloud.positions, 0.0, time, extent, noise, work=Work(velocities=2), headway=Headway(time))

    def worked(self, velocities: int) -> "Pace":
        """This pace with more velocity evaluations on the account."""
        return replace(self, work=replace(self.work, velocities=self.work.velocities + velocities))


class Found(NamedTuple):
    """The error of a trial in units of what is allowed, and what of the pace would change were it accepted."""

    error: float
    moved: float
    lost: float
    bend: float = 0.0
    longest: float = math.inf


@dataclass(frozen=True)
class Tolerance:
    """|e|_F <= atol sqrt(m dim) + rtol max_t |theta(t) - theta(start)|_F + floor for the error e of one step of size h.

    `rtol` is relative to the distance the cloud has moved since the start of the run, the step at hand included; so it
    is about the error of the final positions relative to how far training took them. Sizes of coordinates play no part
    but for the floor, 4 min(eps |theta|_F, h noise): errors below the rounding of positions and of velocities are none
    that a shorter step would mend. What passes only because of it is `lost`; such errors are independent, and their
    squares add up.
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

    def stricter(self, part: float) -> "Tolerance":
        """This part of the tolerance."""
        return _part_of(self, part)

    def allowed(self, coordinates: int, moved: float) -> float:
        """atol sqrt(coordinates) + rtol moved."""
        return self.atol * math.sqrt(coordinates) + self.rtol * moved

    def judged(self, size: float, distance: float, coordinates: int, pace: Pace, taken: float) -> Found:
        """What is found of a step `taken` whose error has this size and which ends at this distance from the start.

        The error is infinite where anything is not finite.
        """
        if not (math.isfinite(size) and math.isfinite(distance)):
            return Found(math.inf, pace.moved, pace.lost)
        moved = max(pace.moved, distance)
        asked = self.allowed(coordinates, moved)
        unit = torch.finfo(pace.start.dtype).eps * (pace.extent + moved)
        lost = math.hypot(pace.lost, max(size - asked, 0.0))
        return Found(ratio(size, asked + FLOOR * min(unit, taken * pace.noise)), moved, lost)

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


@lru_cache(maxsize=64)
def _part_of(tolerance: Tolerance, part: float) -> Tolerance:
    """A part of a tolerance; every step asks for the same one."""
    return Tolerance(part * tolerance.rtol, part * tolerance.atol)


@dataclass(frozen=True)
class Tolerant:
    """What every integrator to a tolerance is given: `rtol`, `atol` and the longest step that it may take.

    What a velocity does for a shorter time than `max_step` may be stepped over. Raises ValueError for what none of
    these can be.
    """

    rtol: float = 1e-4
    atol: float = 0.0
    max_step: float = math.inf
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def __post_init__(self) -> None:
        asked = self.asked
        object.__setattr__(self, "rtol", asked.rtol)
        object.__setattr__(self, "atol", asked.atol)
        if not self.max_step > 0.0:
            raise ValueError(
                f"max_step is {self.max_step!r}, but a positive time is needed; leave it out for steps of any size."
            )

    @cached_property
    def asked(self) -> Tolerance:
        """What error is asked for at the end of a run."""
        return Tolerance(self.rtol, self.atol)

    @property
    def tolerance(self) -> Tolerance:
        """What error is allowed in a step."""
        return self.asked


@dataclass(frozen=True)
class Controller:
    """h <- h safety error^(-gain / k) before^(memory / k) for an error estimate of size h^k.

    `error` and `before` are those of this and of the last accepted step; an error below `floor` counts as that. A
    factor is between `smallest` and `largest`, or `first` in a first step. A rejected trial is cut by error^(-1 / k),
    to between `smallest` and `again`; to `broken` where its error is not finite.
    """

    power: int
    safety: float = 0.9
    smallest: float = 0.2
    largest: float = 5.0
    first: float = 10.0
    again: float = 0.9
    broken: float = 0.2
    gain: float = 1.0
    memory: float = 0.0
    floor: float = 1e-30

    @classmethod
    def remembering(cls, power: int) -> "Controller":
        """A PI controller (Gustafsson 1991) with the gains of Hairer and Wanner (1996, IV.2).

        More memory would make steps lag behind where they should grow all the time, as they should on a flow that comes
        to rest.
        """
        return cls(power, gain=0.85, memory=0.2)

    def factor(self, error: float, before: float = 1.0) -> float:
        """What an error leaves of a step, or makes of it, without limits."""
        own: float = max(error, self.floor) ** (-self.gain / self.power)
        last: float = before ** (self.memory / self.power)
        return self.safety * own * last

    def grown(self, taken: float, factor: float, most: float) -> float:
        """The step after one of this size that passed."""
        return taken * min(max(factor, self.smallest), most)

    def cut(self, taken: float, error: float) -> float:
        """The step to try after one of this size that did not pass."""
        factor = self.safety * error ** (-1.0 / self.power) if math.isfinite(error) else self.broken
        return taken * min(max(factor, self.smallest), self.again)

    def accepted(self, pace: Pace, taken: float, found: Found) -> Pace:
        """The pace after an accepted step; a step cut short to end a run says little about the next one.

        What passes after a rejected trial does not let steps grow.
        """
        fresh = pace.work.accepted == 0
        most = 1.0 if pace.tried else self.first if fresh else self.largest
        size = self.grown(taken, self.factor(found.error, pace.error), most)
        cut = taken < (1.0 - STRETCH) * pace.size
        return replace(
            pace,
            size=max(size, pace.size) if cut else size,
            moved=found.moved,
            lost=found.lost,
            bend=found.bend,
            longest=found.longest,
            error=pace.error if cut else max(found.error, SMALLEST_BEFORE),
            tried=0.0,
            work=pace.work.after(True),
        )

    def rejected(self, pace: Pace, taken: float, error: float) -> Pace:
        """The pace after a rejected trial."""
        return replace(
            pace,
            size=self.cut(taken, error),
            tried=pace.tried or taken,
            work=pace.work.after(False),
        )


def next_time(size: float, time: float, until: float, longest: float = math.inf) -> tuple[float, float]:
    """The step to take where `size` is wanted, and the time it reaches: `until` exactly, never a sliver before it.

    No step is longer than `longest`, but for the rounding of times.
    """
    left = until - time
    size = max(min(size, longest), SHORTEST * abs(time))
    if min((1.0 + STRETCH) * size, (1.0 + ROUNDED) * longest) >= left:
        return left, until
    reached = time + (0.5 * left if 2.0 * size > left else size)
    return reached - time, reached


def rounded(flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float) -> float:
    """|v|_F's rounding: what is left of it where every position is its neighbour nearer to zero, and eps |v|_F."""
    nearby = cloud.moved(torch.nextafter(cloud.positions, torch.zeros_like(cloud.positions)))
    change, speed = cloud.norms(flow.velocity(nearby, time) - velocity, velocity).tolist()
    return float(change + torch.finfo(cloud.dtype).eps * speed)


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
