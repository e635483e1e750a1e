"""Cold stationary laws of rectifiers on the line turn at three places at most between consecutive inputs."""

from collections.abc import Sequence

import torch

from limits.theorems.base import Result, Statement, from_above

COUNT = Statement(
    "between consecutive inputs, ends included, the predictor has three knots at most",
    "Shevchenko, Kungurtsev and Mondelli 2022, the main result",
)
#: The most knots of a closed interval.
MOST = 3


def knot_count(counts: Sequence[int]) -> Result:
    """At most three knots in every closed interval [intervals] between consecutive inputs.

    The paper has it in the limit of zero temperature, for constant and vanishing regularisation. It is so at every
    temperature for the peaks of the density of kinks: Q is quadratic between inputs, so neurons with w > 0 have one
    peak inside or at most one at each end, and so have those with w < 0. Raises ShapeError where nothing was counted.
    """
    return from_above(COUNT, (), float(MOST), torch.tensor(list(counts), dtype=torch.float64))
