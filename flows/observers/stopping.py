"""Observers that stop a run: at a level, when the cloud has come to rest, or when the time on the clock is up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from numpy.typing import NDArray

from flows.base import Flow
from flows.observers.trace import as_array
from particles import ParticleCloud, ShapeError
from particles.arguments.reals import non_negative, positive
from particles.shapes import AnyFloat, Scalar


def speed(flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Scalar:
    """sqrt(sum_j lambda_j |v_j|^2), the mass-weighted root mean square velocity of the particles.

    On a gradient flow under `MeanField` its square is -dR/dt.
    """
    squares = flow.velocity(cloud, time).square().sum(dim=1)
    return cloud.summed(lambda part: cloud.masses[part] @ squares[part]).sqrt()


@dataclass(frozen=True)
class StopStationary:
    """Stop the run as soon as the particles' mass-weighted root mean square velocity falls below a level.

    The level is absolute, so that a resumed run stops where an uninterrupted one does; for a part of the speed at the
    start write `StopStationary(flow, below=1e-6 * float(speed(flow, cloud)))`. One velocity a state: put it in `Every`
    where that matters.
    """

    flow: Flow
    below: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "below", positive(self.below, "The level of StopStationary"))

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool:
        """Whether the cloud has come to rest."""
        return float(speed(self.flow, cloud, time)) < self.below


@dataclass(frozen=True)
class StopBelow:
    """Stop the run as soon as an observable, the risk for instance, falls below a level."""

    observable: Callable[[ParticleCloud], Scalar]
    level: float

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool:
        """Whether the observable is below the level; raises ShapeError for an observable that is not one number."""
        return _single(self.observable(cloud), self) < self.level


@dataclass(frozen=True)
class StopAbove:
    """Stop the run as soon as an observable, an accuracy or a margin for instance, rises above a level.

    An accuracy of one is above every level below one, and above no other.
    """

    observable: Callable[[ParticleCloud], Scalar]
    level: float

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool:
        """Whether the observable is above the level; raises ShapeError for an observable that is not one number."""
        return _single(self.observable(cloud), self) > self.level


def _single(value: AnyFloat | NDArray[Any] | float, observer: object) -> float:
    """The one number that an observable gave."""
    array = as_array(value)
    if array.size != 1:
        raise ShapeError(
            f"{type(observer).__name__} needs an observable of one number, but it gave {array.size}; reduce them."
        )
    return float(array)


@dataclass
class StopAfter:
    """Stop the run once so many seconds have passed on the clock since the first state it saw.

    The state reached is handed on like any last state, so a run can be resumed from it.
    """

    seconds: float
    clock: Callable[[], float] = monotonic
    _began: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.seconds = non_negative(self.seconds, "The number of seconds of StopAfter")

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool:
        """Whether the time is up."""
        now = self.clock()
        if self._began is None:
            self._began = now
            return False
        return now - self._began >= self.seconds
