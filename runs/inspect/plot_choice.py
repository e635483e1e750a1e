"""What of trajectory files is to be drawn: which observables, which frames, along which axes, into which files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from particles.trajectory import TrajectoryReader
from runs.figures.written import KINDS, kind_of
from runs.system.refusal import Refusal, chosen

#: Number of times at which particles are shown, from the first frame to the last, where no times are chosen.
SHOWN_TIMES = 4
#: Endings of pictures that are not written, and that nobody means a folder by.
FOREIGN = (".bmp", ".eps", ".gif", ".jpeg", ".jpg", ".ps", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Choice:
    """What is asked to be drawn.

    times: at which particles are shown, by the frames nearest to them; a few from the first to the last where none are
    given. observables: by name; all where none are given. coordinates: of particles, as `plane_of` has them. by: the
    parameter whose values decide the colours. log: whether values are on a logarithmic axis; where that is None, if all
    of a panel are positive. log_time: whether time is, without time zero.
    """

    times: Sequence[float] = ()
    observables: Sequence[str] = ()
    coordinates: str | None = None
    by: str | None = None
    log: bool | None = None
    log_time: bool = True

    @property
    def only_curves(self) -> bool:
        """Whether observables alone are asked for, and nothing of particles."""
        return bool(self.observables) and not self.times and self.coordinates is None


@dataclass(frozen=True)
class Places:
    """Where figures go: into a folder as PNG files, or under the name of a file, .png, .pdf or .svg, and beside it."""

    out: Path

    @property
    def is_file(self) -> bool:
        """Whether a file was named. Raises Refusal for the name of a picture of another kind."""
        ending = self.out.suffix.lower()
        if ending in FOREIGN and not self.out.is_dir():
            kind_of(self.out)
        return ending.removeprefix(".") in KINDS and not self.out.is_dir()

    @property
    def folder(self) -> Path:
        """The folder of the figures."""
        return self.out.parent if self.is_file else self.out

    def of(self, names: Sequence[str]) -> list[Path]:
        """The files of figures of these names, the first one first; under a file's name they stand behind its stem."""
        if not self.is_file:
            return [self.out / f"{name}.png" for name in names]
        return [
            self.out.with_name(f"{self.out.stem}-{name}{self.out.suffix}") if number else self.out
            for number, name in enumerate(names)
        ]


def chosen_observables(trajectories: Iterable[TrajectoryReader], asked: Sequence[str]) -> list[str]:
    """The names of the observables that are asked for, all numbers by default, in the order of the files.

    Raises Refusal for a name that no file has, with the nearest one that there is, and for one of arrays.
    """
    shapes: dict[str, int] = {}
    for trajectory in trajectories:
        for name, series in trajectory.observables.items():
            shapes[name] = min(series.values.ndim, shapes.get(name, series.values.ndim))
    for name in asked:
        if shapes[chosen("observable", name, tuple(shapes) or ("none",))] > 1:
            numbers = ", ".join(one for one, axes in shapes.items() if axes == 1) or "none"
            raise Refusal(f"The observable {name!r} is an array, but numbers are drawn: choose one of {numbers}.")
    return list(dict.fromkeys(asked)) or list(shapes)


def shown_times(trajectory: TrajectoryReader, times: Sequence[float]) -> Sequence[float]:
    """The given times, or those of some frames from the first to the last where none are given."""
    if times or not len(trajectory):
        return times
    recorded = trajectory.times
    count = min(SHOWN_TIMES, len(recorded))
    evenly: list[float] = recorded[np.unique(np.linspace(0, len(recorded) - 1, count).round().astype(int))].tolist()
    return evenly


def nearest_time(trajectory: TrajectoryReader, time: float) -> float:
    """The time of the frame that is nearest to a time."""
    recorded = trajectory.times
    return float(recorded[np.argmin(np.abs(recorded - time))])


def other_times(trajectories: Mapping[Path, TrajectoryReader], times: Sequence[float]) -> Iterator[str]:
    """A sentence for every time of which there is no frame, with the times that are shown instead."""
    for time in times:
        held = [trajectory for trajectory in trajectories.values() if len(trajectory)]
        shown = sorted({nearest for one in held if (nearest := nearest_time(one, time)) != time})
        if shown:
            times_shown = " or ".join(dict.fromkeys(f"{nearest:.6g}" for nearest in shown))
            yield f"There is no frame at time {time:.6g}: the nearest is shown, at time {times_shown}."


def words_of(text: str | None) -> list[str]:
    """The words between the commas of an option."""
    return [] if text is None else [word for part in text.split(",") if (word := part.strip())]
