"""How well a few particles that are drawn from a measure stand for it, and how well they could."""

from collections.abc import Iterable

import numpy as np
import torch

from limits.theorems.base import Result, Statement, as_mean, fails, from_below, unchecked
from limits.theorems.observed import in_double
from limits.theorems.one_axis.first_variation import SOURCE, amplitude, is_measure
from particles import ParticleCloud, Risk
from particles.arguments.integers import whole
from particles.numerics.randomness import generator
from particles.shapes import Inputs, ParticleFeatures, PerDatum, PerParticle, Scalar

VARIANCE = Statement("E |f_m - f_rho|^2 = (1/m) int |alpha u h - f_rho|^2 d rho", f"{SOURCE}, (24)")
LEAST = Statement("int |alpha u h - f|^2 d rho >= (int |alpha u h| d rho)^2 - |f|^2", f"{SOURCE}, section VI")


def sampled_features(risk: Risk, cloud: ParticleCloud, inputs: Inputs | None = None) -> ParticleFeatures:
    """alpha g(theta_j, x_i) [particles, data, outputs] at the data or at other inputs."""
    neuron = risk.network.neuron
    x = risk.data.inputs if inputs is None else inputs
    phi = neuron.embed(x).to(cloud.positions)
    return amplitude(risk, cloud) * neuron.tangent(cloud.positions, phi).features()


def sampling_variance(
    risk: Risk, cloud: ParticleCloud, count: int, seeds: Iterable[int] = range(100), inputs: Inputs | None = None
) -> Result:
    """E |f_m - f_rho|^2 = (1/m) int |alpha u h - f_rho|^2 d rho over independent draws of `count` particles from rho.

    rho is the cloud, so that particle j is drawn with probability lambda_j; what is drawn counts 1 / m each.
    |.|^2 = sum_i p_i |.|^2 over the data, or the mean over other inputs [data, inputs]. The mean over seeds is compared
    with the right side, which is exact.
    """
    whole(count, "The number of particles drawn")
    assumptions = is_measure(risk, cloud)
    if fails(assumptions):
        return unchecked(VARIANCE, assumptions)
    cloud = in_double(cloud)
    features = sampled_features(risk, cloud, inputs)
    weights = risk.data.weights.to(features) if inputs is None else features.new_full((len(inputs),), 1.0 / len(inputs))
    total = torch.einsum("j,jic->ic", cloud.masses, features)
    chances = (cloud.masses / cloud.masses.sum()).numpy()
    drawn = []
    for seed in seeds:
        times = generator(seed, "drawn particles").multinomial(count, chances).astype(np.float64)
        away = torch.einsum("j,jic->ic", torch.from_numpy(times) / count, features) - total
        drawn.append(weights @ away.square().sum(dim=1))
    exact = cloud.masses @ _squares(features - total, weights) / count
    return as_mean(VARIANCE, assumptions, float(exact), torch.stack(drawn))


def variance_bound(risk: Risk, cloud: ParticleCloud) -> Result:
    """int |alpha u h - f|^2 d rho >= (int |alpha u h| d rho)^2 - |f|^2, an equality where |u_j| |h_j| is constant.

    The variance of m draws is the left side over m. The right side is the least of it over all measures that have the
    same function by the same features: it depends on the signed measure u rho alone (Cauchy and Schwarz). With features
    of norm one, sum_i p_i h(theta, x_i)^2 = 1, it is reached where |u| is the same for all particles. The margin is
    what the variance is above its least, relative.
    """
    assumptions = is_measure(risk, cloud)
    if fails(assumptions):
        return unchecked(LEAST, assumptions)
    found, least = variances(risk, in_double(cloud))
    return from_below(LEAST, assumptions, least, found)


def variances(risk: Risk, cloud: ParticleCloud) -> tuple[Scalar, Scalar]:
    """int |alpha u h - f|^2 d rho, and the least that it could be."""
    features, weights = sampled_features(risk, cloud), risk.data.weights.to(cloud.positions)
    total = torch.einsum("j,jic->ic", cloud.masses, features)
    norm = weights @ total.square().sum(dim=1)
    sizes = _squares(features, weights)
    return cloud.masses @ sizes - norm, (cloud.masses @ sizes.sqrt()).square() - norm


def _squares(features: ParticleFeatures, weights: PerDatum) -> PerParticle:
    """sum_i p_i |.|^2 of every particle."""
    return torch.einsum("jic,i->j", features.square(), weights)
