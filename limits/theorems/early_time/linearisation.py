"""How far a network in training is from a linear model, bounded by the error of its kernel along the path."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from limits.theorems.observed import PerFrame, PerInterval, frames_of, in_double
from particles import ParticleCloud, Risk, Squared
from particles.shapes import Gram

STATEMENT = Statement(
    "|P^(1/2) (u_t - u_t^lin)| <= |P^(1/2) r_0| (exp(sum_s eta |P^(1/2) (K_s - K) P^(1/2)|_2) - 1)",
    "Hu et al. 2020, theorem C.2, with explicit constants",
)
#: Nodes of the Gauss-Legendre rule by which the Jacobian is averaged along a step, and rounding relative to |r_0|.
NODES, ROUNDING = 5, 1e-9

Square = Float[Tensor, "rows rows"]
GramFunction = Callable[[Tensor, Tensor | None], Tensor]


def model_gap(risk: Risk, run: Recorded | Sequence[tuple[float, ParticleCloud]], model: GramFunction) -> Result:
    """Gradient descent stays near the linear model of kernel K, the nearer the kernels of its path are to K.

    Every frame of the run is a step of gradient descent after the one before. Exactly, the step of length eta from
    theta_s moves outputs by u_(s+1) - u_s = -eta K_s P r_s with the path-averaged kernel
    K_s = int_0^1 J(theta_s + h (theta_(s+1) - theta_s)) dh M J(theta_s)^T, here by a Gauss-Legendre rule. The model
    moves from u_0 by u^lin <- u^lin - eta K P (u^lin - y). So the gap e obeys, in the norm |P^(1/2) .| and with
    eta |P^(1/2) K P^(1/2)| <= 2, |e_(s+1)| <= |e_s| + eta eps_s (|e_s| + |r_0|), whence the statement. For equal
    weights, |y_i| <= 1 and u_0 = 0 it is |u_t - u_t^lin| <= sqrt(n) (exp(eta eps t / n) - 1). The error eps_s contains
    all: finite width, the surrogate, and how far the kernel moved. Vacuous where the bound exceeds 2 |P^(1/2) r_0|.

    It holds for every neuron, scaling and number of outputs. Costs n k passes for every node of every step: for small
    data. Raises ValueError for fewer than two frames, or times that do not increase.
    """
    times, _ = frames_of(run)
    slowed = float(times.diff().max()) * float(torch.linalg.eigvalsh(_weighted(risk, model))[-1])
    smooth = getattr(getattr(risk.neuron, "activation", None), "smooth", True)
    assumptions = (
        Assumption("squared loss", isinstance(risk.loss, Squared)),
        Assumption("no regulariser", risk.strength == 0.0),
        Assumption("a smooth activation", bool(smooth)),
        Assumption(f"steps of at most 2 / |P^(1/2) K P^(1/2)| ({slowed:.3g} of it)", slowed <= 2.0),
    )
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    path = path_of(risk, run, model)
    return from_above(STATEMENT, assumptions, path.bounds, path.gaps, 2.0 * path.first)


@dataclass(frozen=True, eq=False)
class Path:
    """Steps of a run: their ends, |P^(1/2) (u_t - u_t^lin)| there, the theorem's bound, and |P^(1/2) r_0|."""

    times: PerInterval
    gaps: PerInterval
    bounds: PerInterval
    first: float


def path_of(risk: Risk, run: Recorded | Sequence[tuple[float, ParticleCloud]], model: GramFunction) -> Path:
    """The gap of a run to the linear model, and its bound, step by step; raises as `model_gap` does."""
    times, stored = frames_of(run)
    clouds, roots = list(stored), _roots(risk)
    gaps, errors = _along(risk, times, clouds, _weighted(risk, model), roots)
    first = float((roots * risk.residual(in_double(clouds[0])).flatten()).norm())
    bounds = first * (torch.expm1((times.diff() * errors).cumsum(dim=0)) + ROUNDING)
    return Path(times[1:] - times[0], gaps, bounds, first)


def path_kernel(risk: Risk, cloud: ParticleCloud, later: ParticleCloud) -> Gram:
    """K_s [n k, n k] of the straight step from one cloud to the next: its rows are averaged, its columns at the start.

    u(later) - u(cloud) = -eta K_s P r(cloud) where the step is one of gradient descent, to the rule's accuracy.
    """
    at, moved = risk.at(cloud), later.positions - cloud.positions
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(NODES))
    units = torch.eye(at.residual.numel()).to(cloud.positions).reshape(-1, *at.residual.shape)
    velocities = [at.pull(unit) for unit in units]
    total = cloud.positions.new_zeros(len(units), len(units))
    for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
        between = risk.at(cloud.moved(cloud.positions + 0.5 * (1.0 + node) * moved))
        total += 0.5 * weight * torch.stack([between.push(velocity).flatten() for velocity in velocities], dim=1)
    return total


def _roots(risk: Risk) -> Tensor:
    return risk.data.weights.double().repeat_interleave(risk.data.outputs).sqrt()


def _weighted(risk: Risk, model: GramFunction) -> Square:
    """P^(1/2) K P^(1/2)."""
    roots = _roots(risk)
    return roots[:, None] * model(risk.data.inputs.double(), None).double() * roots


def _along(
    risk: Risk, times: PerFrame, clouds: Sequence[ParticleCloud], gram: Square, roots: Tensor
) -> tuple[PerInterval, PerInterval]:
    """|P^(1/2) (u_t - u_t^lin)| at every frame after the first, and eps_s of every step."""
    cloud, gaps, errors = in_double(clouds[0]), [], []
    linear = roots * risk.residual(cloud).flatten()
    for step, stored in zip(times.diff().tolist(), clouds[1:], strict=True):
        later = in_double(stored)
        own = roots[:, None] * path_kernel(risk, cloud, later) * roots
        errors.append(torch.linalg.matrix_norm(own - gram, 2))
        linear = linear - step * gram @ linear
        gaps.append((roots * risk.residual(later).flatten() - linear).norm())
        cloud = later
    return torch.stack(gaps), torch.stack(errors)
