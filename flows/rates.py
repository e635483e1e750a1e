"""Rates that change with time: frozen functions of flow time by which learning rates and velocities are multiplied.

Any function of time will do in their place, such as `lambda time: 1.0 / (1.0 + time)`; these are values, so that files
say what they are. A step from time t to t + h has the rate of its beginning t: the schedules of `torch.optim` count
steps, and step number n begins at n h.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from flows.base import SAME
from particles.arguments.reals import non_negative, positive

#: A rate as a function of time.
Rate: TypeAlias = Callable[[float], float]


@dataclass(frozen=True)
class StepDecay:
    """factor^floor(t / every): `torch.optim.lr_scheduler.StepLR` with step_size = every / h and gamma = factor."""

    every: float
    factor: float

    def __post_init__(self) -> None:
        _check_decay(self)

    def __call__(self, time: float) -> float:
        """The rate at this time."""
        return self.factor ** math.floor(time / self.every + SAME)


@dataclass(frozen=True)
class ExponentialDecay:
    """factor^(t / every): `torch.optim.lr_scheduler.ExponentialLR` with gamma = factor^(h / every)."""

    every: float
    factor: float

    def __post_init__(self) -> None:
        _check_decay(self)

    def __call__(self, time: float) -> float:
        """The rate at this time."""
        return float(self.factor ** (time / self.every))


@dataclass(frozen=True)
class CosineDecay:
    """least + (1 - least) (1 + cos(pi t / until)) / 2 until then, and `least` from then on.

    `torch.optim.lr_scheduler.CosineAnnealingLR` with T_max = until / h, which comes up again after that time.
    """

    until: float
    least: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "until", positive(self.until, "The end of CosineDecay"))
        object.__setattr__(self, "least", non_negative(self.least, "The least rate"))

    def __call__(self, time: float) -> float:
        """The rate at this time."""
        share = min(max(time / self.until, 0.0), 1.0)
        return self.least + (1.0 - self.least) * 0.5 * (1.0 + math.cos(math.pi * share))


@dataclass(frozen=True)
class Warmup:
    """first + (1 - first) t / over until the time `over`, and from then on `then(t - over)`, or one without it.

    `torch.optim.lr_scheduler.LinearLR` with start_factor = first and total_iters = over / h, followed in `SequentialLR`
    by another one.
    """

    over: float
    first: float = 0.0
    then: Rate | None = field(default=None, metadata={"optional": True})

    def __post_init__(self) -> None:
        object.__setattr__(self, "over", positive(self.over, "The time of Warmup"))
        object.__setattr__(self, "first", non_negative(self.first, "The first rate"))

    def __call__(self, time: float) -> float:
        """The rate at this time."""
        if time < self.over * (1.0 - SAME):
            return self.first + (1.0 - self.first) * time / self.over
        return 1.0 if self.then is None else self.then(max(time - self.over, 0.0))


def rate_at(rate: Rate, time: float) -> float:
    """The rate at this time as a plain number; raises ValueError where it is negative or not finite."""
    return non_negative(rate(time), f"The rate at time {time!r}")


def _check_decay(decay: StepDecay | ExponentialDecay) -> None:
    object.__setattr__(decay, "every", positive(decay.every, f"The time between factors of {type(decay).__name__}"))
    object.__setattr__(decay, "factor", positive(decay.factor, f"The factor of {type(decay).__name__}"))
