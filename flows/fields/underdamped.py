"""The noisy flow with inertia: kinetic Langevin dynamics of a risk."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch

from flows.fields.batches import Minibatches
from flows.fields.kinetic import KineticCloud, kinetic
from flows.fields.langevin import LangevinFlow, Temperature
from flows.noise import StepNoise, checked_first, checked_seed
from particles import ParticleCloud, Risk
from particles.arguments.reals import positive
from particles.shapes import Scalar, Velocity

#: Stream of the noise from which velocities in equilibrium are drawn.
MAXWELLIAN = 3


@dataclass(frozen=True)
class UnderdampedFlow:
    """d theta_j = v_j dt,  d v_j = [-eta_j grad_{theta_j} (R + U) - gamma v_j] dt + sqrt(2 gamma) a_j dW_j.

    U = sum_j lambda_j (confinement / 2) |theta_j|^2, gamma the friction, 1 / eta_j the inertia of particle j, and a_j
    the standard deviation of a velocity in equilibrium, in two pairings as in `LangevinFlow`:

    - "measure": a_j = sqrt(eta_j lambda_j T), under `MeanField` sqrt(T) for every particle. For equal masses
      exp(-m H / T) is stationary, H = R + U + sum_j |v_j|^2 / (2 eta_j).
    - "joint": a_j = sqrt(eta_j T), for which exp(-H / T) is stationary for any count, masses and mobilities.

    In positions these two laws are those of `LangevinFlow`, whose paths at time t / gamma are met for large friction.
    Temperature and confinement may be given for groups of coordinates as in `LangevinFlow`, and eta_j is eta_j rate(q)
    in coordinates q whose group has a rate; temperatures that differ have no law of the form exp(-H / T).
    "measure" with unequal masses is out of equilibrium, with a stationary law of its own at every friction; every
    particle tends to exp(-V / T) as the masses become small (Mei, Montanari and Nguyen 2018, in positions).

    Velocities live in a `KineticCloud`; any other cloud is at rest, `maxwellian` gives it the velocities of
    equilibrium. Frozen coordinates are not driven, so they stay where they are if they are at rest.

    With `batches` the acceleration at a time is that of the batch in force (Chen, Fox and Guestrin 2014). `BAOAB` asks
    for it at multiples of its step, each time once, so every batch kicks by the gradient at the places met in its time.
    """

    risk: Risk
    temperature: Temperature | Mapping[str, Temperature]
    friction: float
    confinement: float | Mapping[str, float] = 0.0
    pairing: str = "measure"
    batches: Minibatches | None = field(default=None, metadata={"optional": True})

    def __post_init__(self) -> None:
        object.__setattr__(self, "friction", positive(self.friction, "The friction"))
        plain = self._overdamped
        object.__setattr__(self, "temperature", plain.temperature)
        object.__setattr__(self, "confinement", plain.confinement)

    @property
    def piece(self) -> float | None:
        """How long each batch is in force; None without batches."""
        return self._overdamped.piece

    def risk_at(self, time: float) -> Risk:
        """R, or that of the batch in force at this time."""
        return self._overdamped.risk_at(time)

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """v_j [particles, dim]."""
        return kinetic(cloud).velocities

    def acceleration(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-eta_j grad_{theta_j} (R + U) [particles, dim]."""
        return self._overdamped.velocity(cloud, time)

    def agitation(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """a_j in every trained coordinate, zero in frozen ones [particles, dim]."""
        return math.sqrt(0.5) * self._overdamped.diffusion(cloud, time)

    def maxwellian(self, cloud: ParticleCloud, seed: int = 0, time: float = 0.0, first: int = 0) -> KineticCloud:
        """The cloud with independent velocities N(0, a_j^2), addressed by seed and `first` like the noise of a run."""
        normals = StepNoise(checked_seed(seed), 0, MAXWELLIAN).normals(cloud.positions, checked_first(first, cloud))
        return KineticCloud(cloud.positions, cloud.masses, self.agitation(cloud, time) * normals)

    def kinetic_energy(self, cloud: ParticleCloud) -> Scalar:
        """sum_j |v_j|^2 / (2 eta_j), an observable; coordinates that cannot move have none."""
        mobilities, squares = self.risk.network.scaled(cloud.masses).mobilities, kinetic(cloud).velocities.square()
        moving = mobilities > 0.0
        if mobilities.shape[1] == 1:
            squares = squares.sum(dim=1, keepdim=True)
        energies = 0.5 * squares / torch.where(moving, mobilities, 1.0)
        return torch.where(moving, energies, 0.0).sum()

    @cached_property
    def _overdamped(self) -> LangevinFlow:
        return LangevinFlow(self.risk, self.temperature, self.confinement, self.pairing, self.batches)
