"""The kernel density of weighted clouds as a law: a particle of theirs and Gaussian noise of their covariance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch

from particles.arguments.reals import non_negative
from particles.cloud import ParticleCloud
from particles.ensemble.clouds import Ensemble
from particles.errors import ShapeError
from particles.initial.resampling.row_blocks import in_blocks
from particles.initial.uniform_points import Points, Random
from particles.shapes import AnyFloat, Masses, Positions

#: One cloud, or several that count equally.
Clouds = ParticleCloud | Ensemble | Sequence[ParticleCloud]
#: Rules for the bandwidth, from n = 1 / sum_j lambda_j^2 particles of equal mass and the number d of coordinates.
RULES = {
    "scott": lambda n, d: n ** (-1.0 / (d + 4.0)),
    "silverman": lambda n, d: (n * (d + 2.0) / 4.0) ** (-1.0 / (d + 4.0)),
}


def merged(clouds: Clouds) -> ParticleCloud:
    """All particles of the clouds as one cloud, in which the clouds have equal masses in all.

    Raises ValueError for no clouds, ShapeError for particles with different numbers of coordinates.
    """
    several = [clouds] if isinstance(clouds, ParticleCloud) else list(clouds)
    if not several:
        raise ValueError("A law cannot be fitted to no clouds; give one or more.")
    sizes = sorted({cloud.dim for cloud in several})
    if len(sizes) > 1:
        raise ShapeError(f"The clouds have particles of {sizes} coordinates; fit a law to clouds of one dimension.")
    if len(several) == 1:
        return several[0]
    masses = torch.cat([cloud.masses.double() for cloud in several])
    return ParticleCloud(torch.cat([cloud.positions for cloud in several]), masses / masses.sum())


@dataclass(frozen=True, eq=False)
class KernelDensityLaw:
    """The density sum_j lambda_j N(theta; theta_j, h^2 C) of a weighted cloud, where C is the cloud's covariance.

    C = sum_j lambda_j (theta_j - mean)(theta_j - mean)^T. A draw is theta_J + h z with J drawn by the masses and z from
    N(0, C), also where C has no inverse. h is the `bandwidth`, or a rule for it: "scott", n^(-1/(d + 4)), or
    "silverman", (n (d + 2) / 4)^(-1/(d + 4)), with n = 1 / sum_j lambda_j^2 and d coordinates, which are right for
    Gaussian clouds (Silverman 1986, section 4.3). With h = 0 particles are drawn as they are.

    The covariance of draws is (1 + h^2) C, and in hundreds of coordinates the rules give an h near one. With `shrunk`
    draws are mean + (theta_J - mean + h z) / sqrt(1 + h^2), whose covariance is C whatever h is (Silverman and Young
    1987), and a large h gives the Gaussian law of the cloud's mean and covariance. `points` is the source of uniform
    numbers.

    `KernelDensityLaw.of(clouds)` fits it to several clouds. Raises ValueError for a bandwidth that is neither a rule
    nor a finite non-negative number, TypeError for a shared cloud.
    """

    cloud: ParticleCloud
    bandwidth: float | str = "scott"
    shrunk: bool = False
    points: Points = Random()

    def __post_init__(self) -> None:
        if self.cloud.shared_by is not None:
            raise TypeError("A shared cloud is held by several processes; fit a law to the whole cloud.")
        if isinstance(self.bandwidth, str) and self.bandwidth not in RULES:
            raise ValueError(
                f"The bandwidth is {self.bandwidth!r}, but a number or one of {', '.join(map(repr, RULES))} is needed."
            )
        if not isinstance(self.bandwidth, str):
            object.__setattr__(self, "bandwidth", non_negative(self.bandwidth, "The bandwidth"))

    @classmethod
    def of(
        cls, clouds: Clouds, bandwidth: float | str = "scott", *, shrunk: bool = False, points: Points = Random()
    ) -> Self:
        """The law of all particles of these clouds, each of which counts alike; raises as `merged` and the class."""
        return cls(merged(clouds), bandwidth, shrunk, points)

    @property
    def width(self) -> float:
        """h."""
        if not isinstance(self.bandwidth, str):
            return self.bandwidth
        alike = 1.0 / float(self.cloud.masses.double().square().sum())
        return float(RULES[self.bandwidth](alike, self.cloud.dim))

    def sample(self, *, masses: Masses, seed: int) -> ParticleCloud:
        """Independent draws as a cloud with these masses [particles], in their dtype and on their device.

        The same seed gives the same positions, and more masses begin with those of fewer.
        """
        uniforms = self.points.draw(len(masses), 1 + len(self._root), seed)
        levels = self._held.masses.double().cumsum(dim=0)
        chosen = torch.searchsorted(levels, uniforms[:, 0] * levels[-1], right=True).clamp(max=len(levels) - 1)
        root = self.width * self._root.double()
        noise = in_blocks(lambda rows: rows @ root, torch.special.ndtri(uniforms[:, 1:]))
        positions = self._held.positions[chosen].double() + noise
        if self.shrunk:
            positions = self._mean + (positions - self._mean) / math.sqrt(1.0 + self.width**2)
        return ParticleCloud(positions.to(masses), masses)

    @cached_property
    def _held(self) -> ParticleCloud:
        """The cloud where the uniform numbers are."""
        return self.cloud.detached().to(device="cpu")

    @cached_property
    def _mean(self) -> AnyFloat:
        return (self._held.masses @ self._held.positions).double()

    @cached_property
    def _root(self) -> Positions:
        """R [rank, dim] with R^T R = C; no rows where there is no noise."""
        if self.width == 0.0:
            return self._held.positions[:0]
        centred = self._held.positions - self._mean.to(self._held.positions)
        root: Positions = torch.linalg.qr(centred.mul_(self._held.masses.sqrt()[:, None]), mode="r").R
        return root
