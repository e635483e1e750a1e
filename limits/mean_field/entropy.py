"""Differential entropy of a weighted cloud from distances to nearest neighbours, with an error bar."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from particles import ParticleCloud, generator
from particles.arguments.integers import whole

Array = NDArray[np.float64]

#: Number of groups of particles whose separate estimates give the standard error.
GROUPS = 20
#: Particles closer to each other than this part of the usual spacing are merged.
TOGETHER = 1e-3
#: Log masses are averaged over so many neighbours for each unit of their variance, at most over a quarter of all.
AVERAGED, PART = 10.0, 4
#: A mass counts at most as this many times the geometric mean of the masses around it.
CAP = 4.0


@dataclass(frozen=True)
class Estimate:
    """A number estimated from particles, with a standard error and an estimate of its bias.

    `standard_error` is the statistical error, from the scatter of the estimates of 20 disjoint random groups of
    particles. `bias` is the distance of the mean of these estimates from `value`: the error that remains with a
    twentieth of the particles. The bias with all particles is smaller, by a factor of about 20^(2/d) in d dimensions,
    and is not subtracted from the value. If the estimate with uncapped masses is further from the value, as happens
    where a few heavy particles dominate it, `bias` is that distance instead. The correction that was made for masses
    that scatter is added to it.
    """

    value: float
    standard_error: float
    bias: float


def entropy(cloud: ParticleCloud, neighbours: int = 4) -> Estimate:
    """Differential entropy -int rho log rho, in nats, of the density rho in all dim coordinates behind a cloud.

        H = -sum_j nu_j log rho_j,   rho_j = (e^psi(k) / e^psi(m)) mu_j m / (V_d e_j^d),

    Here k = neighbours, psi is the digamma function, e_j is the distance to the k-th neighbour, V_d the volume of the
    unit ball, and mu_j the mean of nu over k to sqrt(m) neighbours, over more where masses scatter more. For equal
    masses this is the estimator of Kozachenko and Leonenko (1987).

    Masses are taken to be a smooth function of the position times a factor that is independent of it, however unequal.
    nu_j is the mass, but at most four times the geometric mean of the masses around it. So no heavy particle stands for
    a neighbourhood, and the estimate converges even if the largest mass does not vanish. Where heavy particles have
    places of their own, the limit has atoms and no entropy; the masses do not show that, so `bias` does not vanish.
    Copies, and particles closer than a thousandth of the spacing, count as one particle with their total mass.
    Raises ValueError for fewer than 20 (k + 2) different places with mass, for a coordinate with few values, and for a
    number of neighbours that is not a positive integer.
    """
    neighbours = whole(neighbours, "The number of neighbours")
    positions, masses = (part.detach().double().cpu().numpy() for part in (cloud.positions, cloud.masses))
    positions, masses = _merged(positions[masses > 0.0], masses[masses > 0.0], neighbours)
    if len(masses) < GROUPS * (neighbours + 2):
        raise ValueError(
            f"The cloud has {len(masses)} different places with mass, but {GROUPS * (neighbours + 2)} are needed for "
            f"{neighbours} neighbours."
        )
    _check_coordinates(positions)
    value, by_mass, lost = _estimate(positions, masses, neighbours)
    order = generator(0, "groups").permutation(len(masses))
    groups = [order[first::GROUPS] for first in range(GROUPS)]
    parts = np.array([_estimate(positions[group], masses[group], neighbours)[0] for group in groups])
    spread = float(parts.std(ddof=1)) / math.sqrt(GROUPS)
    return Estimate(value, spread, max(abs(float(parts.mean()) - value), abs(by_mass - value)) + lost)


def _estimate(positions: Array, masses: Array, neighbours: int) -> tuple[float, float, float]:
    """-sum_j nu_j log rho_j with capped masses, the same sum with uncapped masses, and the correction for scatter.

    The logarithm of a mean whose relative noise has variance v is too low by v / 2, which the correction restores.
    """
    count, dim = positions.shape
    logs = np.log(masses / masses.mean())
    around = max(math.isqrt(count), neighbours)
    wide = max(around, min(count // PART, math.ceil(AVERAGED * float(logs.var()))))
    distances, indices = scipy.spatial.KDTree(positions).query(positions, wide + 1)
    capped = np.minimum(logs, logs[indices[:, 1:]].mean(axis=1) + math.log(CAP))
    shares = np.exp(capped - capped.max())
    shares /= shares.sum()
    scatter = float(np.log(count * shares)[indices[:, 1 : neighbours + 2]].var(axis=1, ddof=1).mean())
    around = max(neighbours, math.ceil(around * min(scatter, 1.0)))
    near = count * shares[indices[:, 1 : around + 1]]
    means = near.mean(axis=1)
    constant = 0.5 * dim * math.log(math.pi) - float(scipy.special.gammaln(0.5 * dim + 1.0))
    ball = constant + dim * np.log(distances[:, neighbours])
    noise = 0.5 * near.var(axis=1) / means**2 / around
    surprise = ball + scipy.special.digamma(count) - scipy.special.digamma(neighbours) - np.log(means) - noise
    return float(shares @ surprise), float(masses @ surprise) / float(masses.sum()), float(shares @ noise)


def _merged(positions: Array, masses: Array, neighbours: int) -> tuple[Array, Array]:
    """Places [places, dim] and their masses [places], after particles much closer than the usual spacing are merged.

    The spacing is measured by the sqrt(m) nearest different places, so dozens of copies do not hide it.
    """
    places, place = np.unique(positions, axis=0, return_inverse=True)
    count, dim = places.shape
    around = min(max(math.isqrt(count), neighbours), count - 1)
    if around == 0:
        return places, masses.sum(keepdims=True)
    tree = scipy.spatial.KDTree(places)
    spacing = float(np.median(tree.query(places, [around + 1])[0])) / around ** (1.0 / dim)
    pairs = tree.query_pairs(TOGETHER * spacing, output_type="ndarray")
    if len(pairs) == 0 and count == len(positions):
        return positions, masses
    edges = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    group = scipy.sparse.csgraph.connected_components(edges, directed=False)[1][place.reshape(-1)]
    totals: Array = np.bincount(group, masses).astype(np.float64)
    centres = np.stack([np.bincount(group, masses * column) for column in positions.T], axis=1)
    return centres / totals[:, None], totals


def _check_coordinates(positions: Array) -> None:
    """Raise ValueError where a coordinate takes fewer different values than half the number of places."""
    for column, values in enumerate(positions.T):
        found = len(np.unique(values))
        if 2 * found < len(values):
            raise ValueError(
                f"Coordinate {column} takes {found} values at {len(values)} places, so they resolve no density; remove "
                "frozen coordinates."
            )
