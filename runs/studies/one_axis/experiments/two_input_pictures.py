"""Particles of the students of figure 6: their trajectories, films, and panels of theta and of u."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import torch

from particles import ParticleCloud, Trajectory
from particles.trajectory import TrajectoryWriter
from runs.figures.film import animate
from runs.figures.palette import COLOURS, GREY
from runs.studies.one_axis.teacher import FOUND, TEACHER, Kind
from runs.study.panels import Line, Panel

#: Steps of which a frame is kept are the powers of this, rounded; and bars of the histogram from these u on.
GROWTH, BARS = 1.2, np.linspace(-2.0, 3.0, 51)


@dataclass
class Film(AbstractContextManager["Film"]):
    """A trajectory of (theta_j, u_j) with masses |u_j| / sum |u|, and its film: particles that are wasted vanish."""

    path: Path | None
    kept: TrajectoryWriter | None = field(default=None)
    next: float = 0.0

    @classmethod
    def of(cls, folder: Path, kind: Kind, seed: int, wanted: bool) -> Self:
        """That of the first student of a kind in the folder; nothing is kept where it is not wanted."""
        if not wanted:
            return cls(None)
        parameters = {"study": "one-axis", "experiment": "E4.5", "kind": kind.name}
        path = file_of(folder, kind)
        return cls(path, Trajectory.create(path, seed=seed, parameters=parameters, moving_masses=True, overwrite=True))

    def __call__(self, step: int, cloud: ParticleCloud) -> None:
        """Keep a frame, where one is due."""
        if self.kept is None or step < self.next:
            return
        self.next = max(step + 1.0, step * GROWTH)
        sizes = cloud.positions[:, -1].abs()
        self.kept(step, float(step), ParticleCloud(cloud.positions, sizes / sizes.sum()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the trajectory, and make the film of one that is complete."""
        if self.kept is not None and self.path is not None:
            self.kept.close()
            if error is None:
                animate(self.path)


def file_of(folder: Path, kind: Kind) -> Path:
    """Where the particles of the first student of a kind lie."""
    return folder / f"teacher-{kind.name.replace(' + ', '-')}.h5"


def shown_particles(file: str, folder: Path, kinds: Sequence[Kind]) -> list[Panel]:
    """theta of each kind at the end, those of u >= 1 coloured, and histograms of u; none where nothing was kept."""
    if not all(file_of(folder, kind).exists() for kind in kinds):
        return []
    scattered, bars = [], []
    for kind, colour in zip(kinds, COLOURS, strict=False):
        with Trajectory.open(file_of(folder, kind)) as trajectory:
            positions = trajectory[-1].positions.double()
        u = positions[:, -1]
        points = (
            ("u < 1", GREY, positions[u < FOUND]),
            ("u ≥ 1", colour, positions[u >= FOUND]),
            ("teacher", "black", TEACHER),
        )
        lines = tuple(_points(label, shade, rows) for label, shade, rows in points if len(rows))
        words = f"Particles, {kind.name}"
        scattered.append(Panel(file, words, r"$\theta_1$", lines, "", r"$\theta_2$", log_x=False, log_y=False))
        heights = np.histogram(u.clamp(BARS[0], BARS[-1] - 1e-9).numpy(), BARS)[0] / len(u)
        one = Line("", colour, BARS[:-1], heights[:, None], "bars")
        bars.append(Panel(file, f"Output weights, {kind.name}", "u", (one,), "fraction", log_x=False, log_y=False))
    return [*scattered, *bars]


def _points(label: str, colour: str, rows: torch.Tensor) -> Line:
    x, y = rows[:, 0].numpy(), rows[:, 1].numpy()
    return Line(label, colour, x, y[:, None], "points")
