"""Observers: when a run is looked at, what is kept in memory, and when it stops.

`Every` and `LogSpaced` say when and are frozen: whether a state is due depends on its step and time alone, so a
resumed run records what an uninterrupted one does. Both always hand on the first and the last state too.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from flows.base import Observer
from particles import ParticleCloud, ShapeError
from particles.arguments.integers import whole
from particles.arguments.reals import positive
from particles.shapes import Scalar

#: A number or an array of fixed shape computed from a cloud.
Observable: TypeAlias = Callable[[ParticleCloud], torch.Tensor | NDArray[Any] | float]

#: Times closer than this, relative, are the same time.
SAME = 1e-9


@dataclass(frozen=True, init=False)
class Every:
    """Hand a state on every so many steps, `Every(100, observer)`, or so much time, `Every(time=1.0, observer=o)`.

    With an integrator that knows the cloud between its steps the times are exact multiples; otherwise the first state
    at or after each multiple is handed on, under its own time.
    """

    steps: int | None
    time: float | None
    observer: Observer

    def __init__(
        self, steps: int | None = None, observer: Observer | None = None, *, time: float | None = None
    ) -> None:
        if (steps is None) == (time is None):
            raise ValueError(
                "Every needs a number of steps or a time: Every(100, observer) or Every(time=1.0, observer=o)."
            )
        observer = _checked_observer("Every", observer)
        steps = None if steps is None else whole(steps, "The number of steps of Every")
        time = None if time is None else positive(time, "The time of Every")
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "time", time)
        object.__setattr__(self, "observer", observer)

    def due(self, before: tuple[int, float], now: tuple[int, float]) -> list[float]:
        """Multiples of the time in (before, now], or now where the step is a multiple of the steps."""
        if self.steps is not None:
            return [now[1]] if now[0] % self.steps == 0 else []
        if self.time is None:
            return []
        ratios = (moment / self.time for moment in (before[1], now[1]))
        first, last = (math.floor(ratio + SAME * abs(ratio)) for ratio in ratios)
        return [count * self.time for count in range(first + 1, last + 1)]

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """Hand the state on."""
        return self.observer(step, time, cloud)


@dataclass(frozen=True)
class LogSpaced:
    """Hand a state on at `count` times from `first` to `last`, evenly spaced in their logarithm."""

    first: float
    last: float
    count: int
    observer: Observer

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", whole(self.count, "The number of times of LogSpaced", 2))
        object.__setattr__(self, "first", positive(self.first, "The first time of LogSpaced"))
        object.__setattr__(self, "last", positive(self.last, "The last time of LogSpaced"))
        if not self.first < self.last:
            raise ValueError(
                f"LogSpaced was given times from {self.first!r} to {self.last!r}, but first < last is needed."
            )
        _checked_observer("LogSpaced", self.observer)

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """The times [count]."""
        return np.geomspace(self.first, self.last, self.count)

    def due(self, before: tuple[int, float], now: tuple[int, float]) -> list[float]:
        """Those of the times in (before, now]."""
        late, early = before[1] * (1.0 + SAME), now[1] * (1.0 + SAME)
        first, last = np.searchsorted(self.times, [late, early], side="right")
        found: list[float] = self.times[first:last].tolist()
        return found

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """Hand the state on."""
        return self.observer(step, time, cloud)


def _checked_observer(schedule: str, observer: Observer | None) -> Observer:
    if observer is None or not callable(observer):
        raise TypeError(
            f"{schedule} was given the observer {observer!r}, but a callable (step, time, cloud) is needed."
        )
    return observer


class Trace:
    """Named observables over time, kept in memory: `Trace(risk=risk, movement=MeanMovement(start))`.

    An observer; afterwards `trace["risk"]` is an array [times] or [times, ...], beside `trace.steps` and `trace.times`.
    It is of one run, which may be evolved in parts: a state that it holds already is not recorded twice.
    """

    def __init__(self, **observables: Observable) -> None:
        if not observables:
            raise ValueError("Trace was given nothing to record; name one observable or more, as in Trace(risk=risk).")
        self._observables: Mapping[str, Observable] = dict(observables)
        self._steps: list[int] = []
        self._times: list[float] = []
        self._values: dict[str, list[NDArray[Any]]] = {name: [] for name in observables}

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> None:
        """Evaluate every observable on the cloud.

        Raises ValueError for a time before the last one, or the same time with other values: they are of another run.
        """
        last = self._times[-1] if self._times else -math.inf
        if time < last:
            raise ValueError(_another_run(f"time {time:.9g} after time {last:.9g}"))
        values = {name: _as_array(observable(cloud)) for name, observable in self._observables.items()}
        if time == last:
            if any(not _same(self._values[name][-1], value) for name, value in values.items()):
                raise ValueError(_another_run(f"other values at time {time:.9g}"))
            return
        self._steps.append(step)
        self._times.append(time)
        for name, value in values.items():
            self._values[name].append(value)

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._values:
            raise KeyError(f"The trace holds {', '.join(self._values)}, not {name!r}.")
        return np.array(self._values[name])

    @property
    def names(self) -> tuple[str, ...]:
        """The observables' names."""
        return tuple(self._values)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Step numbers [times]."""
        return np.array(self._steps, dtype=np.int64)

    @property
    def times(self) -> NDArray[np.float64]:
        """Flow times [times]."""
        return np.array(self._times, dtype=np.float64)


def _another_run(found: str) -> str:
    return f"The trace was handed {found}, as of another run or schedule; give each a Trace of its own."


def _same(held: NDArray[Any], value: NDArray[Any]) -> bool:
    """Whether two values are the same to the bit; one that is not a number is the same as itself."""
    return held.shape == value.shape and held.dtype == value.dtype and held.tobytes() == value.tobytes()


def _as_array(value: torch.Tensor | NDArray[Any] | float) -> NDArray[Any]:
    """A copy in main memory, whatever becomes of the tensor."""
    array = np.array(value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"An observable gave {type(value).__name__}, but a number, a tensor or an array of numbers is needed; "
            "compute one from the cloud."
        )
    return array


@dataclass(frozen=True)
class StopBelow:
    """Stop the run as soon as an observable, the risk for instance, falls below a level."""

    observable: Callable[[ParticleCloud], Scalar]
    level: float

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool:
        """Whether the observable is below the level."""
        value = _as_array(self.observable(cloud))
        if value.size != 1:
            raise ShapeError(f"StopBelow needs an observable of one number, but it gave {value.size}; reduce them.")
        return float(value) < self.level
