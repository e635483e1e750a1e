"""Proofs of optimality from potentials, computed independently of the solver that proposed them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A plan is believed when the optimum is proven to be less than this part of its cost below it.
PROVEN = 1e-9
#: Rows of the cost matrix looked at in one go.
ROWS = 256
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Proof:
    """Feasible potentials, u_i + v_j <= c_ij, and a gap: no plan with the margins of this one is cheaper by more."""

    first: Array
    second: Array
    gap: float


def proof(
    cost: Array,
    doubt: Array | float,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    moved: Array,
    second: Array,
) -> Proof:
    """u_i = min_j (c_ij - v_j) for any v = second [n2], and the gap sum_l P_l (c_l - u_l - v_l) of a plan [atoms].

    cost [n1, n2] is known up to `doubt`, an array of the same shape or one number.

    By Kantorovich duality (Villani 2009, theorem 5.10) <P, c> - (a u + b v) is what P may be above the optimum; summed
    over the plan, the large potentials of far atoms cancel before they are multiplied. A rounded difference is off by
    half a unit of itself, so u - eps |u| is feasible beyond doubt; that and the rounding of the sum are in the gap.
    """
    first = np.empty(len(cost))
    unsure = np.broadcast_to(doubt, cost.shape)
    for start in range(0, len(cost), ROWS):
        part = slice(start, start + ROWS)
        first[part] = (cost[part] - second if np.isscalar(doubt) else cost[part] - unsure[part] - second).min(axis=1)
    u, v = first[rows], second[columns]
    left = np.maximum(cost[rows, columns] + unsure[rows, columns] - u - v, 0.0)
    return Proof(first, second, float(moved @ (left + 4.0 * EPS * (np.abs(u) + np.abs(v)))))


def reduced(cost: Array, first: Array, second: Array) -> Array:
    """c_ij - u_i - v_j [n1, n2], each to its own last digit however large the potentials are (Knuth's two-sum)."""
    result = np.empty_like(cost)
    for start in range(0, len(cost), ROWS):
        part = slice(start, start + ROWS)
        once, lost1 = _difference(cost[part], second[None, :])
        twice, lost2 = _difference(once, first[part, None])
        result[part] = twice + (lost1 + lost2)
    return result


def _difference(value: Array, taken: Array) -> tuple[Array, Array]:
    """value - taken, rounded, and what rounding lost."""
    result = value - taken
    back = result - value
    return result, (value - (result - back)) - (taken + back)
