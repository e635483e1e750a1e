"""Bumps that fit a concave density on the unit ball, and what they follow as they grow many and narrow.

The paper's loss L = E (f - f_N)^2 has no 1/2 and is twice our risk, so its time t is 2 t of flow time and a temperature
of its equation half of it in ours.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
from torch import Tensor

from flows import (
    Ball,
    Euler,
    EulerMaruyama,
    Every,
    FixedStep,
    Flow,
    GradientFlow,
    Heun,
    LangevinFlow,
    MinibatchFlow,
    Online,
    Walled,
    evolve,
)
from limits import Density, Grid, Interval, PorousDensities, PorousMedium, Shells
from limits.mean_field.shells import unit_ball
from particles import Bump, Dataset, MeanField, ParticleCloud, Risk, Squared, generator

#: The paper's loss in units of our risk, and its time in flow time.
PAPERS = 2.0
#: Where the particles on the interval start: N(0.4, 0.25^2), cut off at the walls, if not around another place.
PLACE, SPREAD = 0.4, 0.25
#: In balls they start in one of this radius, whose centre is so far from zero.
RADIUS, OFF = 0.3, 0.3
#: Standard deviation of the noise of targets of single data.
NOISE = 0.05
#: Inputs are apart by this part of the width, and steps of flow time are this times its square, or LONGEST.
APART, STEP, LONGEST = 0.5, 4.0, 0.05
#: Steps with batches are so many times shorter: one datum moves all bumps around it together, by width^(-2).
SHORTER = 10


@dataclass(frozen=True)
class Hill:
    """f(x) = c (1 - |x|^2) in the unit ball of `dim` dimensions, c = (dim + 2) / (2 |Omega|): of integral one."""

    dim: int

    @property
    def volume(self) -> float:
        """|Omega|."""
        return unit_ball(self.dim)

    @property
    def height(self) -> float:
        """c."""
        return 0.5 * (self.dim + 2.0) / self.volume

    @property
    def concavity(self) -> float:
        """mu = 2 c."""
        return 2.0 * self.height

    @property
    def rate(self) -> float:
        """4 mu / |Omega|."""
        return 4.0 * self.concavity / self.volume

    def along(self, r: Tensor) -> Tensor:
        """f as a function of |x|, or of x on the interval."""
        return self.height * (1.0 - r.square())

    def target(self, x: Tensor) -> Tensor:
        """f at points [data, dim]."""
        return self.height * (1.0 - x.square().sum(dim=1))

    def medium(self, cells: int, temperature: float = 0.0) -> PorousMedium:
        """The limit."""
        grid = Interval(-1.0, 1.0, cells) if self.dim == 1 else Shells(1.0, self.dim, cells)
        return PorousMedium(self.along, grid, temperature)


@dataclass(frozen=True)
class Bumps:
    """So many bumps of a width, that fit the hill between the walls of the ball; on the interval around `place`."""

    hill: Hill
    count: int
    width: float
    place: float = PLACE

    @cached_property
    def risk(self) -> Risk:
        """L / 2, with a sum over a regular grid of inputs for the expectation."""
        rows = math.ceil(2.0 / (APART * self.width))
        line = (torch.arange(rows, dtype=torch.float64) + 0.5) * (2.0 / rows) - 1.0
        x = torch.stack(torch.meshgrid(*[line] * self.hill.dim, indexing="ij"), dim=-1).reshape(-1, self.hill.dim)
        x = x[x.norm(dim=1) <= 1.0]
        data = Dataset(x, self.hill.target(x))
        return Risk(neuron=Bump(self.hill.dim, self.width), scaling=MeanField(), loss=Squared(), data=data)

    @property
    def step(self) -> float:
        """The step, in flow time."""
        return min(LONGEST, STEP * self.width**2)

    def start(self, seed: int) -> ParticleCloud:
        """Independent centres: on the interval of the law `begun`, in balls uniform in a small one."""
        draw, dim = generator(seed, "centres"), self.hill.dim
        if dim == 1:
            low, high = (float(torch.special.ndtr(torch.tensor((wall - self.place) / SPREAD))) for wall in (-1.0, 1.0))
            levels = low + (high - low) * torch.from_numpy(draw.random((self.count, 1)))
            return ParticleCloud((self.place + SPREAD * torch.special.ndtri(levels)).clamp(-1.0, 1.0))
        directions = torch.from_numpy(draw.standard_normal((self.count, dim)))
        lengths = RADIUS * torch.from_numpy(draw.random((self.count, 1))) ** (1.0 / dim)
        centres = lengths * directions / directions.norm(dim=1, keepdim=True)
        centres[:, 0] += OFF
        return ParticleCloud(centres)

    def seen(self, seed: int, until: float, frames: int, temperature: float = 0.0, batch: int = 0) -> list["Seen"]:
        """The cloud at so many equidistant times of the paper after the start, and at the start."""
        flow, scheme = self._flow(seed, temperature, batch)
        found: list[Seen] = []

        def keep(step: int, time: float, cloud: ParticleCloud) -> None:
            found.append(Seen(time / PAPERS, PAPERS * float(self.risk(cloud)), cloud))

        watched = [Every(time=PAPERS * until / frames, observer=keep)]
        evolve(flow, self.start(seed), Walled(scheme, Ball(1.0)), until=PAPERS * until, observers=watched, seed=seed)
        return found

    def _flow(self, seed: int, temperature: float, batch: int) -> tuple[Flow, FixedStep]:
        if temperature:
            return LangevinFlow(self.risk, temperature / PAPERS), EulerMaruyama(self.step)
        if not batch:
            return GradientFlow(self.risk), Heun(self.step)

        def sample(own: int, number: int) -> Dataset:
            draw = generator(own, f"batch {number}")
            x = torch.from_numpy(2.0 * draw.random((batch, 1)) - 1.0)
            return Dataset(x, self.hill.target(x)[:, None] + NOISE * torch.from_numpy(draw.standard_normal((batch, 1))))

        step = self.step / SHORTER
        return MinibatchFlow(self.risk, Online(sample, seed), step), Euler(step)


@dataclass(frozen=True, eq=False)
class Seen:
    """A time of the paper, L there, and the cloud."""

    time: float
    excess: float
    cloud: ParticleCloud


def begun(x: Tensor) -> Tensor:
    """The density from which the centres on the interval are drawn, up to a factor."""
    return torch.exp(-0.5 * ((x - PLACE) / SPREAD).square())


@lru_cache(maxsize=4)
def limit(cells: int, until: float, frames: int, temperature: float = 0.0) -> PorousDensities:
    """The porous-medium equation on the interval at the times of the frames."""
    times = [until * frame / frames for frame in range(frames + 1)]
    return Hill(1).medium(cells, temperature).solve(begun, times)


def distance(cloud: ParticleCloud, law: PorousDensities, frame: int) -> float:
    """W1 of a cloud of equal masses on the line and the limit at a frame, by quantiles at (j - 1/2) / N."""
    if not isinstance(law.grid, Interval):
        raise TypeError("Quantiles are of one coordinate, but the limit is that in a ball; take the interval.")
    levels = (torch.arange(cloud.count, dtype=torch.float64) + 0.5) / cloud.count
    places = Density(Grid((law.grid,)), law.masses[frame]).quantile(levels)
    return float((cloud.positions[:, 0].sort().values - places).abs().mean())
