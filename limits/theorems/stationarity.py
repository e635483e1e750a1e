"""Whether a noisy run has come to rest: the virial identity, which every stationary law obeys, whatever its form."""

import math
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.base import Assumption, Result, Statement, as_value, fails, unchecked
from limits.theorems.observed import PerFrame, frames_of, in_double
from particles import ParticleCloud, ShapeError
from particles.arguments.reals import non_negative
from particles.shapes import Velocity

IDENTITY = Statement(
    "at rest -E theta . v = E sigma^2 / 2 in the mean over coordinates: E theta . grad psi = T",
    "Clausius 1870; Ito's formula for |theta|^2",
)
#: Fewest frames that a mean over time is taken of, and fewest blocks that its error is told from.
LEAST_FRAMES, LEAST_BLOCKS = 64, 16


@runtime_checkable
class Noisy(Protocol):
    """d theta = v dt + sigma dW, as `flows.LangevinFlow` is."""

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """v [particles, dim]."""
        ...

    def diffusion(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """sigma [particles, dim]."""
        ...


def virial_identity(
    flow: Noisy,
    run: Recorded | list[tuple[float, ParticleCloud]],
    *,
    columns: slice | None = None,
    chosen: Float[Tensor, " particles"] | None = None,
    step: float = 0.0,
) -> Result:
    """-E[theta v + step v^2 / 2] = E[sigma^2 / 2], averaged over coordinates, over particles by mass, and over frames.

    Ito's formula for theta_jc^2 gives E[theta_jc v_jc] = -sigma_jc^2 / 2 for each coordinate of each particle of a
    stationary run: with v = -eta_j grad_j Phi and sigma^2 = 2 eta_j T it says E[theta_j . grad_j Phi] = dim T. It needs
    no Gibbs law, so it holds for any masses, mobilities and pairings, for groups at different temperatures, and for
    every number of particles. `columns` selects coordinates, as a group's slice does, and `chosen` particles, those
    where it is not zero. `step`: that of Euler-Maruyama, whose own stationary law obeys the identity with the term in
    v^2 exactly. The run is frames after it has come to rest, which may be as correlated as they like: see
    `error_of_mean`. Assumed is noise; raises ValueError for fewer than 64 frames or times that do not increase, and
    ShapeError where `chosen` is not one number for each particle.
    """
    step = non_negative(step, "The step")
    times, clouds = frames_of(run)
    if len(times) < LEAST_FRAMES:
        raise ValueError(f"A mean over {len(times)} frames has no error to tell; give {LEAST_FRAMES} or more.")
    rows = [_sides(flow, float(at), one, columns, chosen, step) for at, one in zip(times, clouds, strict=True)]
    pulled, heat = torch.tensor(rows, dtype=torch.float64).T
    assumptions = (Assumption("noise in some of these coordinates", bool((heat > 0.0).all())),)
    if fails(assumptions):
        return unchecked(IDENTITY, assumptions)
    return as_value(IDENTITY, assumptions, float(heat.mean()), float(pulled.mean()), error_of_mean(pulled - heat))


def error_of_mean(values: PerFrame) -> float:
    """Standard error of the mean of a stationary series [frames], whose values may be correlated.

    Blocks of 1, 2, 4, ... values have means that are less and less correlated; the largest of the errors that they
    give, as long as there are sixteen, is taken (Flyvbjerg and Petersen 1989). It is too small for a series that is
    shorter than some thirty times its correlations reach.
    """
    found, blocks = 0.0, values.double()
    while len(blocks) >= LEAST_BLOCKS:
        found = max(found, float(blocks.std()) / math.sqrt(len(blocks)))
        blocks = blocks[: 2 * (len(blocks) // 2)].reshape(-1, 2).mean(dim=1)
    return found if found > 0.0 or len(values) >= LEAST_BLOCKS else math.nan


def _sides(
    flow: Noisy, time: float, stored: ParticleCloud, columns: slice | None, chosen: Tensor | None, step: float
) -> tuple[float, float]:
    """Both sides of the identity for one frame."""
    cloud = in_double(stored)
    shares = cloud.masses
    if chosen is not None:
        if chosen.shape != shares.shape:
            raise ShapeError(f"Chosen are {tuple(chosen.shape)} of {cloud.count} particles; give a number for each.")
        shares = shares * (chosen != 0.0)
    shares = shares / shares.sum()
    v, sigma = flow.velocity(cloud, time), flow.diffusion(cloud, time)
    part = slice(None) if columns is None else columns
    moving = sigma.abs().sum(dim=0) + v.abs().sum(dim=0) > 0.0
    kept = torch.zeros_like(moving)
    kept[part] = moving[part]
    pulled, heat = -(cloud.positions * v + 0.5 * step * v.square()), 0.5 * sigma.square()
    return float(shares @ pulled[:, kept].mean(dim=1)), float(shares @ heat[:, kept].mean(dim=1))
