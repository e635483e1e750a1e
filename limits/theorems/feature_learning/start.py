"""Lemmas 2 and 3: how large the risk is at the start, and how many neurons are active there."""

import math
from collections.abc import Iterable

import torch

from limits.kernels.two_layer import feature_kernel
from limits.theorems.base import Assumption, Result, Statement, as_mean, fails, unchecked
from limits.theorems.comparisons import as_frequency
from limits.theorems.feature_learning.active_region import ActiveRegion
from limits.theorems.feature_learning.decay import SOURCE
from limits.theorems.problem import Problem

RISK = Statement("E R_0 = (1/2) sum_i p_i (y_i^2 + (sum_j s_j^2) E sigma(z_i)^2)", f"{SOURCE}, lemma 2")
FEW = Statement("P[ eta_0 < pi_min / 2 ] <= n exp(-pi_min^2 / (2 sum_j lambda_j^2))", f"{SOURCE}, lemma 3")


def mean_risk(problem: Problem) -> float:
    """E R_0 = (1/2) sum_i p_i (y_i^2 + (sum_j s_j^2) E a^2 sigma(z_i)^2), z_i ~ N(0, v |phi_i|^2)."""
    initial = feature_kernel(problem.neuron, problem.law)(problem.risk.data.inputs.double()).diagonal()
    factors = problem.risk.scaling.factor(problem.masses.double())
    squares = problem.risk.data.targets.double().square().sum(dim=1) + factors.square().sum() * initial
    return 0.5 * float(problem.weights @ squares)


def initial_risk(problem: Problem, seeds: Iterable[int] = range(100)) -> Result:
    """The mean of R_0 over starts from these seeds; the paper's (1/2) sum_a (y_a^2 + (c^2 / m) E sigma^2) times 1/n."""
    assumptions = (*problem.is_gradient_flow, Assumption("one output", problem.neuron.outputs == 1))
    if fails(assumptions):
        return unchecked(RISK, assumptions)
    drawn = torch.stack([problem.risk(problem.sample(seed)).double() for seed in seeds])
    return as_mean(RISK, assumptions, mean_risk(problem), drawn)


def least_activity(problem: Problem, region: ActiveRegion) -> float:
    """pi_min = min_i P[z_i in I_0], z_i ~ N(0, v |phi_i|^2)."""
    return float(region.probabilities(problem.law.variance * problem.phi.square().sum(dim=1)).min())


def active_width(problem: Problem, region: ActiveRegion, delta: float) -> float:
    """2 log(n / delta) / pi_min^2: so many particles of equal mass have eta_0 >= pi_min / 2 with probability 1 - delta.

    Other masses need 1 / sum_j lambda_j^2 to be as large.
    """
    if not 0.0 < delta < 1.0:
        raise ValueError(f"The probability delta is {delta!r}, but a number between 0 and 1 is needed.")
    least = least_activity(problem, region)
    return 2.0 * math.log(problem.data / delta) / least**2 if least > 0.0 else math.inf


def initial_activity(
    problem: Problem, region: ActiveRegion = ActiveRegion(), seeds: Iterable[int] = range(100)
) -> Result:
    """P[eta_0 < pi_min / 2] <= n exp(-pi_min^2 / (2 sum_j lambda_j^2)), counted over starts from these seeds.

    Hoeffding's inequality for each datum. Measured is the fraction that failed; the bound contains what chance adds
    with so few seeds. Vacuous where the probability is one.
    """
    least, masses = least_activity(problem, region), problem.masses.double()
    phi, hidden = problem.phi, problem.neuron.hidden
    clouds = [problem.sample(seed) for seed in seeds]
    middle = [region.fraction(cloud.positions.double()[:, :hidden] @ phi.T, masses) for cloud in clouds]
    failed = [float(fraction) < 0.5 * least for fraction in middle]
    probability = problem.data * math.exp(-(least**2) / (2.0 * float(masses.square().sum())))
    return as_frequency(FEW, (), failed, probability)
