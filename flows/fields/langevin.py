"""The noisy flow: gradient descent of a free energy, or of a potential in a heat bath."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from flows.fields.batches import Minibatches
from particles import ParticleCloud, Risk
from particles.arguments.reals import non_negative
from particles.neurons.groups import one_or_per_group
from particles.risk.network import Scaled
from particles.shapes import AnyFloat, Velocity

PAIRINGS = ("measure", "joint")
#: A temperature that stays, or a function of time.
Temperature = float | Callable[[float], float]


@dataclass(frozen=True)
class LangevinFlow:
    """d theta_j = -eta_j grad_{theta_j} (R + U) dt + sigma_j dW_j,  U = sum_j lambda_j (confinement / 2) |theta_j|^2.

    Temperature T, constant or a function of time, and two pairings of mobility and noise:

    - "measure": sigma_j = sqrt(2 eta_j lambda_j T), the gradient flow of the free energy
      R + U + T sum_j lambda_j log rho(theta_j) of the mass-weighted measure; under `MeanField` every particle has noise
      sqrt(2 T). For equal masses the joint law exp(-m (R + U) / T) is stationary (Mei, Montanari and Nguyen 2018).
    - "joint": sigma_j = sqrt(2 eta_j T), for which exp(-(R + U) / T) is stationary for any count and any mobilities.

    Temperature and confinement may be given for groups of coordinates, {"hidden": 0.1, "output": 0.0}; others have
    none. Where the scaling has rates, eta_j is eta_j rate(q) in coordinate q, which keeps the stationary laws above.
    Temperatures that differ do not: heat flows from group to group, and no law of the form exp(-E / T) is stationary.
    Where the risk does not couple the groups, the law is the product of those of the groups, each at its temperature;
    where it is quadratic, with velocity -B theta, the law is Gaussian with the covariance S of B S + S B^T = sigma^2.

    Only trained coordinates are confined and shaken. The confinement adds to the risk's own regulariser.

    With `batches` the gradient at a time is that of the batch in force: with `EulerMaruyama` of the same step this is
    stochastic gradient Langevin dynamics (Welling and Teh 2011), whose batches shake the particles beside the noise.
    """

    risk: Risk
    temperature: Temperature | Mapping[str, Temperature]
    confinement: float | Mapping[str, float] = 0.0
    pairing: str = "measure"
    batches: Minibatches | None = field(default=None, metadata={"optional": True})
    stackable: ClassVar[bool] = True
    shareable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.pairing not in PAIRINGS:
            raise ValueError(f"pairing is {self.pairing!r}, but one of {', '.join(map(repr, PAIRINGS))} is needed.")
        confinement = one_or_per_group(self.confinement, "The confinement", non_negative)
        object.__setattr__(self, "confinement", confinement)
        object.__setattr__(self, "temperature", one_or_per_group(self.temperature, "The temperature", _checked))
        for numbers, what in ((self.confinement, "The confinements"), (self.temperature, "The temperatures")):
            self.risk.network.check_groups(numbers, what)

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
        return self._in_trained(cloud, self._scaled(cloud).decay(self._strength))

    def diffusion(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """sigma_j in every trained coordinate, zero in frozen ones [particles, dim]."""
        scaled = self._scaled(cloud)
        heat = self.risk.network.over_trained(scaled.rated(self.temperature_at(time)), cloud.positions)
        if isinstance(heat, Tensor):
            variance = 2.0 * scaled.mobility[:, None] * heat
        else:
            variance = (2.0 * heat * scaled.mobility)[:, None]
        if self.pairing == "measure":
            variance = variance * cloud.masses[:, None]
        return self._in_trained(cloud, variance.sqrt())

    def temperature_at(self, time: float) -> float | Mapping[str, float]:
        """T at this time, or that of every group that has one."""
        if isinstance(self.temperature, Mapping):
            return {name: _at(number, time, name) for name, number in self.temperature.items()}
        return _at(self.temperature, time)

    def _scaled(self, cloud: ParticleCloud) -> Scaled:
        return self.risk.network.scaled(cloud.masses)

    def _in_trained(self, cloud: ParticleCloud, values: AnyFloat) -> Velocity:
        trained = self.risk.network.neuron.trained_columns
        if isinstance(trained, slice) and trained == slice(0, cloud.dim):
            return values.expand(cloud.positions.shape)
        result = torch.zeros_like(cloud.positions)
        result[:, trained] = values
        return result

    @property
    def _strength(self) -> float | Mapping[str, float]:
        return self.risk.network.sums(self.confinement, self.risk.strength)


def _checked(temperature: object, what: str) -> Temperature:
    """The temperature as a number, or the function of time that it is."""
    return temperature if callable(temperature) else non_negative(temperature, what)


def _at(temperature: Temperature, time: float, group: str | None = None) -> float:
    found = temperature(time) if callable(temperature) else temperature
    return non_negative(found, "The temperature" if group is None else f"The temperature of {group!r}")
