"""The potential g of the paper, delta phi / delta rho, for every scaling under which a cloud is a measure."""

from itertools import product

import torch

from limits.theorems.base import Assumption
from particles import ParticleCloud, Risk
from particles.shapes import PerParticle, Positions

SOURCE = "Fang, Dong and Zhang 2020"
#: Output factors are a number times the masses to this, relative.
SAME = 1e-6
#: Weights of central differences of fourth order at -2, -1, 1, 2 steps, and the step relative to a coordinate's size.
STENCIL, STEP = ((-2, 1.0 / 12.0), (-1, -2.0 / 3.0), (1, 2.0 / 3.0), (2, -1.0 / 12.0)), 1e-3


def amplitude(risk: Risk, cloud: ParticleCloud) -> float:
    """alpha with s_j = alpha lambda_j: one under `MeanField`, c under `Lazy(c)`; the mean over masses where s_j varies.

    f = alpha int g(theta, .) d rho is the paper's (alpha / m) sum_j u_j h(theta_j, .).
    """
    return float(risk.scaling.factor(cloud.masses).sum())


def is_measure(risk: Risk, cloud: ParticleCloud) -> tuple[Assumption, ...]:
    """That the network is a function of the measure alone: output factors are proportional to masses."""
    factors = risk.scaling.factor(cloud.masses)
    away = (factors - amplitude(risk, cloud) * cloud.masses).abs().max() / factors.abs().max()
    return (Assumption("output factors proportional to masses", float(away) < SAME),)


def first_variation(risk: Risk, cloud: ParticleCloud, places: Positions | None = None) -> PerParticle:
    """g(theta) = alpha sum_i p_i loss'(f_i, y_i) . g(theta, x_i) + sum_q (strength(q) / 2) theta_q^2 at places.

    They are the cloud's own positions where left out. For `MeanField` it is `risk.potential`.
    """
    where = cloud.positions if places is None else places
    strength, squares = risk.network.squares(where, risk.strength)
    penalty = 0.5 * strength * squares
    return amplitude(risk, cloud) * (risk.potential(cloud, where) - penalty) + penalty


def variation_slopes(risk: Risk, cloud: ParticleCloud) -> Positions:
    """grad g(theta_j) [particles, dim] by differences of `first_variation`, the measure fixed; zero where not trained.

    It uses no gradient of the neuron, so that it may be compared with those.
    """
    slopes = torch.zeros_like(cloud.positions)
    trained = torch.arange(cloud.dim)[risk.network.neuron.trained_columns].tolist()
    steps = STEP * cloud.positions.abs().clamp_min(1.0)
    for column, (places, weight) in product(trained, STENCIL):
        moved = cloud.positions.clone()
        moved[:, column] += places * steps[:, column]
        slopes[:, column] += weight * first_variation(risk, cloud, moved) / steps[:, column]
    return slopes
