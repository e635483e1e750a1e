"""A report on a trajectory file in words, for `meanfield info`."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from particles import Trajectory, TrajectoryError
from particles.trajectory import TrajectoryReader
from runs.system.refusal import Refusal

#: Width of the column of names, in letters.
MARGIN = 26


def file_report(path: Path) -> list[str]:
    """The lines of a report on frames, particles, observables, parameters and provenance of a trajectory.

    Raises Refusal, with the sentence of the reader, for a file that is not a readable trajectory.
    """
    try:
        with Trajectory.open(path) as trajectory:
            return [
                f"{path}: {'complete' if trajectory.is_complete else 'not complete'}",
                *trajectory.titles.get("title", "").splitlines(),
                "",
                *_frames(trajectory),
                "",
                "observables",
                *_observables(trajectory),
                "",
                "parameters",
                *_tree(trajectory.parameters),
                "",
                "provenance",
                *_tree(trajectory.provenance),
            ]
    except TrajectoryError as error:
        raise Refusal(str(error)) from error


def _frames(trajectory: TrajectoryReader) -> Iterator[str]:
    if not len(trajectory):
        yield _line("frames", "none yet")
        return
    steps = trajectory.steps
    times = trajectory.times
    cloud = trajectory[-1]
    yield _line("frames", f"{len(trajectory)}, from step {steps[0]} to {steps[-1]}")
    yield _line("time", f"{times[0]:g} to {times[-1]:g}")
    yield _line("count", f"{cloud.count} particles, the heaviest with mass {float(cloud.masses.max()):.3g}")
    yield _line("dim", f"{cloud.dim} coordinates each, {str(cloud.dtype).removeprefix('torch.')}")


def _observables(trajectory: TrajectoryReader) -> Iterator[str]:
    if not trajectory.observables:
        yield "  none"
    for name, series in trajectory.observables.items():
        if not len(series.steps):
            yield _line(f"  {name}", "no record yet")
        elif series.values.ndim > 1:
            yield _line(f"  {name}", f"{len(series.steps)} records of shape {series.values.shape[1:]}")
        else:
            last = f"last {series.values[-1]:.6g} at time {series.times[-1]:g}"
            yield _line(f"  {name}", f"{last}, {len(series.steps)} records")


def _tree(values: Mapping[str, object], depth: int = 1) -> Iterator[str]:
    """Lines of indented names with their values, for nested mappings."""
    for name, value in values.items():
        label = "  " * depth + name
        if isinstance(value, Mapping):
            yield label
            yield from _tree(value, depth + 1)
        elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
            yield from _tree({f"{name} {number}": part for number, part in enumerate(value, 1)}, depth)
        elif isinstance(value, list):
            yield _line(label, " ".join(map(str, value)) or "none")
        else:
            yield _line(label, "none" if value is None else str(value))


def _line(label: str, text: str) -> str:
    return f"{label:<{MARGIN}} {text}"
