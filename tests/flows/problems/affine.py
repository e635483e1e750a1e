"""The exact law of an integrator on a quadratic: its step is affine, and the matrices are read off unit vectors.

A step takes x to A x + b + sum B xi over the normals it draws. Those of the next step may be among them, so the state
that makes a Markov chain is (x, xi) with xi the normal of the step to come, or (x, v, xi) where there is inertia.
"""

from dataclasses import dataclass
from typing import Any

import torch
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov
from torch import Tensor

from flows import Flow, Integrator, KineticCloud
from flows.fields.kinetic import kinetic
from tests.flows.problems.stationary import Quadratic
from tests.flows.problems.transition import GivenNoise

#: Addresses (step, stream) of the normals a step may draw: its own, another stream, the next step's.
OWN, OTHER, NEXT = (0, 0), (0, 1), (1, 0)
COUNT = 3
#: An end that shortens no step.
AFAR = 1e6


@dataclass(frozen=True, eq=False)
class AffineStep:
    """z <- F z + b + G times independent normals, for z = (state, normal of the step to come)."""

    matrix: Tensor
    offset: Tensor
    noise: Tensor

    def stationary(self) -> Tensor:
        """Covariance of the state."""
        law = solve_discrete_lyapunov(self.matrix.numpy(), (self.noise @ self.noise.T).numpy())
        return torch.from_numpy(law)[:-COUNT, :-COUNT]

    def law(self, start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Mean and covariance of the state after some steps from a certain start."""
        mean = torch.cat([start, start.new_zeros(COUNT)])
        covariance = torch.zeros_like(self.matrix)
        covariance[-COUNT:, -COUNT:] = torch.eye(COUNT)
        for _ in range(steps):
            mean = self.matrix @ mean + self.offset
            covariance = self.matrix @ covariance @ self.matrix.T + self.noise @ self.noise.T
        return mean[:-COUNT], covariance[:-COUNT, :-COUNT]


def affine_step(integrator: Integrator[Any], flow: Flow, quadratic: Quadratic, inertia: bool = False) -> AffineStep:
    """The step of an integrator on a flow of a quadratic with as many replicas as coordinates of the state."""
    size = 2 * COUNT if inertia else COUNT
    zero, unit = torch.zeros(size, size, dtype=torch.float64), torch.eye(size, dtype=torch.float64)
    offset = _advanced(integrator, flow, quadratic, zero, {})[:, 0]
    shift = offset[:, None]
    across = _advanced(integrator, flow, quadratic, unit, {}) - shift
    own, other, coming = (
        (_advanced(integrator, flow, quadratic, zero, {address: unit[:COUNT]}) - shift)[:, :COUNT]
        for address in (OWN, OTHER, NEXT)
    )
    nothing, same = torch.zeros(COUNT, size, dtype=torch.float64), torch.eye(COUNT, dtype=torch.float64)
    matrix = torch.cat([torch.cat([across, own], dim=1), torch.cat([nothing, torch.zeros_like(same)], dim=1)])
    noise = torch.cat([torch.cat([coming, other], dim=1), torch.cat([same, torch.zeros_like(same)], dim=1)])
    return AffineStep(matrix, torch.cat([offset, offset.new_zeros(COUNT)]), noise)


def _advanced(
    integrator: Integrator[Any],
    flow: Flow,
    quadratic: Quadratic,
    states: Tensor,
    normals: dict[tuple[int, int], Tensor],
) -> Tensor:
    """Columns of states one step later, each the state of a replica."""
    start, replicas = quadratic.start, states.shape[1]
    padding = torch.zeros(COUNT, 2, dtype=torch.float64)
    cloud = start.moved(torch.cat([start.positions[:, :2], states[:COUNT]], dim=1))
    if states.shape[0] > COUNT:
        cloud = KineticCloud(cloud.positions, cloud.masses, torch.cat([padding, states[COUNT:]], dim=1))
    table = {address: torch.cat([padding, numbers[:, :replicas]], dim=1) for address, numbers in normals.items()}
    end = integrator.step(flow, cloud, integrator.init(flow, cloud), 0.0, AFAR, GivenNoise(0, 0, table=table)).cloud
    after = [end.positions[:, 2:]]
    if states.shape[0] > COUNT:
        after.append(kinetic(end).velocities[:, 2:])
    return torch.cat(after)


def exact_law(quadratic: Quadratic, pairing: str, start: Tensor, time: float) -> tuple[Tensor, Tensor]:
    """Mean and covariance at a time of d x = -M H (x - minimum) dt + sigma dW from a certain start."""
    pull = quadratic.mobility @ quadratic.hessian
    kept = torch.linalg.matrix_exp(-time * pull)
    final = gaussian_law(quadratic, pairing)
    return quadratic.minimum + kept @ (start - quadratic.minimum), final - kept @ final @ kept.T


def gaussian_law(quadratic: Quadratic, pairing: str) -> Tensor:
    """The stationary covariance, from B C + C B^T = sigma sigma^T with B = M H."""
    pull = quadratic.mobility @ quadratic.hessian
    return torch.from_numpy(solve_continuous_lyapunov(pull.numpy(), quadratic.noise(pairing).numpy()))
