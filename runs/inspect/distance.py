"""Wasserstein distances of the frames of a trajectory file from its start, its end, or the frames of another file."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

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


def draw_distances(comparison: Comparison, found: list[FrameDistance], path: Path) -> None:
    """Draw W_2 against time, without time zero, into a PNG file; raises Refusal where it cannot be drawn or written."""
    later = [frame for frame in found if frame.time > 0.0]
    times, values = (
        np.array(column) for column in zip(*((f.time, float(f.found.distance)) for f in later), strict=True)
    )
    words = {"start": "from the start", "end": "from the end", "other": f"from {plain(str(comparison.other))}"}[
        comparison.to
    ]
    curve = Curve(plain(comparison.file.stem), COLOURS[0], times, values[None, :])
    label = r"$W_2$" if later[0].found.method != "sliced" else r"sliced $W_2$"
    panel = CurvePanel(f"Distance {words}", label, (curve,), log_values=False)
    check_drawable(np.stack([times, values]), comparison.file.name)
    try:
        with drawing(comparison.file.name):
            draw_curves([panel], path, title=plain(comparison.file.name), time_label="flow time", columns=1)
    except OSError as error:
        raise Refusal(f"{path} cannot be written ({error.strerror}): name another file with --figure.") from error


def _target(to: str, frames: TrajectoryReader, other: TrajectoryReader | None, time: float) -> ParticleCloud:
    if other is not None:
        return other.at(time)
    return frames[0] if to == "start" else frames[-1]
