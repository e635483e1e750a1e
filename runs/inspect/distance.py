"""Wasserstein distances of the frames of a trajectory file from its start, its end, or the frames of another file."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from limits.transport import Transport, transport
from particles import ParticleCloud, Trajectory, TrajectoryError, TransportUnsolved
from particles.trajectory import TrajectoryReader
from runs.figures.figures import Curve, CurvePanel, check_drawable, draw_curves, drawing, plain
from runs.figures.palette import COLOURS
from runs.system.refusal import Refusal, chosen

#: The possible targets with which every frame is compared.
TARGETS = ("start", "end", "other")
#: The possible choices of coordinates.
PARTS = ("all", "hidden", "output")
METHODS = ("auto", "exact", "sliced", "entropic", "debiased", "gaussian")


@dataclass(frozen=True)
class Comparison:
    """A comparison of every frame of `file` with its start, its end, or the frames of another file.

    Raises Refusal for a target, method or choice of coordinates that does not exist, and for an `other` file that is
    missing or not wanted.
    """

    file: Path
    other: Path | None
    to: str
    method: str = "auto"
    parts: str = "all"

    def __post_init__(self) -> None:
        chosen("target", self.to, TARGETS)
        chosen("method", self.method, METHODS)
        chosen("choice of parts", self.parts, PARTS)
        if (self.to == "other") != (self.other is not None):
            raise Refusal("A second file goes with --to other, and --to other needs one: meanfield distance A B.")


@dataclass(frozen=True)
class FrameDistance:
    """The distance of one frame, with its step and time."""

    step: int
    time: float
    found: Transport

    @property
    def line(self) -> str:
        """One line of the table: step, time, distance, method, and what is known of the error."""
        found = self.found
        if found.is_exact:
            known = "exact"
        elif found.gap is not None:
            known = f"at least {float(found.distance) - found.gap:.6g}"
        elif found.standard_error is not None:
            known = f"standard error {found.standard_error:.2g}"
        else:
            known = "lower bound"
        return f"{self.step:>10}  {self.time:>12.6g}  {float(found.distance):>12.6g}  {found.method}, {known}"

    @property
    def values(self) -> dict[str, Any]:
        """The same by name; `at_least` is a proven lower bound, `error` a standard error, None where there is none."""
        found = self.found
        value = float(found.distance)
        return {
            "step": self.step,
            "time": self.time,
            "distance": value,
            "method": found.method,
            "exact": found.is_exact,
            "at_least": None if found.gap is None else value - found.gap,
            "error": found.standard_error,
        }


#: The first line of the table.
HEADER = f"{'step':>10}  {'time':>12}  {'W2':>12}  method"


def frame_distances(comparison: Comparison) -> Iterator[FrameDistance]:
    """W_2 of every frame, one after the other; of another file the frame nearest in time is taken.

    Raises Refusal, with the sentence of the original error, for files and clouds that cannot be compared.
    """
    parts = None if comparison.parts == "all" else comparison.parts
    try:
        with ExitStack() as files:
            frames = files.enter_context(Trajectory.open(comparison.file))
            other = None if comparison.other is None else files.enter_context(Trajectory.open(comparison.other))
            steps, times = frames.steps, frames.times
            for number, cloud in enumerate(frames):
                time = float(times[number])
                target = _target(comparison.to, frames, other, time)
                yield FrameDistance(
                    int(steps[number]), time, transport(cloud, target, method=comparison.method, parts=parts)
                )
    except (TrajectoryError, TransportUnsolved, ValueError) as error:
        raise Refusal(str(error)) from error


def draw_distances(
    comparison: Comparison,
    found: list[FrameDistance],
    path: Path,
    *,
    log_values: bool = False,
    log_time: bool = True,
) -> None:
    """Draw W_2 against time into a PNG, PDF or SVG file, on a logarithmic time axis without time zero.

    Raises Refusal where it cannot be drawn or written, and where no distance is positive on a logarithmic axis.
    """
    shown = [frame for frame in found if frame.time > 0.0 or not log_time]
    times, values = (
        np.array(column) for column in zip(*((f.time, float(f.found.distance)) for f in shown), strict=True)
    )
    if log_values and not bool((values > 0.0).any()):
        raise Refusal(f"No distance of {comparison.file} is positive, as a logarithmic axis needs: leave --log out.")
    words = {"start": "from the start", "end": "from the end", "other": f"from {plain(str(comparison.other))}"}[
        comparison.to
    ]
    curve = Curve(plain(comparison.file.stem), COLOURS[0], times, values[None, :])
    label = r"$W_2$" if shown[-1].found.method != "sliced" else r"sliced $W_2$"
    panel = CurvePanel(f"Distance {words}", label, (curve,), log_values=log_values)
    check_drawable(np.stack([times, values]), comparison.file.name)
    try:
        with drawing(comparison.file.name):
            title = plain(comparison.file.name)
            draw_curves([panel], path, title=title, time_label="flow time", columns=1, log_time=log_time)
    except OSError as error:
        raise Refusal(f"{path} cannot be written ({error.strerror}): name another file with --out.") from error


def _target(to: str, frames: TrajectoryReader, other: TrajectoryReader | None, time: float) -> ParticleCloud:
    if other is not None:
        return other.at(time)
    return frames[0] if to == "start" else frames[-1]
