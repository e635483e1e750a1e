"""Differential entropy of a weighted cloud from distances to nearest neighbours, with an error bar."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.special import digamma, gammaln

from particles import ParticleCloud, generator
from particles.arguments.integers import whole

Array = NDArray[np.float64]

#: Groups of particles whose estimates give the standard error.
GROUPS = 20
#: Particles closer than this part of the usual spacing are one place.
TOGETHER = 1e-3
#: Neighbours over which log masses are averaged for each unit of their variance, and at most this part of all.
AVERAGED, PART = 10.0, 4
#: Masses beyond so many geometric means of those around count as so much.
CAP = 4.0


@dataclass(frozen=True)
class Estimate:
    """A number estimated from particles.

    `standard_error` is the statistical one, from 20 disjoint random groups of particles. `bias` is how far the mean of
    these groups' own estimates is from the value: what a twentieth of the particles leaves unresolved. What all of them
    leave is smaller, by a factor of about 20^(2/d) in d dimensions, and is not taken off. Where the estimate by the
    masses as they are is further from the value, as with heavy particles, of which few have a say in it, it is that.
    What was corrected for masses that scatter is added to it.
    """

    value: float
    standard_error: float
    bias: float


def entropy(cloud: ParticleCloud, neighbours: int = 4) -> Estimate:
    """Entropy of the measure sum_j lambda_j delta, of which the positions resolve a density in all dim coordinates.

        H = -sum_j nu_j log rho_j,   rho_j = (e^psi(k) / e^psi(m)) mu_j m / (V_d e_j^d),

    e_j the distance to the k-th neighbour, V_d the volume of the unit ball, mu_j the mean of nu over k to sqrt(m)
    neighbours, more where masses scatter; for equal masses the estimator of Kozachenko and Leonenko (1987). Masses are
    read as a smooth function of the position times a factor independent of it, however unequal: nu_j is the mass, but
    at most four times the geometric mean of the masses around, so that no heavy particle stands for a neighbourhood and
    the estimate converges also where the largest mass does not vanish. Where heavy particles have places of their own
    the limit has atoms and no entropy; the masses cannot tell, so `bias` does not vanish there. Copies, and particles a
    thousandth of the spacing apart, are one particle of their mass together. Raises ValueError for too few places, or
    for coordinates of few values.
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
    """-sum_j nu_j log rho_j with capped masses, the same by the masses as they are, and what scattered masses took.

    The logarithm of a mean with a relative noise of variance v is v / 2 too low.
    """
    count, dim = positions.shape
    logs = np.log(masses / masses.mean())
    around = max(math.isqrt(count), neighbours)
    wide = max(around, min(count // PART, math.ceil(AVERAGED * float(logs.var()))))
    distances, indices = KDTree(positions).query(positions, wide + 1)
    capped = np.minimum(logs, logs[indices[:, 1:]].mean(axis=1) + math.log(CAP))
    shares = np.exp(capped - capped.max())
    shares /= shares.sum()
    scatter = float(np.log(count * shares)[indices[:, 1 : neighbours + 2]].var(axis=1, ddof=1).mean())
    around = max(neighbours, math.ceil(around * min(scatter, 1.0)))
    near = count * shares[indices[:, 1 : around + 1]]
    means = near.mean(axis=1)
    ball = 0.5 * dim * math.log(math.pi) - float(gammaln(0.5 * dim + 1.0)) + dim * np.log(distances[:, neighbours])
    noise = 0.5 * near.var(axis=1) / means**2 / around
    surprise = ball + digamma(count) - digamma(neighbours) - np.log(means) - noise
    return float(shares @ surprise), float(masses @ surprise) / float(masses.sum()), float(shares @ noise)


def _merged(positions: Array, masses: Array, neighbours: int) -> tuple[Array, Array]:
    """Places and their masses, where particles much closer than the usual spacing are one place.

    The spacing is that of the sqrt(m) nearest of different places, so copies in the dozens do not hide it.
    """
    places, place = np.unique(positions, axis=0, return_inverse=True)
    count, dim = places.shape
    around = min(max(math.isqrt(count), neighbours), count - 1)
    if around == 0:
        return places, masses.sum(keepdims=True)
    tree = KDTree(places)
    spacing = float(np.median(tree.query(places, [around + 1])[0])) / around ** (1.0 / dim)
    pairs = tree.query_pairs(TOGETHER * spacing, output_type="ndarray")
    if len(pairs) == 0 and count == len(positions):
        return positions, masses
    edges = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    group = connected_components(edges, directed=False)[1][place.reshape(-1)]
    totals: Array = np.bincount(group, masses).astype(np.float64)
    centres = np.stack([np.bincount(group, masses * column) for column in positions.T], axis=1)
    return centres / totals[:, None], totals


def _check_coordinates(positions: Array) -> None:
    for column, values in enumerate(positions.T):
        found = len(np.unique(values))
        if 2 * found < len(values):
            raise ValueError(
                f"Coordinate {column} takes {found} values at {len(values)} places, so they resolve no density; remove "
                "frozen coordinates."
            )
