"""The sliced distance: one-dimensional distances over random directions, averaged, with a standard error."""

import math

import torch
from torch import Tensor

from limits.transport.certificate import EPS
from limits.transport.exact.line import monotone
from limits.transport.problem import TransportProblem, span_of
from limits.transport.result import Transport, check_resolved, power
from particles import generator
from particles.arguments.integers import whole


def by_slices(problem: TransportProblem, projections: int = 200, seed: int = 0) -> Transport:
    """SW_p = (E_u W_p(u . x, u . y)^p)^(1/p) with u uniform on the unit sphere (Bonneel et al. 2015), from random u.

    This is another distance than W_p: SW_p <= W_p, and SW_2 <= W_2 / sqrt(dim). The standard error is that of the mean
    over directions, carried through the root, plus rounding. It belongs to SW_p between these two clouds, not between
    laws from which they are drawn. Raises ValueError for fewer than two projections, TransportUnsolved where costs
    round to zero.
    """
    projections = whole(projections, "The number of projections", 2)
    problem, unit = problem.centred.in_units()
    first, second, p = problem.first, problem.second, problem.p
    costs = []
    furthest = first.points.new_zeros(1)
    for direction in directions(first.points.shape[1], projections, seed).to(first.points.device):
        x, y = first.points @ direction, second.points @ direction
        rows, columns, masses = monotone(x, first.masses, y, second.masses)
        squares = (x[rows] - y[columns]).square()
        furthest = torch.maximum(furthest, squares.detach().max())
        costs.append(masses @ power(squares, p / 2.0))
    values = torch.stack(costs)
    check_resolved(values.mean(), furthest, p)
    distance = unit * power(values.mean(), 1.0 / p)
    if not float(distance.detach()) > 0.0:
        return Transport(distance, "sliced", standard_error=0.0)
    parts = values.detach() / values.detach().max()
    spread = float(parts.std() / parts.mean()) / (p * math.sqrt(projections))
    rounding = EPS * (first.points.shape[1] + 8.0) * unit * span_of(torch.cat([first.points, second.points]).detach())
    return Transport(distance, "sliced", standard_error=float(distance.detach()) * spread + rounding)


def directions(dim: int, count: int, seed: int) -> Tensor:
    """Independent directions [count, dim], uniform on the unit sphere, from the seed's stream "projections"."""
    normals = torch.from_numpy(generator(seed, "projections").standard_normal((count, dim)))
    return normals / normals.square().sum(dim=1, keepdim=True).sqrt()
