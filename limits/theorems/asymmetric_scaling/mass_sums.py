"""The sum of the roots of the masses, on which movement and width depend."""

import math

import torch

from limits.theorems.base import Result, Statement, from_above, from_below
from limits.theorems.problem import Problem

SOURCE = "Caron et al. 2023, proposition A.2"
ABOVE = Statement("(1/m) sum_j sqrt(lambda_j) <= 1 / sqrt(m)", SOURCE)
BELOW = Statement("(1/m) sum_j sqrt(lambda_j) >= sqrt(gamma / m)", SOURCE)


def mean_root(problem: Problem) -> tuple[Result, Result]:
    """sqrt(gamma / m) <= (1/m) sum_j sqrt(lambda_j) <= 1 / sqrt(m), the second by Cauchy and Schwarz."""
    measured = problem.masses.double().sqrt().mean()
    above, below = 1.0 / math.sqrt(problem.count), math.sqrt(problem.floor / problem.count)
    # Masses that were stored in float32 sum to one, and reach gamma / m, to its rounding only.
    slack = 1.0 + 1e-6
    return (
        from_above(ABOVE, (), above * slack, measured),
        from_below(BELOW, (), torch.tensor(below / slack, dtype=torch.float64), measured),
    )
