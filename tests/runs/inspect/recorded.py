"""Small trajectories whose every number is known, for the tests of what is read from files."""

from collections.abc import Mapping
from pathlib import Path

import torch

from flows.loop.checkpoint import Checkpoint
from particles import ParticleCloud, Trajectory

#: What is recorded at step s under a rate r: (1 + seed) exp(-r s).
TIMES = (0.0, 0.5, 1.0, 2.0)


def position(step: int, seed: int = 0, dim: int = 2) -> torch.Tensor:
    """Positions [3, dim] at a step."""
    return torch.arange(3.0 * dim, dtype=torch.float64).reshape(3, dim) + 10.0 * step + 100.0 * seed


def risk(step: int, rate: float, seed: int) -> float:
    """The observable's value."""
    return (1.0 + seed) * float(torch.exp(torch.tensor(-rate * step, dtype=torch.float64)))


def recorded(
    path: Path,
    *,
    rate: float = 1.0,
    seed: int = 0,
    times: tuple[float, ...] = TIMES,
    dim: int = 2,
    complete: bool = True,
    moving_masses: bool = False,
    kept: bool = False,
    sources: Mapping[str, str] | None = None,
    **parameters: object,
) -> Path:
    """A file with one frame and one record of `risk` and `mean` per time, under {"config": {"rate": rate, ...}}.

    kept: a run that is not finished and has a checkpoint; sources: checksums of what it was made of.
    """
    config = {"rate": rate, "width": 3, **parameters}
    given = {"config": config, **({} if sources is None else {"sources": sources})}
    path.parent.mkdir(parents=True, exist_ok=True)
    masses = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    with Trajectory.create(path, seed=seed, parameters=given, moving_masses=moving_masses) as writer:
        step_now = [0]
        recorder = writer.trace(
            risk=lambda cloud: risk(step_now[0], rate, seed), mean=lambda cloud: cloud.positions.mean(dim=0)
        )
        for step, time in enumerate(times):
            step_now[0] = step
            if moving_masses:
                masses = masses.roll(1)
            cloud = ParticleCloud(position(step, seed, dim), masses)
            recorder(step, time, cloud)
            writer(step, time, cloud)
        if kept:
            writer.keep(Checkpoint(len(times) - 1, times[-1], cloud, None))
        elif not complete:
            writer.close()
    return path
