"""Linear assignment, for equal counts and equal masses, by scipy, with potentials of our own for the proof."""

import numpy as np
import scipy

from limits.transport.certificate import PROVEN, ROWS, Array, proof
from limits.transport.exact.simplex import along_optimum, optimal, optimum, pairwise
from limits.transport.problem import TransportProblem
from limits.transport.result import Transport
from particles import ShapeError

#: Largest relative difference of masses that count as equal.
EQUAL = 1e-12
#: Largest number of sweeps for the potentials (a hundred are usual); they end at this change relative to the cost.
SWEEPS, SETTLED = 500, 1e-13


def is_assignment(problem: TransportProblem) -> bool:
    """Whether both measures have the same number of atoms, all of one mass."""
    spans = [float((measure.masses * measure.count - 1.0).abs().max()) for measure in (problem.first, problem.second)]
    return problem.first.count == problem.second.count and max(spans) <= EQUAL


def by_assignment(problem: TransportProblem) -> Transport:
    """W_p between equal masses: min over permutations s of ((1/m) sum_j |x_j - y_s(j)|^p)^(1/p).

    The extreme points of the set of plans are permutations (Birkhoff 1946), so this is the optimum over all plans.
    Raises ShapeError where masses or counts differ, TransportUnsolved where no optimum is proven.
    """
    if not is_assignment(problem):
        raise ShapeError(
            f"Assignment needs equal masses and counts, but there are {problem.first.count} and "
            f"{problem.second.count} particles, or masses differ; take method='simplex'."
        )
    scaled, unit = problem.in_units()
    cost = pairwise(scaled.first, scaled.second, scaled.p)
    share = np.full(len(cost), 1.0 / len(cost))
    rows, columns = scipy.optimize.linear_sum_assignment(cost)
    value = float(share @ cost[rows, columns])
    found = proof(cost, 0.0, rows, columns, share, potentials(cost, columns))
    if found.gap > PROVEN * value > 0.0:
        return along_optimum(scaled, optimal(cost, share, share), unit, "assignment")
    best = optimum(rows, columns, share, (found.first, found.second), min(found.gap, value))
    return along_optimum(scaled, best, unit, "assignment")


def potentials(cost: Array, columns: np.ndarray) -> Array:
    """Potentials v [m] of an optimal assignment, found as shortest paths by sweeps of Bellman and Ford.

    A sweep is v_j <- min(v_j, min_i (c_ij - c_i,s(i) + v_s(i))). When nothing changes, v and u_i = c_i,s(i) - v_s(i)
    are feasible, and their dual value is the cost itself. The sum of a sweep's changes is the gap that remains, and
    sweeps end where it is as small as rounding. For an assignment that is not optimal it never becomes that small.
    """
    count = len(cost)
    matched = cost[np.arange(count), columns]
    second = np.zeros(count)
    for _ in range(SWEEPS):
        offsets = second[columns] - matched
        swept = second.copy()
        for start in range(0, count, ROWS):
            part = slice(start, start + ROWS)
            np.minimum(swept, (cost[part] + offsets[part, None]).min(axis=0), out=swept)
        settled = float((second - swept).sum()) <= SETTLED * float(matched.sum())
        second = swept
        if settled:
            break
    return second
