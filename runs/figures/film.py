"""A film of a trajectory: the first two coordinates of its particles, frame by frame, as a GIF or MP4."""

from pathlib import Path
from subprocess import CalledProcessError

import numpy as np
from matplotlib.animation import PillowWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from particles import ParticleCloud, Trajectory, TrajectoryError
from particles.trajectory import TrajectoryReader
from runs.figures.encoder import video_writer
from runs.figures.figures import AT_THE_TIME, check_drawable, drawing, plain, plain_axes, start_and_end
from runs.figures.palette import COLOURS, START
from runs.figures.settle import settle
from runs.recorded.plane import Plane, plane_of
from runs.system.files import replacing
from runs.system.refusal import Refusal

#: Largest number of pictures, taken evenly from the frames, and number of pictures a second.
MOST_PICTURES, SPEED = 100, 10
#: Pictures a second, least and most; programs that show a GIF know hundredths of a second, and few show one alone.
SLOWEST, FASTEST = 1, 50
DOTS_PER_INCH = 80

#: Endings of the files that are written; MP4 needs an encoder.
ENDINGS = (".gif", ".mp4")


def animate(file: Path, out: Path | None = None, coordinates: str | None = None, fps: int = SPEED) -> Path:
    """Draw a trajectory into a GIF, by default FILE.gif beside it, or an MP4, and return its path.

    All pictures have the same limits, and there are `fps` of them a second. The area of a particle grows with its mass,
    and its start is grey. Coordinates are chosen as by `plane_of`. Raises Refusal where particles have fewer than two
    coordinates, there is no frame, no program encodes MP4, a file cannot be read or written, and for another fps than
    from 1 to 50.
    """
    if not SLOWEST <= fps <= FASTEST:
        raise Refusal(f"{fps} pictures a second were asked for: give --fps from {SLOWEST} to {FASTEST}.")
    target = file.with_suffix(".gif") if out is None else out
    if target.suffix.lower() not in ENDINGS:
        raise Refusal(f"{target} ends neither in .gif nor in .mp4, but one of these is written: name such a file.")
    if not target.parent.is_dir():
        raise Refusal(f"{target} cannot be written, there is no folder {target.parent}: name another file.")
    try:
        with Trajectory.open(file) as trajectory, drawing(file.name):
            _draw(trajectory, plain(file.name), target, coordinates, fps)
    except TrajectoryError as error:
        raise Refusal(str(error)) from error
    except CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines() or ["it did not say why"]
        raise Refusal(f"{target} was not encoded by {error.cmd[0]} ({said[-1]}): write a .gif instead.") from error
    except OSError as error:
        raise Refusal(f"{target} cannot be written ({error.strerror or error}): name another file.") from error
    return target


def pictured(count: int) -> list[int]:
    """The numbers of the frames that are drawn: all, or evenly spaced ones with the first and the last."""
    return [int(index) for index in np.unique(np.linspace(0, count - 1, min(count, MOST_PICTURES)).round())]


def _draw(trajectory: TrajectoryReader, title: str, target: Path, coordinates: str | None, fps: int) -> None:
    if not len(trajectory) or trajectory[0].dim < 2:
        raise Refusal(f"{title} has no frame of particles with two coordinates, which a moving picture needs.")
    numbers = pictured(len(trajectory))
    plane = plane_of(trajectory, coordinates)
    low, high = _limits(trajectory, numbers, plane)
    figure = Figure(figsize=(5.0, 5.4), layout="constrained", dpi=DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    axis = figure.add_subplot(
        xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel=plane.labels[0], ylabel=plane.labels[1]
    )
    axis.set_box_aspect(1.0)
    plain_axes(axis)
    start = trajectory[0]
    x, y = plane.of(start.positions).T
    axis.scatter(x, y, s=_areas(start), color=START, alpha=0.6, linewidths=0.0)
    dots = axis.scatter([], [], color=COLOURS[0], edgecolors="white", linewidths=0.3, alpha=0.8)
    heading = axis.set_title(f"{title}\n{_said(trajectory.times[-1])}")
    figure.legend(handles=start_and_end(AT_THE_TIME), loc="outside lower center", ncols=2, frameon=False, fontsize=8.5)
    settle(figure)
    name, _, _ = heading.get_text().rpartition("\n")
    times = trajectory.times
    unfinished = target.absolute().with_name(f".{target.stem}.part{target.suffix.lower()}")
    writer = PillowWriter(fps=fps) if unfinished.suffix == ".gif" else video_writer(fps)
    with replacing(target, unfinished), writer.saving(figure, str(unfinished), DOTS_PER_INCH):
        for number in numbers:
            cloud = trajectory[number]
            dots.set_offsets(plane.of(cloud.positions))
            dots.set_sizes(_areas(cloud))
            heading.set_text(f"{name}\n{_said(times[number])}")
            writer.grab_frame()


def _said(time: float) -> str:
    """The line of the title that changes; the layout is found once, so that pictures do not move."""
    return f"time {time:.6g}"


def _areas(cloud: ParticleCloud) -> np.ndarray:
    """Areas of the discs [particles], linear in the mass, with a constant that makes the lightest visible."""
    areas: np.ndarray = 8.0 + 400.0 * cloud.masses.double().numpy()
    return areas


def _limits(trajectory: TrajectoryReader, numbers: list[int], plane: Plane) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper corner of a box, with a margin, around the particles of these frames."""
    ends = [(points.min(axis=0), points.max(axis=0)) for points in (plane.of(trajectory[n].positions) for n in numbers)]
    low, high = (np.array([end[side] for end in ends]) for side in (0, 1))
    check_drawable(np.stack([low, high]), "A frame")
    lowest, highest = low.min(axis=0), high.max(axis=0)
    margin = 0.05 * np.maximum(highest - lowest, 1e-12) + 1e-12
    return lowest - margin, highest + margin
