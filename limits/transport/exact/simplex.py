"""The network simplex for arbitrary masses, by POT, with a check of its status and a proof of its optimum."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from limits.transport.certificate import EPS, PROVEN, Array, proof, reduced
from limits.transport.problem import Measure, TransportProblem
from limits.transport.result import ROUNDED, Atoms, Transport, along, in_masses, power, rooted_gap, unrounded
from particles import TransportUnsolved
from particles.shapes import AnyFloat

Numbers = NDArray[np.intp]

#: POT's code for an optimum; 0 means infeasible, 2 unbounded, 3 stopped at the largest number of pivots.
OPTIMAL = 1
#: Largest number of pivots. POT's default of 10^5 is too small from 4000 atoms on; 8000 atoms need about 10^6.
PIVOTS = 10**9
#: Relative rounding error allowed in the row and column sums of a plan, beside about 1e-15 of the total mass.
MARGINS = 1e-12
#: Largest number of calls of the solver, and the factor above the answer or the gap beyond which costs count as equal;
#: it grows where it proves too small.
ROUNDS, SPREAD = 100, 1e4
#: The bound above which costs count as equal is lowered at least by this factor; otherwise potentials are subtracted.
LOWER = 1e-3


@dataclass(frozen=True, eq=False)
class Optimum:
    """A certified plan between atoms: masses, rows and columns [atoms], with a cost at most `gap` above the optimum.

    `first` and `second` are feasible potentials u [n1] and v [n2], the prices of mass.
    """

    rows: Atoms
    columns: Atoms
    masses: AnyFloat
    first: AnyFloat
    second: AnyFloat
    gap: float

    def to(self, device: torch.device) -> "Optimum":
        """The optimum with its tensors on a device."""
        rows, columns, masses = self.rows.to(device), self.columns.to(device), self.masses.to(device)
        return Optimum(rows, columns, masses, self.first.to(device), self.second.to(device), self.gap)


def by_simplex(problem: TransportProblem, pivots: int = PIVOTS) -> Transport:
    """W_p by the network simplex (Bonneel et al. 2011); raises TransportUnsolved where it did not reach the optimum."""
    problem, unit = problem.in_units()
    cost = pairwise(problem.first, problem.second, problem.p)
    found = optimal(cost, array(problem.first.masses), array(problem.second.masses), pivots)
    return along_optimum(problem, found, unit, "simplex")


def along_optimum(
    problem: TransportProblem, found: Optimum, unit: float, method: str, signs: AnyFloat | None = None
) -> Transport:
    """The distance, gap and plan that a certified optimum gives for a problem in units; `signs` as in `along`."""
    found = found.to(problem.first.points.device)
    value, plan = along(problem, found.rows, found.columns, found.masses, signs)
    gap = unit * rooted_gap(value, found.gap, problem.p, problem.first.points.shape[1])
    value = in_masses(in_masses(value, problem.first, found.first), problem.second, found.second)
    return Transport(unit * power(value, 1.0 / problem.p), method, gap, plan)


def optimal(cost: Array, masses1: Array, masses2: Array, pivots: int = PIVOTS) -> Optimum:
    """The optimal plan for a cost matrix [n1, n2] and positive masses of equal totals, certified relative to its cost.

    The solver is accurate to about 1e-12 of the largest cost, which may be much larger than the answer. Where its plan
    is not proven optimal, costs far above those of the plan are lowered to one common value and the problem is solved
    again. Where that no longer helps, potentials are subtracted from the costs, in exact differences, and the remaining
    problem is solved (iterative refinement). Raises TransportUnsolved where this does not end in a proof.
    """
    total = float(masses1.sum())
    gap = math.inf
    doubt: Array | float = 0.0
    largest = float(cost.max()) or 1.0
    lowering = True
    remaining, cap, spread = cost, largest, SPREAD
    first, second = np.zeros_like(masses1), np.zeros_like(masses2)
    for _ in range(ROUNDS):
        rows, columns, moved, duals = _plan(masses1, masses2, np.minimum(remaining, cap) / cap, pivots)
        found = proof(remaining, doubt, rows, columns, moved, cap * duals)
        value = float(moved @ cost[rows, columns])
        if found.gap <= PROVEN * value or value == 0.0:
            prices = first + found.first, second + found.second
            return optimum(rows, columns, moved, prices, min(found.gap, value))
        if remaining is cost and lowering:
            # Where the plan uses costs that were lowered to the cap, the problem is taken with its original costs.
            whole = cap == largest or float(cost[rows, columns].max()) < cap
            lowering = whole and spread * value < LOWER * cap * total
            if lowering or not whole:
                cap = spread * value / total if lowering else largest
                continue
        spread *= 1.0 if found.gap < 0.1 * gap else SPREAD
        gap = found.gap
        if not 0.0 < spread * gap < math.inf:
            break
        remaining = reduced(remaining, found.first, found.second)
        first, second = first + found.first, second + found.second
        doubt = doubt + EPS * np.abs(remaining)
        cap = spread * gap / total
    raise TransportUnsolved(
        f"The network simplex ended with cost {value:.9g}, but the optimum may be {gap:.3g} below that; rescale the "
        "positions, or take an approximate method."
    )


def optimum(rows: Numbers, columns: Numbers, moved: Array, prices: tuple[Array, Array], gap: float) -> Optimum:
    """An optimum from the arrays of a solver."""
    first, second = map(torch.from_numpy, prices)
    return Optimum(torch.from_numpy(rows), torch.from_numpy(columns), torch.from_numpy(moved), first, second, gap)


def _plan(masses1: Array, masses2: Array, cost: Array, pivots: int) -> tuple[Numbers, Numbers, Array, Array]:
    """Rows, columns and masses of the solver's plan without moves due to rounding, and the potentials of the columns.

    The solver's tolerances are absolute, so masses are scaled to a total near one. Raises TransportUnsolved where the
    solver did not reach the optimum or its plan has other margins.
    """
    unit = math.ldexp(1.0, math.frexp(float(masses1.sum()))[1] - 1)
    matrix, log = _solved(masses1 / unit, masses2 / unit, cost, pivots)
    if log["result_code"] != OPTIMAL:
        raise TransportUnsolved(
            f"The network simplex stopped before the optimum between {len(masses1)} and {len(masses2)} atoms "
            f"({log['warning']}); allow more pivots, or take an approximate method."
        )
    rows, columns = np.nonzero(matrix)
    moved = unit * matrix[rows, columns]
    least = torch.from_numpy(np.minimum(masses1[rows], masses2[columns]))
    kept = unrounded(torch.from_numpy(moved), least, float(masses1.sum())).numpy()
    rows, columns, moved = rows[kept], columns[kept], moved[kept]
    _check_margins(rows, moved, masses1)
    _check_margins(columns, moved, masses2)
    return rows, columns, moved, np.asarray(log["v"])


def _solved(masses1: Array, masses2: Array, cost: Array, pivots: int) -> tuple[Array, dict[str, Any]]:
    """POT's plan and its log. Warnings are silenced, because the status in the log says the same and is checked.

    POT is imported here, since the import takes a second and compiles sources that warn.
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
    distances = scipy.spatial.distance
    return np.asarray(distances.cdist(x, y, "sqeuclidean") if p == 2.0 else distances.cdist(x, y) ** p)


def _check_margins(numbers: np.ndarray, moved: Array, masses: Array) -> None:
    """Raise TransportUnsolved where the sums of a plan differ from the masses by more than rounding."""
    errors = np.abs(np.bincount(numbers, moved, len(masses)) - masses)
    if bool((errors > MARGINS * masses + 4.0 * ROUNDED * masses.sum()).any()):
        raise TransportUnsolved(
            f"The network simplex left {float(errors.max()):.3g} of mass in the wrong place; take an approximate "
            "method."
        )


def array(tensor: AnyFloat) -> Array:
    """A tensor as a contiguous NumPy array, on the CPU and without autograd history."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy())
