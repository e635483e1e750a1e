"""The noisy flow: gradient descent of a free energy, or of a potential in a heat bath."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch

from flows.fields.batches import Minibatches
from particles import ParticleCloud, Risk
from particles.arguments.reals import non_negative
from particles.shapes import PerParticle, Velocity

PAIRINGS = ("measure", "joint")


@dataclass(frozen=True)
class LangevinFlow:
    """d theta_j = -eta_j grad_{theta_j} (R + U) dt + sigma_j dW_j,  U = sum_j lambda_j (confinement / 2) |theta_j|^2.

    Temperature T, constant or a function of time, and two pairings of mobility and noise:

    - "measure": sigma_j = sqrt(2 eta_j lambda_j T), the gradient flow of the free energy
      R + U + T sum_j lambda_j log rho(theta_j) of the mass-weighted measure; under `MeanField` every particle has noise
      sqrt(2 T). For equal masses the joint law exp(-m (R + U) / T) is stationary (Mei, Montanari and Nguyen 2018).
    - "joint": sigma_j = sqrt(2 eta_j T), for which exp(-(R + U) / T) is stationary for any count and any mobilities.

    Only trained coordinates are confined and shaken. The confinement adds to the risk's own regulariser.

    With `batches` the gradient at a time is that of the batch in force: with `EulerMaruyama` of the same step this is
    stochastic gradient Langevin dynamics (Welling and Teh 2011), whose batches shake the particles beside the noise.
    """

    risk: Risk
    temperature: float | Callable[[float], float]
    confinement: float = 0.0
    pairing: str = "measure"
    batches: Minibatches | None = field(default=None, metadata={"optional": True})
    stackable: ClassVar[bool] = True
    shareable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.pairing not in PAIRINGS:
            raise ValueError(f"pairing is {self.pairing!r}, but one of {', '.join(map(repr, PAIRINGS))} is needed.")
        object.__setattr__(self, "confinement", non_negative(self.confinement, "The confinement"))
        if not callable(self.temperature):
            object.__setattr__(self, "temperature", non_negative(self.temperature, "The temperature"))

    @property
    def piece(self) -> float | None:
        """How long each batch is in force; None without batches."""
        return None if self.batches is None else self.batches.step

    def risk_at(self, time: float) -> Risk:
        """R, or that of the batch in force at this time."""
        return self.risk if self.batches is None else self.batches.risk_at(self.risk, time)

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-eta_j grad_{theta_j} (R + U) [particles, dim]."""
        force = self.force(cloud, time)
        return force if self._strength == 0.0 else force - self.decay(cloud, time) * cloud.positions

    def force(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """The part that comes from the data, -eta_j grad_{theta_j} sum_i p_i loss(f(x_i), y_i) [particles, dim]."""
        here = self.risk_at(time).at(cloud)
        return here.pull(-here.cotangents)

    def decay(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """eta_j lambda_j (confinement + L2 strength) in every trained coordinate, zero in frozen ones.

        velocity = force - decay theta. Returns [particles, dim].
        """
        return self._in_trained(cloud, self._strength * self._mobility(cloud) * cloud.masses)

    def diffusion(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """sigma_j in every trained coordinate, zero in frozen ones [particles, dim]."""
        variance = 2.0 * self.temperature_at(time) * self._mobility(cloud)
        if self.pairing == "measure":
            variance = variance * cloud.masses
        return self._in_trained(cloud, variance.sqrt())

    def temperature_at(self, time: float) -> float:
        """T at this time."""
        found = self.temperature(time) if callable(self.temperature) else self.temperature
        return non_negative(found, "The temperature")

    def _mobility(self, cloud: ParticleCloud) -> PerParticle:
        return self.risk.scaling.mobility(cloud.masses)

    def _in_trained(self, cloud: ParticleCloud, values: PerParticle) -> Velocity:
        result = torch.zeros_like(cloud.positions)
        result[:, self.risk.network.neuron.trained_columns] = values[:, None]
        return result

    @property
    def _strength(self) -> float:
        return self.confinement + self.risk.strength
