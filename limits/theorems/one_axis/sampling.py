"""How well particles that are drawn stand for a measure, by any probabilities, and how well they could."""

from collections.abc import Iterable, Sequence

import torch

from limits.theorems.base import Result, Statement, as_mean, fails, from_above, from_below, unchecked
from limits.theorems.observed import in_double
from limits.theorems.one_axis.first_variation import SOURCE, is_measure
from particles import ParticleCloud, Risk, importance, thin
from particles.arguments.integers import whole
from particles.initial.resampling.importance import contributions
from particles.shapes import PerParticle, Scalar

VARIANCE = Statement(
    "E |f_c - f|^2 = (1/c) (sum_j |s_j g_j|^2 / P_j - |f|^2) for c particles drawn by P, each over c P_j",
    f"{SOURCE}, (24), with importance sampling",
)
LEAST = Statement("P_j ~ |s_j g_j| has the least sum_j |s_j g_j|^2 / P_j", f"{SOURCE}, figure 11 (Cauchy and Schwarz)")
BOUND = Statement("int |alpha u h - f|^2 d rho >= (int |alpha u h| d rho)^2 - |f|^2", f"{SOURCE}, section VI")


def drawn_variance(
    risk: Risk,
    cloud: ParticleCloud,
    count: int,
    probabilities: PerParticle | None = None,
    seeds: Iterable[int] = range(100),
) -> Result:
    """E |f_c - f|^2 = (1/c) (sum_j |s_j g_j|^2 / P_j - |f|^2), f_c = (1/c) sum_k s_k g_k / P_k, c = `count` draws by P.

    |.|^2 = sum_i p_i |.|^2 over the data. Particles are drawn by `thin`, whose `total` times the outputs of the thin
    cloud are f_c. P are the masses where left out, which is (24): c independent particles of the measure, alike. The
    mean over seeds is compared with the right side, which is exact.
    """
    whole(count, "The number of particles drawn")
    assumptions = is_measure(risk, cloud)
    if fails(assumptions):
        return unchecked(VARIANCE, assumptions)
    cloud = in_double(cloud)
    p = cloud.masses if probabilities is None else probabilities
    f, weights = risk.predictions(cloud), risk.data.weights.to(cloud.positions)
    found = [thin(cloud, count, probabilities=p, seed=seed) for seed in seeds]
    away = [one.total * risk.predictions(one.cloud) - f for one in found]
    exact = float(variance_of_one(risk, cloud, p)) / count
    return as_mean(VARIANCE, assumptions, exact, torch.stack([weights @ one.square().sum(dim=1) for one in away]))


def least_variance(
    risk: Risk,
    cloud: ParticleCloud,
    others: Sequence[PerParticle],
    probabilities: PerParticle | None = None,
    *,
    centred: bool = False,
) -> Result:
    """The variance of a draw by P_j ~ |s_j g_j| is at most that of a draw by any others.

    P is `importance(cloud, risk, centred=centred)` where left out. With `centred` all of it is about f and g_j less
    their means over the data, so that |s_j g_j| is a standard deviation, as in the paper's |u_j| std(h_j). It holds for
    every neuron and scaling.
    """
    cloud = in_double(cloud)
    chosen = importance(cloud, risk, centred=centred) if probabilities is None else probabilities
    bound = torch.stack([variance_of_one(risk, cloud, other, centred=centred) for other in others])
    measured = variance_of_one(risk, cloud, chosen, centred=centred)
    return from_above(LEAST, (), bound, measured.expand_as(bound))


def variance_bound(risk: Risk, cloud: ParticleCloud) -> Result:
    """int |alpha u h - f|^2 d rho >= (int |alpha u h| d rho)^2 - |f|^2, an equality where |u_j| |h_j| is constant.

    The variance of m draws is the left side over m. The right side is the least of it over all measures that have the
    same function by the same features: it depends on the signed measure u rho alone (Cauchy and Schwarz). With features
    of norm one, sum_i p_i h(theta, x_i)^2 = 1, it is reached where |u| is the same for all particles. The margin is
    what the variance is above its least, relative.
    """
    assumptions = is_measure(risk, cloud)
    if fails(assumptions):
        return unchecked(BOUND, assumptions)
    found, least = variances(risk, in_double(cloud))
    return from_below(BOUND, assumptions, least, found)


def variances(risk: Risk, cloud: ParticleCloud) -> tuple[Scalar, Scalar]:
    """int |alpha u h - f|^2 d rho, the variance of one draw by the masses, and the least that it could be."""
    best = contributions(cloud, risk, centred=False)
    return variance_of_one(risk, cloud, cloud.masses), variance_of_one(risk, cloud, best)


def variance_of_one(risk: Risk, cloud: ParticleCloud, probabilities: PerParticle, *, centred: bool = False) -> Scalar:
    """sum_j |s_j g_j|^2 / P_j - |f|^2, the variance of one draw; particles that add nothing need no probability."""
    p = probabilities.to(cloud.masses) / probabilities.sum()
    added = contributions(cloud, risk, centred=centred)
    adds = added > 0.0
    f, weights = risk.predictions(cloud), risk.data.weights.to(cloud.positions)
    return (added[adds].square() / p[adds]).sum() - weights @ (f - weights @ f if centred else f).square().sum(dim=1)
