"""Differential entropy of a weighted cloud from distances to nearest neighbours, with an error bar."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.special import digamma, gammaln

from particles import ParticleCloud
from particles.integers import whole

Array = NDArray[np.float64]

#: Groups of particles whose estimates give the standard error.
GROUPS = 20


@dataclass(frozen=True)
class Estimate:
    """A number estimated from particles.

    `standard_error` is the statistical one, from 20 disjoint groups of particles. `bias` is how far the mean of these
    groups' own estimates is from the value: what a twentieth of the particles leaves unresolved. What all of them leave
    is smaller, by a factor of about 20^(2/d) in d dimensions, and is not taken off.
    """

    value: float
    standard_error: float
    bias: float


def entropy(cloud: ParticleCloud, neighbours: int = 4) -> Estimate:
    """Entropy of the measure sum_j lambda_j delta, of which the positions resolve a density in all dim coordinates.

        H = -sum_j lambda_j log rho_j,   rho_j = (e^psi(k) / e^psi(m)) mu_j m / (V_d e_j^d),

    e_j the distance to the k-th neighbour, V_d the volume of the unit ball, mu_j the mean mass of the sqrt(m) nearest
    neighbours; for equal masses the estimator of Kozachenko and Leonenko (1987). Masses may be independent of the
    positions or depend on them smoothly; a few heavy particles make the error large, not the estimate wrong. Raises
    ValueError for too few particles, or where particles coincide.
    """
    neighbours = whole(neighbours, "The number of neighbours")
    positions, masses = cloud.positions.double().cpu().numpy(), cloud.masses.double().cpu().numpy()
    positions, masses = positions[masses > 0.0], masses[masses > 0.0]
    if len(masses) < GROUPS * (neighbours + 2):
        raise ValueError(
            f"The cloud has {len(masses)} particles with mass, but {GROUPS * (neighbours + 2)} are needed for "
            f"{neighbours} neighbours."
        )
    value = _estimate(positions, masses, neighbours)
    groups = [slice(first, None, GROUPS) for first in range(GROUPS)]
    parts = np.array([_estimate(positions[group], masses[group], neighbours) for group in groups])
    shares = np.array([masses[group].sum() for group in groups]) / masses.sum()
    mean = float(shares @ parts)
    spread = math.sqrt(float((shares**2 * (parts - mean) ** 2).sum()) * GROUPS / (GROUPS - 1))
    return Estimate(value, spread, abs(mean - value))


def _estimate(positions: Array, masses: Array, neighbours: int) -> float:
    count, dim = positions.shape
    around = max(math.isqrt(count), neighbours)
    distances, indices = KDTree(positions).query(positions, around + 1)
    radii = distances[:, neighbours]
    if not bool((radii > 0.0).all()):
        raise ValueError(
            f"{int((radii == 0.0).sum())} particles coincide with {neighbours} others, so they resolve no density; "
            "remove copies or frozen coordinates."
        )
    shares = masses / masses.sum()
    ball = 0.5 * dim * math.log(math.pi) - float(gammaln(0.5 * dim + 1.0)) + dim * np.log(radii)
    logs = np.log(count * shares[indices[:, 1:]].mean(axis=1)) + digamma(neighbours) - digamma(count) - ball
    return float(-(shares @ logs))
