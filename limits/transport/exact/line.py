"""Transport on the line in closed form: the monotone plan is optimal for every p >= 1."""

import torch
from jaxtyping import Float
from torch import Tensor

from limits.transport.problem import TransportProblem, unit_of
from limits.transport.result import Atoms, Plan, Transport, power, rooted_gap, unrounded
from particles import ShapeError
from particles.shapes import AnyFloat, Masses

Line = Float[Tensor, " particles"]


def by_line(problem: TransportProblem) -> Transport:
    """W_p in one dimension, (integral_0^1 |F^-1(s) - G^-1(s)|^p ds)^(1/p) (Villani 2003, theorem 2.18).

    The plan is optimal by that theorem, so the gap holds only rounding. Raises ShapeError for several coordinates.
    """
    dim = problem.first.points.shape[1]
    if dim != 1:
        raise ShapeError(f"The closed form is for one coordinate, but there are {dim}; choose one, or another method.")
    first, second = problem.first, problem.second
    rows, columns, masses = monotone(first.points[:, 0], first.masses, second.points[:, 0], second.masses)
    distances = (first.points[rows] - second.points[columns]).abs()
    unit = unit_of(float(distances.detach().max()), problem.p)
    value = masses @ power((distances[:, 0] / unit).square(), problem.p / 2.0)
    gap = unit * rooted_gap(value, 0.0, problem.p, dim)
    plan = Plan(first.numbers[rows], second.numbers[columns], masses.detach())
    return Transport(unit * power(value, 1.0 / problem.p), "line", gap, plan)


def monotone(x: Line, masses1: Masses, y: AnyFloat, masses2: AnyFloat) -> tuple[Atoms, Atoms, AnyFloat]:
    """Rows, columns and masses of the plan that couples quantiles of points x and y with these masses.

    Levels are the partial sums of the sorted masses of both sides; between two neighbouring levels the plan couples one
    atom of each side. Sums are carried with twice the digits, and moves that exist only because masses are rounded are
    left out.
    """
    order1, order2 = torch.argsort(x.detach(), stable=True), torch.argsort(y.detach(), stable=True)
    if len(x) == len(y) and bool((masses1 == masses1[0]).all()) and bool((masses2 == masses1[0]).all()):
        return order1, order2, masses1
    (high1, low1), (high2, low2) = _sums(masses1[order1]), _sums(masses2[order2])
    high, low = torch.cat([high1, high2]), torch.cat([low1, low2])
    merged = torch.argsort(low, stable=True)
    merged = merged[torch.argsort(high.detach()[merged], stable=True)]
    high = high[merged]
    low = low[merged]
    mine = merged < len(x)
    masses = torch.diff(high, prepend=high.new_zeros(1)) + torch.diff(low, prepend=low.new_zeros(1))
    rows = mine.cumsum(0) - mine.long()
    columns = (~mine).cumsum(0) - (~mine).long()
    inside = (rows < len(x)) & (columns < len(y))
    rows = order1[rows[inside]]
    columns = order2[columns[inside]]
    masses = masses[inside]
    kept = unrounded(masses.detach(), torch.minimum(masses1[rows], masses2[columns]).detach())
    return rows[kept], columns[kept], masses[kept]


def _sums(masses: Masses) -> tuple[Masses, Masses]:
    """Partial sums as pairs of floats: the second float is the sum of the rounding errors of the first."""
    high = masses.cumsum(0)
    here, now = masses.detach(), high.detach()
    before = torch.cat([now.new_zeros(1), now[:-1]])
    reached = before + here
    back = reached - before
    lost = (before - (reached - back)) + (here - back)
    low = (lost + (reached - now)).cumsum(0)
    return high + ((now + low) - now), low - ((now + low) - now)
