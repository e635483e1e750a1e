"""Transport on the line: the monotone plan, which is optimal for every p >= 1, in closed form."""

import torch
from jaxtyping import Float
from torch import Tensor

from limits.transport.problem import Problem
from limits.transport.result import Atoms, Transport, along, power
from particles import ShapeError
from particles.shapes import AnyFloat, Masses

Line = Float[Tensor, " particles"]


def by_line(problem: Problem) -> Transport:
    """W_p in one dimension, (integral_0^1 |F^-1(s) - G^-1(s)|^p ds)^(1/p) (Villani 2003, theorem 2.18).

    The plan is optimal by that theorem, so the gap is zero.
    """
    dim = problem.first.points.shape[1]
    if dim != 1:
        raise ShapeError(f"The closed form is for one coordinate, but there are {dim}; choose one, or another method.")
    first, second = problem.first, problem.second
    rows, columns, masses = monotone(first.points[:, 0], first.masses, second.points[:, 0], second.masses)
    value, plan = along(problem, rows, columns, masses)
    return Transport(power(value, 1.0 / problem.p), "line", 0.0, plan)


def monotone(x: Line, masses1: Masses, y: AnyFloat, masses2: AnyFloat) -> tuple[Atoms, Atoms, AnyFloat]:
    """Rows, columns and masses of the plan that couples quantiles: both sides in order, level by level.

    Levels are all partial sums of the sorted masses; between two levels one atom of each side is at work.
    """
    order1, order2 = torch.argsort(x.detach(), stable=True), torch.argsort(y.detach(), stable=True)
    if len(x) == len(y) and bool((masses1 == masses1[0]).all()) and bool((masses2 == masses1[0]).all()):
        return order1, order2, masses1
    ends1, ends2 = masses1[order1].cumsum(0), masses2[order2].cumsum(0)
    ends1[-1] = ends2[-1] = torch.maximum(ends1[-1], ends2[-1])
    levels = torch.sort(torch.cat([ends1, ends2])).values
    masses = torch.diff(levels, prepend=levels.new_zeros(1))
    kept = masses > 0.0
    levels, masses = levels[kept], masses[kept]
    rows = torch.searchsorted(ends1, levels).clamp_max(len(x) - 1)
    columns = torch.searchsorted(ends2, levels).clamp_max(len(y) - 1)
    return order1[rows], order2[columns], masses
