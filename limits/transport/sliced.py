"""The sliced distance: one-dimensional distances over random directions, averaged, with a standard error."""

import math

import torch
from torch import Tensor

from limits.transport.certificate import EPS
from limits.transport.line import monotone
from limits.transport.problem import Problem, span_of
from limits.transport.result import Transport, power
from particles import generator
from particles.integers import whole


def by_slices(problem: Problem, projections: int = 200, seed: int = 0) -> Transport:
    """SW_p = (E_u W_p(u . x, u . y)^p)^(1/p), u uniform on the unit sphere (Bonneel et al. 2015), from random u.

    Another distance than W_p: SW_p <= W_p, and SW_2 <= W_2 / sqrt(dim). The standard error is that of the mean over
    directions, carried through the root, and rounding: of SW_p between these very clouds, not between laws they are
    drawn from.
    """
    projections = whole(projections, "The number of projections", 2)
    problem = problem.centred
    first, second, p = problem.first, problem.second, problem.p
    costs = []
    for direction in directions(first.points.shape[1], projections, seed).to(first.points.device):
        x, y = first.points @ direction, second.points @ direction
        rows, columns, masses = monotone(x, first.masses, y, second.masses)
        costs.append(masses @ power((x[rows] - y[columns]).square(), p / 2.0))
    values = torch.stack(costs)
    distance = power(values.mean(), 1.0 / p)
    error = float(values.detach().std()) / math.sqrt(projections)
    here, dim = float(distance.detach()), first.points.shape[1]
    if here == 0.0:
        return Transport(distance, "sliced", standard_error=0.0)
    rounding = EPS * (dim + 8.0) * span_of(torch.cat([first.points, second.points]).detach())
    return Transport(distance, "sliced", standard_error=error / (p * here ** (p - 1.0)) + rounding)


def directions(dim: int, count: int, seed: int) -> Tensor:
    """Independent directions uniform on the unit sphere [count, dim], from the seed's stream "projections"."""
    normals = torch.from_numpy(generator(seed, "projections").standard_normal((count, dim)))
    return normals / normals.square().sum(dim=1, keepdim=True).sqrt()
