"""The Gaussian lower bound: the distance of the Gaussians with the same means and covariances."""

import torch
from jaxtyping import Float
from torch import Tensor

from limits.transport.entropic import detached
from limits.transport.problem import Measure, Problem
from limits.transport.result import Transport, power

Square = Float[Tensor, "dim dim"]


def by_moments(problem: Problem) -> Transport:
    """W_p^2 >= W_2^2 >= |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^(1/2) S2 S1^(1/2))^(1/2)) for p >= 2 (Gelbrich 1990).

    An equality for p = 2 and two Gaussians. A lower bound, so nothing is known above it: no gap.
    """
    if problem.p < 2.0:
        raise ValueError(f"The Gaussian bound holds for p >= 2, but p is {problem.p:g}; take another method.")
    problem = detached(problem)
    root = _root(_covariance(problem.first))
    cross = torch.linalg.eigvalsh(root @ _covariance(problem.second) @ root).clamp_min(0.0).sqrt().sum()
    shift = (problem.first.mean - problem.second.mean).square().sum()
    square = shift + (problem.first.spread + problem.second.spread - 2.0 * cross).clamp_min(0.0)
    return Transport(power(square, 0.5), "gaussian")


def _covariance(measure: Measure) -> Square:
    centred = measure.points - measure.mean
    return (measure.masses[:, None] * centred).T @ centred


def _root(matrix: Square) -> Square:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = (vectors * values.clamp_min(0.0).sqrt()) @ vectors.T
    return root
