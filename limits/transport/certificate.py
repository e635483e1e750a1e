"""Proofs of optimality from dual potentials, computed independently of the solver that proposed a plan."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A plan is accepted when its cost is proven to exceed the optimum by less than this part of the cost.
PROVEN = 1e-9
#: Number of rows of the cost matrix that are treated at a time.
ROWS = 256
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Proof:
    """Feasible potentials `first` u and `second` v, u_i + v_j <= c_ij, and a gap.

    No plan with the same margins is cheaper than the given one by more than the gap.
    """

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
    """The proof that any v = second [n2] gives for a plan: u_i = min_j (c_ij - v_j) and the gap of the plan.

    The plan moves `moved` [atoms] from `rows` to `columns`, and `cost` [n1, n2] is known up to `doubt`, an array of the
    same shape or one number. By Kantorovich duality (Villani 2009, theorem 5.10) the cost of the plan P exceeds the
    optimum by at most <P, c> - (a u + b v). This is computed as sum_l P_l (c_l - u_l - v_l), where large potentials of
    far atoms cancel before they are multiplied. A rounded difference is wrong by at most half a unit of its last digit,
    so u - eps |u| is certainly feasible; this and the rounding of the sum are added to the gap.
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
    """c_ij - u_i - v_j [n1, n2], accurate to the last digit however large the potentials are (Knuth's two-sum)."""
    result = np.empty_like(cost)
    for start in range(0, len(cost), ROWS):
        part = slice(start, start + ROWS)
        once, lost1 = _difference(cost[part], second[None, :])
        twice, lost2 = _difference(once, first[part, None])
        result[part] = twice + (lost1 + lost2)
    return result


def _difference(value: Array, taken: Array) -> tuple[Array, Array]:
    """The rounded difference value - taken, and the rounding error that it lacks."""
    result = value - taken
    back = result - value
    return result, (value - (result - back)) - (taken + back)
