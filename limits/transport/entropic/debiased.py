"""The debiased Sinkhorn divergence, with the standard error of a distance between the laws behind two clouds."""

import math

from limits.transport.certificate import EPS
from limits.transport.entropic.regularised import detached
from limits.transport.entropic.sinkhorn import Iteration, Potential, sinkhorn, symmetric_sinkhorn
from limits.transport.problem import Measure, TransportProblem
from limits.transport.result import Transport, power

#: Rounding error of a sum of differences of potentials, in units of eps times a typical cost.
ROUNDING = 64.0


def by_divergence(problem: TransportProblem, how: Iteration = Iteration(regularisation=0.2)) -> Transport:
    """S^(1/p), S = OT(a, b) - OT(a, a) / 2 - OT(b, b) / 2 with OT = min <P, c> + eps KL(P | a b^T) (Feydy et al. 2019).

    S is zero for equal clouds. For p = 2 it is the squared distance of the means where the laws differ only by a shift.
    The standard error is that of S as an estimate for the laws behind the clouds, whose particles are taken as
    independent draws (del Barrio, Gonzalez Sanz, Loubes and Niles-Weed 2023): Var S = sum_i a_i^2 (h_i - mean h)^2 plus
    the same for b, where h is the difference of the potentials of OT(a, b) and OT(a, a).
    Raises ValueError where a cloud requires derivatives, TransportUnsolved where the iteration does not converge.
    """
    problem = detached(problem, "debiased")
    eps = how.regularisation * problem.mean_cost
    if eps == 0.0:
        return Transport(problem.first.points.new_zeros(()), "debiased", standard_error=0.0)
    first, second, p = problem.first, problem.second, problem.p
    f, g = sinkhorn(first, second, p, how, problem.mean_cost)
    h = f - symmetric_sinkhorn(first, p, how, problem.mean_cost)
    k = g - symmetric_sinkhorn(second, p, how, problem.mean_cost)
    value = (first.masses @ h + second.masses @ k).clamp_min(0.0)
    distance = power(value, 1.0 / p)
    spread = math.sqrt(_variance(first, h) + _variance(second, k)) + ROUNDING * EPS * problem.mean_cost
    error = float(distance) * spread / (p * float(value)) if float(value) > 0.0 else math.inf
    return Transport(distance, "debiased", standard_error=error)


def _variance(measure: Measure, values: Potential) -> float:
    """sum_i a_i^2 (h_i - sum a h)^2, the variance of sum_i a_i h(x_i) for independent x_i."""
    centred = values - measure.masses @ values
    return float((measure.masses * centred).square().sum())
