"""A report on a trajectory file in words, for `meanfield info`, and the same as values by name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from particles import Trajectory, TrajectoryError
from particles.trajectory import TrajectoryReader
from runs.system.refusal import Refusal

#: Width of the column of names, in letters.
MARGIN = 26


def contents(path: Path) -> dict[str, Any]:
    """What a trajectory holds, by name: complete, title, frames, particles, observables, parameters, provenance.

    `frames` has count, first_step, last_step, first_time and last_time; `particles` count, dim, dtype and
    heaviest_mass, and both are None where there is no frame. Each observable has records and shape (of one record) and,
    where it is a number, last and last_time. Raises Refusal, with the sentence of the reader, for a file that is not a
    readable trajectory.
    """
    try:
        with Trajectory.open(path) as trajectory:
            return {
                "complete": trajectory.is_complete,
                "title": trajectory.titles.get("title", ""),
                **_frames(trajectory),
                "observables": dict(_observables(trajectory)),
                "parameters": trajectory.parameters,
                "provenance": trajectory.provenance,
            }
    except TrajectoryError as error:
        raise Refusal(str(error)) from error


def file_report(path: Path) -> list[str]:
    """The lines of a report on frames, particles, observables, parameters and provenance of a trajectory.

    Raises Refusal as `contents` does.
    """
    return report(path, contents(path))


def report(path: Path, held: Mapping[str, Any]) -> list[str]:
    """The lines of a report on the contents of a file."""
    return [
        f"{path}: {'complete' if held['complete'] else 'not complete'}",
        *held["title"].splitlines(),
        "",
        *_frame_lines(held["frames"], held["particles"]),
        "",
        "observables",
        *_observable_lines(held["observables"]),
        "",
        "parameters",
        *_tree(held["parameters"]),
        "",
        "provenance",
        *_tree(held["provenance"]),
    ]


def _frames(trajectory: TrajectoryReader) -> dict[str, Any]:
    if not len(trajectory):
        return {"frames": None, "particles": None}
    steps, times = trajectory.steps, trajectory.times
    cloud = trajectory[-1]
    return {
        "frames": {
            "count": len(trajectory),
            "first_step": int(steps[0]),
            "last_step": int(steps[-1]),
            "first_time": float(times[0]),
            "last_time": float(times[-1]),
        },
        "particles": {
            "count": cloud.count,
            "dim": cloud.dim,
            "dtype": str(cloud.dtype).removeprefix("torch."),
            "heaviest_mass": float(cloud.masses.max()),
        },
    }


def _observables(trajectory: TrajectoryReader) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, series in trajectory.observables.items():
        found = {"records": len(series.steps), "shape": list(series.values.shape[1:])}
        if len(series.steps) and series.values.ndim == 1:
            found |= {"last": series.values[-1], "last_time": float(series.times[-1])}
        yield name, found


def _frame_lines(frames: Mapping[str, Any] | None, particles: Mapping[str, Any] | None) -> Iterator[str]:
    if frames is None or particles is None:
        yield _line("frames", "none yet")
        return
    yield _line("frames", f"{frames['count']}, from step {frames['first_step']} to {frames['last_step']}")
    yield _line("time", f"{frames['first_time']:g} to {frames['last_time']:g}")
    yield _line("count", f"{particles['count']} particles, the heaviest with mass {particles['heaviest_mass']:.3g}")
    yield _line("dim", f"{particles['dim']} coordinates each, {particles['dtype']}")


def _observable_lines(observables: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if not observables:
        yield "  none"
    for name, found in observables.items():
        if not found["records"]:
            yield _line(f"  {name}", "no record yet")
        elif found["shape"]:
            yield _line(f"  {name}", f"{found['records']} records of shape {tuple(found['shape'])}")
        else:
            last = f"last {found['last']:.6g} at time {found['last_time']:g}"
            yield _line(f"  {name}", f"{last}, {found['records']} records")


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
