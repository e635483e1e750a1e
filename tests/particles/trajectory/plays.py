"""A small run that every trajectory test plays: its clouds, what it records, and the datasets that come of it."""

from pathlib import Path

import torch

from particles.cloud import ParticleCloud
from particles.trajectory import Trajectory, TrajectoryWriter
from tests.draws import normals, unequal

START = ParticleCloud(normals(5, 2, seed=70), unequal(5))


def at_step(step: int) -> ParticleCloud:
    """The cloud of the run at a step: nothing but a function of the step, as a resumed run needs it."""
    return START.moved(START.positions * (1.0 + 0.1 * step))


def mean(cloud: ParticleCloud) -> torch.Tensor:
    """Mean position [dim]."""
    return cloud.positions.mean(dim=0)


def spread(cloud: ParticleCloud) -> torch.Tensor:
    """Mean square of all coordinates."""
    return cloud.positions.square().mean()


def play(writer: TrajectoryWriter, last: int, *, frames_every: int = 2, first: str = "frames") -> None:
    """Run on from the writer's last frame up to a step: frames every few steps, observables at each and at each third.

    first: whether "frames" or "observables" come first within a step.
    """
    every, third = writer.trace(spread=spread), writer.trace(mean=mean)
    start = 0 if writer.last is None else writer.last[0] + 1
    for step in range(start, last + 1):
        due = [(every, 1), (third, 3)]
        for observer, period in [(writer, frames_every), *due] if first == "frames" else [*due, (writer, frames_every)]:
            if step % period == 0:
                observer(step, 0.5 * step, at_step(step))


def played(path: Path, last: int, *, first: str = "frames") -> Path:
    """A whole run in a new file."""
    with Trajectory.create(path, seed=0) as writer:
        play(writer, last, first=first)
    return path
