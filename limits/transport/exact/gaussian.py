"""The Gaussian lower bound: the distance of the Gaussians with the same means and covariances."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from limits.transport.certificate import EPS
from limits.transport.problem import Measure, TransportProblem
from limits.transport.result import Transport, power

Factor = Float[Tensor, "particles dim"]


def by_moments(problem: TransportProblem) -> Transport:
    """W_p^2 >= W_2^2 >= |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^(1/2) S2 S1^(1/2))^(1/2)) for p >= 2 (Gelbrich 1990).

    Equality holds for p = 2 and two Gaussians. The result is a lower bound, reduced by its rounding error, and has no
    gap, since it does not bound W_p from above. With S = A^T A for each cloud the last trace is the nuclear norm of
    A1 A2^T. It is computed from triangular factors, so that directions without variance lose no digits. The bound is
    differentiable where the covariances are regular. Raises ValueError for p < 2.
    """
    if problem.p < 2.0:
        raise ValueError(f"The Gaussian bound holds for p >= 2, but p is {problem.p:g}; take another method.")
    problem = problem.centred
    first, second = _factor(problem.first), _factor(problem.second)
    (q1, r1), (q2, r2) = torch.linalg.qr(first.detach()), torch.linalg.qr(second.detach())
    u, _, v = torch.linalg.svd(r1 @ r2.T, full_matrices=False)
    # d |M|_* = <U V^T, dM>: with the singular vectors held fixed both the value and its derivative are right.
    cross = (((q1 @ u).T @ first) * ((q2 @ v.T).T @ second)).sum()
    shift = (problem.first.mean - problem.second.mean).square().sum()
    spread = problem.first.spread + problem.second.spread
    terms = 8.0 * first.shape[1] + math.sqrt(len(first) + len(second)) + 64.0
    rounding = EPS * terms * float((shift + spread).detach())
    square = shift + (spread - 2.0 * cross).clamp_min(0.0) - rounding
    return Transport(power(square.clamp_min(0.0), 0.5), "gaussian")


def _factor(measure: Measure) -> Factor:
    """The matrix A [particles, dim] for which A^T A is the covariance."""
    return measure.masses.sqrt()[:, None] * (measure.points - measure.mean)
