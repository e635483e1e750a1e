"""Stationary laws of integrators without a single random draw: their transition operator in Hermite polynomials.

A chain takes a state and the normals of a step to the next state. Its operator acts on functions of the state; in an
orthonormal basis h_a of a Gaussian measure, P h_b = sum_a P_ab h_a by Gauss-Hermite quadrature over states and
normals, and the stationary moments pi_b = E h_b solve pi = P^T pi, pi_0 = 1. Everything converges exponentially.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flows import Flow, Integrator, KineticCloud, StepNoise
from flows.fields.kinetic import kinetic
from particles import ParticleCloud
from particles.shapes import Positions, Velocity

#: Next states from states [points, coordinates] and normals [points, draws].
Chain = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class GivenNoise(StepNoise):
    """Noise whose numbers are given for each (step, stream), zero where they are not."""

    table: Mapping[tuple[int, int], Tensor] = field(default_factory=dict, compare=False)

    def normals(self, positions: Positions, first: int = 0) -> Positions:
        """The numbers given for this step and stream."""
        return self.table.get((self.step, self.stream), torch.zeros_like(positions))


@dataclass(frozen=True)
class Rippled:
    """d x = [-k x + a cos(b x + c)] dt + sqrt(2 T) dW: the law exp(-U / T), U = k x^2 / 2 - (a / b) sin(b x + c)."""

    stiffness: float = 1.0
    ripple: float = 0.8
    temperature: float = 0.5
    wave: float = 1.7
    phase: float = 0.5

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """-U'."""
        return self.force(cloud, time) - self.stiffness * cloud.positions

    def force(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The ripple's part."""
        return self.ripple * torch.cos(self.wave * cloud.positions + self.phase)

    def decay(self, cloud: ParticleCloud, time: float) -> Velocity:
        """k."""
        return torch.full_like(cloud.positions, self.stiffness)

    def diffusion(self, cloud: ParticleCloud, time: float) -> Velocity:
        """sqrt(2 T)."""
        return torch.full_like(cloud.positions, math.sqrt(2.0 * self.temperature))

    def mean(self, observable: Callable[[Tensor], Tensor]) -> float:
        """E observable(x) under exp(-U / T), by the trapezoidal rule."""
        x = torch.linspace(-12.0, 12.0, 4001, dtype=torch.float64)
        potential = 0.5 * self.stiffness * x.square() - self.ripple / self.wave * torch.sin(self.wave * x + self.phase)
        density = torch.exp(-(potential - potential.min()) / self.temperature)
        return float((density @ observable(x)) / density.sum())


@dataclass(frozen=True)
class RippledKinetic(Rippled):
    """The same wells with inertia one: d x = v dt, d v = (-U' - gamma v) dt + sqrt(2 gamma T) dW, as a plain flow."""

    friction: float = 1.0

    def acceleration(self, cloud: ParticleCloud, time: float) -> Velocity:
        """-U'."""
        return self.velocity(cloud, time)

    def agitation(self, cloud: ParticleCloud, time: float) -> Velocity:
        """sqrt(T)."""
        return torch.full_like(cloud.positions, math.sqrt(self.temperature))


def overdamped(integrator: Integrator[Any], flow: Flow, step: float) -> Chain:
    """The chain of (x, xi), xi the normal of the step to come, for schemes that look at this step's and the next's."""

    def chain(states: Tensor, normals: Tensor) -> Tensor:
        cloud = ParticleCloud(states[:, :1].contiguous())
        table = {(0, 0): states[:, 1:2], (1, 0): normals[:, 0:1], (0, 1): normals[:, 1:2]}
        taken = integrator.step(flow, cloud, integrator.init(flow, cloud), 0.0, step, GivenNoise(0, 0, table=table))
        return torch.stack([taken.cloud.positions[:, 0], normals[:, 0]], dim=1)

    return chain


def underdamped(integrator: Integrator[Any], flow: Flow, step: float) -> Chain:
    """The chain of (x, v) for schemes with one normal a step."""

    def chain(states: Tensor, normals: Tensor) -> Tensor:
        cloud = KineticCloud(states[:, :1].contiguous(), None, states[:, 1:].contiguous())
        noise = GivenNoise(0, 0, table={(0, 0): normals})
        end = integrator.step(flow, cloud, integrator.init(flow, cloud), 0.0, step, noise).cloud
        return torch.cat([end.positions, kinetic(end).velocities], dim=1)

    return chain


@dataclass(frozen=True)
class Basis:
    """Hermite polynomials orthonormal for N(0, width^2), as many as `modes`, on a rule with `nodes` nodes."""

    modes: int
    nodes: int
    width: float = 1.0

    def rule(self) -> tuple[Tensor, Tensor]:
        """Nodes and weights of the measure."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(self.nodes)
        return self.width * torch.from_numpy(nodes), torch.from_numpy(weights / weights.sum())

    def values(self, points: Tensor) -> Tensor:
        """h_a at points [points, modes], by the recurrence sqrt(a + 1) h_{a+1} = x h_a - sqrt(a) h_{a-1}."""
        x = points / self.width
        values = [torch.ones_like(x), x]
        for a in range(1, self.modes - 1):
            values.append((x * values[a] - math.sqrt(a) * values[a - 1]) / math.sqrt(a + 1))
        return torch.stack(values[: self.modes], dim=1)


def stationary_moments(chain: Chain, bases: tuple[Basis, ...], draws: tuple[int, ...]) -> Tensor:
    """E h_a(first) h_b(second) ... of the stationary law [modes, ...], with so many nodes for each normal of a step."""
    rules = [basis.rule() for basis in bases] + [Basis(1, nodes).rule() for nodes in draws]
    points = torch.cartesian_prod(*[nodes for nodes, _ in rules])
    weights = torch.cartesian_prod(*[weight for _, weight in rules]).prod(dim=1)
    states, normals = points[:, : len(bases)], points[:, len(bases) :]
    after = _products(bases, chain(states, normals))
    here = _products(bases, states)
    operator = here.T @ (weights[:, None] * after)
    system = torch.eye(operator.shape[0], dtype=torch.float64) - operator.T
    moments = torch.cat([torch.ones(1, dtype=torch.float64), torch.linalg.solve(system[1:, 1:], -system[1:, 0])])
    return moments.reshape([basis.modes for basis in bases])


def _products(bases: tuple[Basis, ...], states: Tensor) -> Tensor:
    values = [basis.values(states[:, axis]) for axis, basis in enumerate(bases)]
    return reduce(lambda left, right: (left[:, :, None] * right[:, None, :]).flatten(1), values)


def expectation(moments: Tensor, basis: Basis, observable: Callable[[Tensor], Tensor]) -> float:
    """E observable(first) from the moments of its own basis [modes]."""
    nodes, weights = basis.rule()
    return float(((weights * observable(nodes)) @ basis.values(nodes)) @ moments)
