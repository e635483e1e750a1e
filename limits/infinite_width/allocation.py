"""The number of samples of each level: the least cost at which every quantity has the standard error asked for."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def allocated(variances: Array, costs: Array, tolerance: Array) -> NDArray[np.int64]:
    """Numbers of samples N_l [levels] for variances V_l [levels, quantities], each times its squared weight.

    For one quantity N_l = sqrt(V_l / C_l) sum_k sqrt(V_k C_k) / tolerance^2 makes sum_l V_l / N_l = tolerance^2 at the
    least cost sum_l N_l C_l (Giles 2008). For several, [quantities] tolerances, each level takes the
    largest number.
    """
    shares = np.sqrt(variances / costs[:, None])
    totals = np.sqrt(variances * costs[:, None]).sum(axis=0)
    numbers: NDArray[np.int64] = np.ceil((shares * totals / tolerance**2).max(axis=1) * (1.0 - 1e-12)).astype(np.int64)
    return numbers
