"""Problems with known answers that several suites share.

Above all flows that depend on time and interact through the mean: the only kind that shows an inner stage which uses a
stale time or a stale measure.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from particles import (
    L2,
    NTK,
    Activation,
    Dataset,
    Identity,
    Lazy,
    MeanField,
    ParticleCloud,
    Perceptron,
    Power,
    Risk,
    Scaling,
    Squared,
    Tanh,
)
from particles.shapes import Positions, Velocity


class MeasureFlow(Protocol):
    """A flow whose field is known at other places than the cloud's own particles."""

    def field(self, places: Positions, measure: ParticleCloud, time: float) -> Velocity:
        """The velocity that this measure gives to particles at these places."""
        ...

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The field of the cloud at its own particles."""
        ...


@dataclass(frozen=True)
class MeanAttraction:
    """d theta_j / dt = -a(t) (theta_j - mu) - g(t) (mu - p(t)) + p'(t),  mu = sum_j lambda_j theta_j.

    With a = 1 + sin(2t) / 2, g = cos(t) / 2, p = (sin 3t, cos 2t) the mean and the distances from it are known:
    mu(t) = p(t) + exp(-sin(t) / 2) (mu(0) - p(0)),
    theta_j(t) - mu(t) = exp(-t - (1 - cos 2t) / 4) (theta_j(0) - mu(0)).
    """

    def field(self, places: Positions, measure: ParticleCloud, time: float) -> Velocity:
        """The field of the mean of this measure."""
        mean = measure.masses @ measure.positions
        attraction = (1.0 + 0.5 * math.sin(2.0 * time)) * (places - mean)
        target, speed = places.new_tensor(_target(time)), places.new_tensor(_target_speed(time))
        return -attraction - 0.5 * math.cos(time) * (mean - target) + speed

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The field of the cloud at its own particles."""
        return self.field(cloud.positions, cloud, time)

    def exact(self, start: ParticleCloud, time: float) -> Positions:
        """Where the particles that start at time 0 are."""
        first = start.masses @ start.positions
        target, before = start.positions.new_tensor(_target(time)), start.positions.new_tensor(_target(0.0))
        mean = target + math.exp(-0.5 * math.sin(time)) * (first - before)
        return mean + math.exp(-time - 0.25 * (1.0 - math.cos(2.0 * time))) * (start.positions - first)


@dataclass(frozen=True)
class CurvedAttraction:
    """`MeanAttraction` seen through x = sinh(theta): nonlinear, with interaction through the mean of asinh(x)."""

    inner: MeanAttraction = MeanAttraction()

    def field(self, places: Positions, measure: ParticleCloud, time: float) -> Velocity:
        """cosh(theta) times the field at theta = asinh(x)."""
        flat = measure.moved(measure.positions.asinh())
        return (1.0 + places.square()).sqrt() * self.inner.field(places.asinh(), flat, time)

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The field of the cloud at its own particles."""
        return self.field(cloud.positions, cloud, time)

    def exact(self, start: ParticleCloud, time: float) -> Positions:
        """sinh of where `MeanAttraction` takes asinh of the start."""
        return self.inner.exact(start.moved(start.positions.asinh()), time).sinh()


def _target(time: float) -> list[float]:
    return [math.sin(3.0 * time), math.cos(2.0 * time)]


def _target_speed(time: float) -> list[float]:
    return [3.0 * math.cos(3.0 * time), -2.0 * math.sin(2.0 * time)]


#: The problems on which orders are measured.
ATTRACTIONS = (MeanAttraction(), CurvedAttraction())


@dataclass(frozen=True)
class Still:
    """A flow that moves nothing: for what depends on times and steps only."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Zero."""
        return torch.zeros_like(cloud.positions)


