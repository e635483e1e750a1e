"""What is measured of one run at chosen times, kept in memory until the run is at its end."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from particles import ParticleCloud
from runs.limit.observed import Observable

#: Times closer than this, relative, are the same time.
SAME = 1e-9


class Quantity(NamedTuple):
    """One number that is measured: an entry of an observable at a time.

    `entry` is None where the observable is one number; `alone` says that it is measured at no other time.
    """

    name: str
    entry: int | None
    time: float
    alone: bool

    @property
    def words(self) -> str:
        """Its name without the time: risk, or outputs[3]."""
        return self.name if self.entry is None else f"{self.name}[{self.entry}]"

    @property
    def label(self) -> str:
        """Its name: risk, or outputs[3] at 0.5 where there are several entries and times."""
        return self.words if self.alone else f"{self.words} at {self.time:.9g}"


class Moments:
    """The values of observables of one run at some of its times: an observer with a schedule."""

    def __init__(self, observables: Mapping[str, Observable], times: Sequence[float]) -> None:
        self._observables, self._times = observables, tuple(times)
        self._found: dict[int, list[Tensor]] = {}

    def due(self, before: tuple[int, float], now: tuple[int, float]) -> list[float]:
        """Those of the times in (before, now]."""
        first, last = before[1] * (1.0 + SAME), now[1] * (1.0 + SAME)
        return [time for time in self._times if first < time <= last]

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> None:
        """Measure the cloud if this is one of the times."""
        for number, asked in enumerate(self._times):
            if abs(time - asked) <= SAME * max(abs(asked), abs(time)):
                self._found[number] = [as_numbers(observable(cloud)) for observable in self._observables.values()]

    def values(self) -> Tensor:
        """All values [quantities], observable by observable, time by time, entry by entry.

        Raises ValueError for a time at which the run had no state.
        """
        for number, time in enumerate(self._times):
            if number not in self._found:
                raise ValueError(
                    f"The integrator has no state at time {time!r}; give times that are multiples of its step, or take "
                    "an integrator that knows the cloud between its steps."
                )
        rows = [self._found[number] for number in range(len(self._times))]
        return torch.cat([row[place] for place in range(len(self._observables)) for row in rows])


def quantities_of(
    observables: Mapping[str, Observable], times: Sequence[float], cloud: ParticleCloud
) -> list[Quantity]:
    """What `Moments` would measure of this cloud, in its order."""
    found: list[Quantity] = []
    for name, observable in observables.items():
        value = observable(cloud)
        entries = as_numbers(value).numel()
        single = np.ndim(value) == 0
        for time in times:
            numbers = [None] if single else range(entries)
            found += [Quantity(name, number, float(time), len(times) == 1) for number in numbers]
    return found


def as_numbers(value: Any) -> Tensor:
    """What an observable gave, in float64 and in one row."""
    return torch.as_tensor(value, dtype=torch.float64).detach().reshape(-1)
