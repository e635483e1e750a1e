"""Lower bounds of optimal costs from potentials, computed independently of the solver that proposed them."""

import numpy as np
from numpy.typing import NDArray

from particles import TransportUnsolved

Array = NDArray[np.float64]

#: A solver that says optimal but is further than this part of the largest cost from its bound is not believed.
BELIEVED = 1e-9
#: Rows of the cost matrix looked at in one go.
ROWS = 256


def lower_bound(cost: Array, masses1: Array, masses2: Array, second: Array) -> float:
    """sum_i a_i u_i + sum_j b_j v_j with u_i = min_j (c_ij - v_j): feasible, hence at most the optimal cost.

    cost [n1, n2], masses a [n1] and b [n2] of equal totals, any potentials v = second [n2] (Kantorovich duality;
    Villani 2009, theorem 5.10).
    """
    blocks = [(cost[start : start + ROWS] - second).min(axis=1) for start in range(0, len(cost), ROWS)]
    return float(masses1 @ np.concatenate(blocks) + masses2 @ second)


def believed(cost: float, lower: float, largest: float, solver: str) -> None:
    """Raise TransportUnsolved where a claimed optimum is not within rounding of its lower bound."""
    if not cost - lower <= BELIEVED * largest:
        raise TransportUnsolved(
            f"The {solver} ended with cost {cost:.9g}, but the optimum is only known to be above {lower:.9g}; "
            "rescale the positions, or take an approximate method."
        )
