"""The network simplex for arbitrary masses, by POT, with its status read and its optimum certified."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.spatial.distance import cdist

from limits.transport.certificate import Array, believed, lower_bound
from limits.transport.problem import Measure, Problem
from limits.transport.result import Atoms, Transport, along, power, rooted_gap
from particles import TransportUnsolved
from particles.shapes import AnyFloat

#: POT's code for an optimum; 0 is infeasible, 2 unbounded, 3 stopped at the cap.
OPTIMAL = 1
#: Pivots allowed. POT's default of 10^5 is too few from 4000 atoms on; 8000 atoms need some 10^6.
PIVOTS = 10**9
#: How far rows and columns of a plan may be from their masses, by rounding.
MARGINS = 1e-12


@dataclass(frozen=True, eq=False)
class Optimum:
    """A certified optimal plan between atoms: mass, rows and columns [atoms]; its cost is at least `lower`."""

    rows: Atoms
    columns: Atoms
    masses: AnyFloat
    lower: float


def by_simplex(problem: Problem, pivots: int = PIVOTS) -> Transport:
    """W_p by the network simplex (Bonneel et al. 2011); raises TransportUnsolved where it did not reach the optimum."""
    cost = pairwise(problem.first, problem.second, problem.p)
    optimum = optimal(cost, array(problem.first.masses), array(problem.second.masses), pivots)
    where = problem.first.points.device
    value, plan = along(problem, optimum.rows.to(where), optimum.columns.to(where), optimum.masses.to(where))
    gap = rooted_gap(value, optimum.lower, problem.p)
    return Transport(power(value, 1.0 / problem.p), "simplex", gap, plan)


def optimal(cost: Array, masses1: Array, masses2: Array, pivots: int = PIVOTS) -> Optimum:
    """The optimal plan for a cost matrix [n1, n2] and positive masses of equal totals, with a certified lower bound.

    Costs are divided by their largest, since the solver's tolerance is absolute.
    """
    largest = float(cost.max())
    scaled = cost / (largest or 1.0)
    matrix, log = _solved(masses1, masses2, scaled, pivots)
    if log["result_code"] != OPTIMAL:
        raise TransportUnsolved(
            f"The network simplex stopped before the optimum between {len(masses1)} and {len(masses2)} atoms "
            f"({log['warning']}); allow more pivots, or take an approximate method."
        )
    rows, columns = np.nonzero(matrix)
    moved = matrix[rows, columns]
    _check_margins(rows, moved, masses1)
    _check_margins(columns, moved, masses2)
    lower = lower_bound(scaled, masses1, masses2, log["v"])
    believed(float(moved @ scaled[rows, columns]), lower, float(masses1.sum()), "network simplex")
    return Optimum(torch.from_numpy(rows), torch.from_numpy(columns), torch.from_numpy(moved), lower * largest)


def _solved(masses1: Array, masses2: Array, cost: Array, pivots: int) -> tuple[Array, dict[str, Any]]:
    """POT's plan and its log, warnings silenced: the status in the log says the same and cannot be overlooked.

    POT is imported here, since that takes a second and compiles sources that warn.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ot

        options = {"log": True, "center_dual": False, "check_marginals": False}
        matrix, log = ot.emd(masses1, masses2, cost, numItermax=pivots, **options)
    return matrix, log


def pairwise(first: Measure, second: Measure, p: float) -> Array:
    """|x_i - y_j|^p [n1, n2] from differences, so that near points keep their digits."""
    x, y = array(first.points), array(second.points)
    return np.asarray(cdist(x, y, "sqeuclidean") if p == 2.0 else cdist(x, y) ** p)


def _check_margins(numbers: np.ndarray, moved: Array, masses: Array) -> None:
    error = float(np.abs(np.bincount(numbers, moved, len(masses)) - masses).max())
    if error > MARGINS * float(masses.sum()):
        raise TransportUnsolved(
            f"The network simplex left {error:.3g} of mass in the wrong place; take an approximate method."
        )


def array(tensor: AnyFloat) -> Array:
    """A tensor for numpy, on the CPU and without its history."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy())
