"""Linear assignment: as many particles on both sides, all of one mass, by scipy, with potentials of our own."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from limits.transport.certificate import ROWS, Array, believed, lower_bound
from limits.transport.problem import Problem
from limits.transport.result import Transport, along, power, rooted_gap
from limits.transport.simplex import pairwise
from particles import ShapeError

#: Masses further apart than this, relative, are not equal.
EQUAL = 1e-12


def is_assignment(problem: Problem) -> bool:
    """Whether both measures have the same number of atoms, all of one mass."""
    spans = [float((measure.masses * measure.count - 1.0).abs().max()) for measure in (problem.first, problem.second)]
    return problem.first.count == problem.second.count and max(spans) <= EQUAL


def by_assignment(problem: Problem) -> Transport:
    """W_p between equal masses: min over permutations s of ((1/m) sum_j |x_j - y_s(j)|^p)^(1/p).

    An extreme point of the plans is a permutation (Birkhoff 1946), so this is the optimum over all plans.
    """
    if not is_assignment(problem):
        raise ShapeError(
            f"Assignment needs equal masses and counts, but there are {problem.first.count} and "
            f"{problem.second.count} particles, or masses differ; take method='simplex'."
        )
    cost = pairwise(problem.first, problem.second, problem.p)
    rows, columns = linear_sum_assignment(cost)
    count, where = len(rows), problem.first.points.device
    share = np.full(count, 1.0 / count)
    value, plan = along(
        problem,
        torch.from_numpy(rows).to(where),
        torch.from_numpy(columns).to(where),
        torch.from_numpy(share).to(where),
    )
    lower = lower_bound(cost, share, share, potentials(cost, columns))
    believed(float(value.detach()), lower, float(cost.max()), "linear assignment")
    return Transport(power(value, 1.0 / problem.p), "assignment", rooted_gap(value, lower, problem.p), plan)


def potentials(cost: Array, columns: np.ndarray) -> Array:
    """Potentials v [m] of an optimal assignment: shortest paths by sweeps of Bellman and Ford.

    v_j <- min(v_j, min_i (c_ij - c_i,s(i) + v_s(i))) until nothing changes; then u_i = c_i,s(i) - v_s(i) is feasible
    beside v, and the bound is the cost itself. At most m sweeps for an optimum, in practice a hundred.
    """
    count = len(cost)
    matched = cost[np.arange(count), columns]
    second = np.zeros(count)
    for _ in range(count):
        offsets = second[columns] - matched
        swept = second.copy()
        for start in range(0, count, ROWS):
            part = slice(start, start + ROWS)
            np.minimum(swept, (cost[part] + offsets[part, None]).min(axis=0), out=swept)
        if np.array_equal(swept, second):
            break
        second = swept
    return second
