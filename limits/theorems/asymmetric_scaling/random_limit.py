"""The Gram matrix at the start: its mean, its total variance, and how far it is from its random limit."""

from collections.abc import Iterable

import torch

from limits.kernels.random_kernel import RandomKernel, total_variance, variance_of_one, zipf_atoms
from limits.theorems.base import Assumption, Result, Statement, as_mean, fails, unchecked
from limits.theorems.problem import Problem
from particles import masses

SOURCE = "Caron et al. 2023, proposition 3.3"
MEAN = Statement("E K_m = K, projected on K", SOURCE)
VARIANCE = Statement("E |K_m - K|_F^2 = C0 sum_j lambda_j^2", SOURCE)
LIMIT = Statement("E |K_m - K_inf|_F^2 = C0 sum_{j <= m} (lambda_j - (1 - gamma) lt_j)^2", SOURCE)


def mean_gram(problem: Problem, seeds: Iterable[int] = range(100)) -> Result:
    """E K_m = K for every m and any masses: the mean over seeds of <K_m, K>_F / |K|_F is |K|_F."""
    mean, inputs = problem.mean_gram, problem.risk.data.inputs.double()
    drawn = [(problem.kernel.sampled(problem.sample(seed), inputs) * mean).sum() for seed in seeds]
    return as_mean(MEAN, (), float(mean.norm()), torch.stack(drawn) / mean.norm())


def gram_variance(problem: Problem, seeds: Iterable[int] = range(100)) -> Result:
    """E |K_m - K|_F^2 = C0 sum_j lambda_j^2, exact at every m; C0 as in `variance_of_one`."""
    mean, inputs = problem.mean_gram, problem.risk.data.inputs.double()
    drawn = [(problem.kernel.sampled(problem.sample(seed), inputs) - mean).square().sum() for seed in seeds]
    return as_mean(VARIANCE, (), total_variance(problem.kernel, inputs, problem.masses), torch.stack(drawn))


def random_limit(problem: Problem, seeds: Iterable[int] = range(100)) -> Result:
    """E |K_m - K_inf|_F^2 = C0 sum_{j <= m} (lambda_mj - (1 - gamma) lt_j)^2, which tends to zero as m grows.

    K_inf = gamma K + (1 - gamma) sum_j lt_j K^(j) of the same particles, lt_j = j^(-1/alpha) / zeta(1/alpha); those
    beyond m are replaced by their mean. The limit is random where gamma < 1.
    """
    zipf = problem.gamma is not None and (problem.gamma == 1.0 or problem.alpha is not None)
    given = zipf and torch.allclose(
        problem.masses.double(), masses.asymmetrical(problem.count, problem.floor, problem.alpha), rtol=1e-4, atol=1e-9
    )
    assumptions = (Assumption("masses gamma/m + (1 - gamma) zipf_j(alpha), both given", bool(given)),)
    if fails(assumptions):
        return unchecked(LIMIT, assumptions)
    inputs, gamma = problem.risk.data.inputs.double(), problem.floor
    limit = RandomKernel(problem.kernel, gamma, problem.alpha)
    drawn = []
    for seed in seeds:
        gram = problem.kernel.sampled(problem.sample(seed), inputs)
        drawn.append((gram - limit.sample(inputs, seed=seed, heavy=problem.count).gram).square().sum())
    kept = problem.masses.double()
    if gamma < 1.0 and problem.alpha is not None:
        kept = kept - (1.0 - gamma) * zipf_atoms(problem.count, problem.alpha)[0]
    exact = variance_of_one(problem.kernel, inputs) * float(kept.square().sum())
    return as_mean(LIMIT, assumptions, exact, torch.stack(drawn))
