"""Fewer particles that stand for a cloud: drawn by probabilities, with masses that make up for these."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor

from particles.arguments.integers import whole
from particles.cloud import ParticleCloud
from particles.errors import MassError, ShapeError
from particles.initial import masses as weights
from particles.numerics.randomness import generator
from particles.shapes import PerParticle

Numbers = Int[Tensor, " particles"]
Array = NDArray[np.float64]
#: Probabilities of inclusion this near to one are one, so that no particle is met twice by rounding.
SURE = 1.0 - 1e-12


@dataclass(frozen=True, eq=False)
class Thinned:
    """Some particles of a cloud, as a cloud of their own.

    `chosen` [particles] are their numbers in the cloud from which they were drawn. Their masses were divided by
    `total`, the sum of the weights that make every sum over particles unbiased; the mean of `total` is one.
    """

    cloud: ParticleCloud
    chosen: Numbers
    total: float


def thin(
    cloud: ParticleCloud,
    count: int,
    *,
    probabilities: PerParticle | None = None,
    replacement: bool = True,
    seed: int,
) -> Thinned:
    """`count` particles of a cloud, drawn by probabilities P_j [particles], which are the masses where left out.

    With replacement particles J_1, J_2, ... are independent, and each has the weight lambda_J / (count P_J). Without it
    every particle is drawn once at most, with probability pi_j = min(1, c P_j) where c makes the sum of all pi_j
    `count` (systematic sampling of a random order, Madow 1949), and has the weight lambda_J / pi_J. In both cases the
    mean of sum_k weight_k h(theta_k) is sum_j lambda_j h(theta_j), unless P_j = 0 for a particle that counts.

    A cloud has masses with sum one: the weights divided by their sum, `total`. So `total` times the outputs of the thin
    cloud are an unbiased estimate of the outputs of the cloud under scalings whose output factors are proportional to
    masses, `MeanField` and `Lazy`, with the variance that `importance` says; without the factor it is a ratio estimate,
    with a bias of order 1/count. Drawn by its masses, a cloud is thinned to equal masses (but those of particles that
    are certain to be drawn), and `total` is one.

    Probabilities need not sum to one. The seed's stream "thin" decides; with replacement a larger `count` begins with
    the particles of a smaller one. Raises TypeError for a shared cloud, ShapeError or MassError for probabilities of a
    wrong shape, negative, not finite or zero, ValueError where fewer than `count` particles can be drawn once.
    """
    if cloud.shared_by is not None:
        raise TypeError("A shared cloud is held by several processes; thin the whole cloud, then share it.")
    count = whole(count, "The number of particles to draw")
    p = _checked(cloud, cloud.masses if probabilities is None else probabilities)
    if replacement:
        chosen = _independent(p, count, seed)
        drawn = count * p[chosen]
    else:
        included = inclusion(p, count)
        chosen = _systematic(included, seed)
        drawn = included[chosen]
    numbers = torch.from_numpy(chosen).to(cloud.device)
    share = cloud.masses.detach().cpu().double().numpy()[chosen] / drawn
    total = float(share.sum())
    if not total > 0.0:
        raise MassError("The particles that were drawn have no mass; give probabilities that favour those with mass.")
    return Thinned(ParticleCloud(cloud.positions[numbers], torch.from_numpy(share / total)), numbers, total)


def inclusion(p: Array, count: int) -> Array:
    """pi_j = min(1, c p_j) with sum `count`; raises ValueError where fewer particles have a positive p_j."""
    possible = int((p > 0.0).sum())
    if possible < count:
        raise ValueError(
            f"{count} of {possible} particles cannot be drawn without replacement; draw fewer, or with replacement."
        )
    sure = np.zeros(len(p), dtype=bool)
    while True:
        rest = np.where(sure, 0.0, p)
        found = np.where(sure, 1.0, (count - sure.sum()) * rest / max(rest.sum(), np.finfo(np.float64).tiny))
        more = (found >= SURE) & ~sure
        if not more.any():
            return found
        sure |= more


def _checked(cloud: ParticleCloud, values: PerParticle) -> Array:
    """Probabilities of the particles in float64, with sum one."""
    if values.shape != cloud.masses.shape:
        raise ShapeError(
            f"Probabilities have shape {tuple(values.shape)}, but the cloud has {cloud.count} particles; give one for "
            "each, as importance(cloud, risk) does."
        )
    found: Array = weights.from_values(values.detach().cpu()).numpy()
    return found


def _independent(p: Array, count: int, seed: int) -> NDArray[np.int64]:
    """Numbers [count] drawn independently by p; those with p = 0 are never drawn."""
    levels = p.cumsum()
    places = generator(seed, "thin").random(count) * levels[-1]
    found = levels.searchsorted(places, side="right")
    numbers: NDArray[np.int64] = np.minimum(found, p.nonzero()[0][-1])
    return numbers


def _systematic(included: Array, seed: int) -> NDArray[np.int64]:
    """Numbers, in rising order, of particles drawn with these probabilities of inclusion, each once at most."""
    draws = generator(seed, "thin")
    order = draws.permutation(len(included))
    order = order[(included[order] < 1.0) & (included[order] > 0.0)]
    sure = (included >= 1.0).nonzero()[0]
    left = round(float(included.sum())) - len(sure)
    levels = included[order].cumsum()
    found = levels.searchsorted((draws.random() + np.arange(left)) * (levels[-1] / left) if left else [], side="right")
    return np.sort(np.concatenate([sure, order[np.minimum(found, len(order) - 1)]]))
