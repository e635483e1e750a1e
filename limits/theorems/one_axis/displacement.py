"""How far particles move while the risk falls: one over alpha along the axis, with its constant."""

from collections.abc import Sequence

import torch

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.base import Result, Statement, from_above
from limits.theorems.observed import NOISE, frames_of, in_double
from particles import ParticleCloud, Risk

STATEMENT = Statement(
    "sum_j |theta_j(t) - theta_j(0)|^2 / eta_j <= t (R_0 - R_t), so that particles move by 1 / alpha under Lazy(alpha)",
    "Fang, Dong and Zhang 2020, equation (9), with a constant by Cauchy and Schwarz",
)


def displacement(risk: Risk, run: Recorded | Sequence[tuple[float, ParticleCloud]]) -> Result:
    """sum_j |theta_j(t) - theta_j(0)|^2 / eta_j <= t (R_0 - R_t) along a run of gradient flow, at every frame.

    By Cauchy and Schwarz the left side is at most t int_0^t sum_j |d theta_j/dt|^2 / eta_j ds, and the integrand is
    -dR/dt. For any neuron, loss, regulariser, scaling and masses; where groups have rates eta_j rate(q) stands for
    eta_j, and coordinates with mobility zero do not count. Under `Lazy(alpha)`, where eta_j = 1 / (alpha^2 lambda_j),

        sum_j lambda_j |theta_j(t) - theta_j(0)| <= sqrt(t (R_0 - R_t)) / alpha <= sqrt(t R_0) / alpha:

    where f starts at zero R_0 does not depend on alpha, and this is the 1 / alpha of the paper, at every alpha and m.
    Where the risk is rounding, that is allowed for. The flow has to be solved well: steps of gradient descent lose less
    than they move. Raises ValueError for fewer than two frames, or times that do not increase.
    """
    times, clouds = frames_of(run)
    first = next(iter(clouds))
    start = in_double(first)
    mobilities = risk.network.scaled(start.masses).mobilities.expand_as(start.positions)
    shares = torch.where(mobilities > 0.0, 1.0 / mobilities, 0.0)
    moved, risks = [], []
    for stored in clouds:
        cloud = in_double(stored)
        moved.append((shares * (cloud.positions - start.positions).square()).sum())
        risks.append(risk(cloud))
    left = torch.stack(risks)
    lost = (left[0] - left[1:]).clamp_min(0.0) + NOISE[first.dtype] * left[0]
    return from_above(STATEMENT, (), (times[1:] - times[0]) * lost, torch.stack(moved[1:]))
