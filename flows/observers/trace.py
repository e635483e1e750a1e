"""What a run shows, kept in memory: named observables over time."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from flows.observers.tables import dataset, frame
from particles import ParticleCloud
from particles.arguments.display import span
from particles.trajectory.content.labels import words_for
from particles.trajectory.pictures import Curve, chosen_names, draw_curve, panels

if TYPE_CHECKING:
    import pandas
    import xarray

#: A number or an array of fixed shape computed from a cloud.
Measured: TypeAlias = Callable[[ParticleCloud], torch.Tensor | NDArray[Any] | float]


class Trace:
    """Named observables over time, kept in memory: `Trace(risk=risk, movement=MeanMovement(start))`.

    An observer; afterwards `trace["risk"]` is an array [times] or [times, ...], beside `trace.steps` and `trace.times`.
    It is of one run, which may be evolved in parts: a state that it holds already is not recorded twice. `to_xarray`,
    `to_pandas` and `plot` give what it holds as a labelled dataset, a table and a picture.
    """

    def __init__(self, **observables: Measured) -> None:
        if not observables:
            raise ValueError("Trace was given nothing to record; name one observable or more, as in Trace(risk=risk).")
        self._observables: Mapping[str, Measured] = dict(observables)
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
        values = {name: as_array(observable(cloud)) for name, observable in self._observables.items()}
        if time == last:
            if any(not _same(self._values[name][-1], value) for name, value in values.items()):
                raise ValueError(_another_run(f"other values at time {time:.9g}"))
            return
        self._steps.append(step)
        self._times.append(time)
        for name, value in values.items():
            self._values[name].append(value)

    def begin(self, time: float) -> None:
        """Be told that a run begins at this time, not as the continuation of one that was kept.

        Raises ValueError where that is later than the last time held: what comes is of another run.
        """
        if self._times and time > self._times[-1]:
            raise ValueError(_another_run(f"the start of a run at time {time:.9g} after time {self._times[-1]:.9g}"))

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

    def to_xarray(self) -> "xarray.Dataset":
        """The observables [time, ...] as an xarray dataset over the coordinates time and step.

        The other axes of an observable are `name_component`, `name_component1`, ..., and attributes say long_name,
        units, formula and source, as in trajectory files. Raises ImportError where xarray is missing, ValueError for an
        observable that is called time or step.
        """
        words = {name: words_for(name, observable) for name, observable in self._observables.items()}
        return dataset(self.times, self.steps, self._arrays(), words)

    def to_pandas(self) -> "pandas.DataFrame":
        """The observables as a pandas table: a row for each time, columns step, time and one for each number.

        Entry [1, 2] of an array is the column `name[1,2]`. Raises ImportError where pandas is missing, ValueError for
        an observable that is called time or step.
        """
        return frame(self.times, self.steps, self._arrays())

    def plot(
        self, *names: str, axes: Any = None, log_time: bool | None = None, log_values: bool | None = None
    ) -> NDArray[Any]:
        """Draw the observables of these names, or all, over time with matplotlib; returns the axes [observables].

        Each has a panel of its own, or one of the `axes` given. An observable of more than eight numbers is drawn as
        their median and range. Axes are logarithmic where that is asked for or, left out, where it helps; a zero,
        as the time of the start is, stays in the picture. Raises KeyError for a name that was not recorded, ShapeError
        for another number of axes.
        """
        chosen = chosen_names(self.names, names, "The trace")
        drawn = panels(len(chosen), axes)
        for name, panel in zip(chosen, drawn, strict=True):
            label = words_for(name)["long_name"]
            draw_curve(panel, name, Curve(self.times, self[name], label), log_time, log_values)
        return drawn

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: self[name] for name in self._values}

    def _shown(self) -> dict[str, object]:
        return {"observables": list(self._values), "records": len(self), "times": span(self.times)}


def _another_run(found: str) -> str:
    return f"The trace was handed {found}, as of another run or schedule; give each a Trace of its own."


def _same(held: NDArray[Any], value: NDArray[Any]) -> bool:
    """Whether two values are the same to the bit; one that is not a number is the same as itself."""
    return held.shape == value.shape and held.dtype == value.dtype and held.tobytes() == value.tobytes()


def as_array(value: torch.Tensor | NDArray[Any] | float) -> NDArray[Any]:
    """A copy in main memory, whatever becomes of the tensor."""
    array = np.array(value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"An observable gave {type(value).__name__}, but a number, a tensor or an array of numbers is needed; "
            "compute one from the cloud."
        )
    return array