@dataclass(frozen=True)
class Clock:
    """A flow that moves every coordinate at the same speed, a function of time."""

    speed: Callable[[float], float]

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The speed in every coordinate."""
        return torch.full_like(cloud.positions, self.speed(time))


@dataclass(frozen=True)
class Decay:
    """d theta / dt = -theta."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """-theta."""
        return -cloud.positions


@dataclass(frozen=True)
class Shaken(Still):
    """Noise of strength 2 in every coordinate and nothing else."""

    def diffusion(self, cloud: ParticleCloud, time: float) -> Velocity:
        """2."""
        return torch.full_like(cloud.positions, 2.0)


@dataclass(frozen=True)
class ShakenAttraction(MeanAttraction):
    """`MeanAttraction` with additive noise whose strength differs between particles and grows with time."""

    def diffusion(self, cloud: ParticleCloud, time: float) -> Velocity:
        """(1 + t) j / m in both coordinates of particle j."""
        levels = torch.arange(1, cloud.count + 1).to(cloud.positions) / cloud.count
        return (1.0 + time) * levels[:, None].expand(cloud.count, cloud.dim)


def small_cloud(dtype: torch.dtype = torch.float64) -> ParticleCloud:
    """Five particles of unequal masses in two dimensions."""
    positions = torch.tensor([[0.3, -0.5], [1.2, 0.4], [-0.7, 0.9], [0.1, 0.2], [-1.1, -0.6]], dtype=dtype)
    return ParticleCloud(positions, torch.tensor([0.35, 0.05, 0.25, 0.15, 0.2], dtype=dtype))


def numbers(seed: int, *shape: int) -> Tensor:
    """Standard normal numbers in float64."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


#: s_j and eta_j of each scaling in plain formulas, independent of particles/risk/scaling.py.
FACTORS: list[tuple[Scaling, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = [
    (MeanField(), lambda masses: masses, lambda masses: 1.0 / masses),
    (NTK(), lambda masses: masses**0.5, lambda masses: masses**0.0),
    (Lazy(3.0), lambda masses: 3.0 * masses, lambda masses: 1.0 / (9.0 * masses)),
    (Power(0.75), lambda masses: masses**0.75, lambda masses: masses**-0.5),
]


def factors(scaling: Scaling, masses: Tensor) -> tuple[Tensor, Tensor]:
    """Output factors s_j and mobilities eta_j."""
    factor, mobility = next((s, eta) for known, s, eta in FACTORS if known == scaling)
    return factor(masses), mobility(masses)


def network_risk(
    scaling: Scaling = MeanField(),
    *,
    activation: Activation = Tanh(),
    trained: str = "both",
    strength: float = 0.0,
    outputs: int = 1,
) -> Risk:
    """A small regression: seven weighted data in three dimensions."""
    weights = torch.tensor([0.3, 0.1, 0.05, 0.2, 0.15, 0.12, 0.08], dtype=torch.float64)
    data = Dataset(numbers(1, 7, 3), numbers(2, 7, outputs), weights)
    neuron = Perceptron(activation, Identity(3), outputs=outputs, trained=trained)
    return Risk(neuron=neuron, scaling=scaling, loss=Squared(), data=data, regulariser=L2(strength))


def network_cloud(outputs: int = 1, dtype: torch.dtype = torch.float64) -> ParticleCloud:
    """Six neurons of unequal masses for `network_risk`."""
    masses = torch.tensor([0.3, 0.25, 0.2, 0.12, 0.08, 0.05], dtype=torch.float64)
    return ParticleCloud(numbers(4, 6, 3 + outputs), masses).to(dtype=dtype)


def written_out_risk(risk: Risk, positions: Tensor, masses: Tensor) -> Tensor:
    """R in plain torch for autograd, independent of the library's network, losses and scalings.

    sum_i p_i |f(x_i) - y_i|^2 / 2 + sum_j lambda_j (strength / 2) |theta_j|^2 over trained coordinates.
    """
    neuron, data = risk.network.neuron, risk.data
    hidden, outputs = positions[:, : neuron.hidden], positions[:, neuron.hidden :]
    s, _ = factors(risk.scaling, masses)
    inputs = data.inputs / math.sqrt(data.inputs.shape[1])
    values = _SIGMA[type(neuron.activation).__name__](inputs @ hidden.T)
    misfit = values @ (s[:, None] * outputs) - data.targets
    strength = 0.0 if risk.regulariser is None else risk.regulariser.strength
    squares = positions[:, neuron.trained_columns].square().sum(dim=1)
    return 0.5 * data.weights @ misfit.square().sum(dim=1) + 0.5 * strength * masses @ squares


_SIGMA: dict[str, Callable[[Tensor], Tensor]] = {"Tanh": torch.tanh, "Linear": lambda z: z}


def written_out_gradient(risk: Risk, cloud: ParticleCloud) -> Tensor:
    """grad_{theta_j} R by autograd, zero in coordinates that are not trained."""
    positions = cloud.positions.clone().requires_grad_()
    gradient = torch.autograd.grad(written_out_risk(risk, positions, cloud.masses), positions)[0]
    columns = risk.network.neuron.trained_columns
    result = torch.zeros_like(gradient)
    result[:, columns] = gradient[:, columns]
    return result
