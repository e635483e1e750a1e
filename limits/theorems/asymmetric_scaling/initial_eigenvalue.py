"""The smallest eigenvalue of the tangent Gram matrix at the start, and the width that keeps it from zero."""

import math
from collections.abc import Iterable

import torch

from limits.theorems.base import Result, Statement, fails, unchecked
from limits.theorems.comparisons import as_frequency
from limits.theorems.problem import Problem

STATEMENT = Statement(
    "P[ eig_min(K_0) <= gamma kappa / 2 ] <= n exp(-m kappa / (8 T)), gamma > 0", "Caron et al. 2023, proposition C.1"
)


def initial_width(problem: Problem, delta: float) -> float:
    """(8 T / kappa) log(n / delta): so many particles keep the smallest eigenvalue with probability 1 - delta.

    The paper's (8 n / (kappa_n d)) log(n / delta) where |x| = 1 and sigma' <= 1; infinite where kappa is zero.
    """
    if not 0.0 < delta < 1.0:
        raise ValueError(f"The probability delta is {delta!r}, but a number between 0 and 1 is needed.")
    if problem.kappa == 0.0:
        return math.inf
    return 8.0 * problem.trace / problem.kappa * math.log(problem.data / delta)


def initial_eigenvalue(problem: Problem, seeds: Iterable[int] = range(100)) -> Result:
    """P[eig_min(K_m) <= gamma kappa / 2] <= n exp(-m kappa / (8 T)), counted over starts from these seeds.

    A start fails as well where eig_min(K_m) < gamma eig_min(K^(1)), K^(1) that of the same particles with equal masses.
    Matrix Chernoff bound (Tropp 2012, theorem 1.1, epsilon = 1/2) on terms of norm T at most. Measured is the fraction
    that failed; the bound contains what chance adds with so few seeds. Vacuous where the probability is one.
    """
    assumptions = (*problem.is_signed, *problem.has_one_rate, *problem.is_positive)
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    failed = [_fails(problem, seed) for seed in seeds]
    probability = problem.data * math.exp(-problem.count * problem.kappa / (8.0 * problem.trace))
    return as_frequency(STATEMENT, assumptions, failed, probability)


def _fails(problem: Problem, seed: int) -> bool:
    cloud, inputs = problem.sample(seed), problem.risk.data.inputs.double()
    even = cloud.reweighted(torch.full_like(cloud.masses, 1.0 / cloud.count))
    smallest, spread = (float(torch.linalg.eigvalsh(problem.kernel.sampled(each, inputs))[0]) for each in (cloud, even))
    rounding = 1e-13 * problem.trace
    return smallest <= 0.5 * problem.floor * problem.kappa or smallest < problem.floor * spread - rounding
