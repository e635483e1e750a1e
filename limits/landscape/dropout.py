"""Dropout of particles: the risk of those that are kept, and its mean over random subsets, exact or sampled."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from limits.chaos import Mean
from particles import ParticleCloud, Risk, Squared, generator
from particles.arguments.integers import whole
from particles.shapes import Outputs, PerParticle, Scalar

#: What the kept particles are divided by: their mass, or their share of the number of particles.
RESCALED = ("mass", "number")
#: Largest relative difference of masses that count as equal.
EQUAL = {torch.float64: 1e-12, torch.float32: 1e-6}
#: Entries of a matrix [particles, data, outputs] that is formed at a time.
ENTRIES = 2**20


def dropout_risk(cloud: ParticleCloud, risk: Risk, kept: int | Sequence[int], rescaled: str = "mass") -> Scalar:
    """The risk of the network of which only some particles A are kept, f_A(x) = (1/c) sum_{j in A} s_j g_j(x).

    c is the mass of A, sum_{j in A} lambda_j, or with rescaled="number" its share |A| / m. With equal masses the two
    are one, and f_A = (1/|A|) sum_{j in A} g_j under `MeanField` (Shevchenko and Mondelli 2020). The regulariser is
    rescaled in the same way. Papers that leave out the 1/2 of the squared loss have twice these risks.

    kept: how many of the first particles, which are a random subset where particles are exchangeable; or the numbers
    of those kept. Raises ValueError for numbers that the cloud does not have or that come twice, and for particles
    without mass; TypeError for a cloud that several processes share.
    """
    return _at_subset(cloud, risk, kept_rows(cloud, kept), _checked(rescaled))


def mean_dropout_risk(
    cloud: ParticleCloud, risk: Risk, kept: int, rescaled: str = "mass", *, subsets: int = 1000, seed: int = 0
) -> Mean:
    """The mean of `dropout_risk` over the subsets A of `kept` = M particles, all of them equally likely.

    For the squared loss, where masses are equal or rescaled="number", f_A is a mean of M of the m vectors m s_j g_j
    drawn without replacement, and the result is exact, with error zero:

        E R_A = R + (1/2) (1/M) (m - M)/(m - 1) sum_i p_i Var_j(m s_j g_j(x_i)),   Var_j over all m particles.

    Otherwise it is the mean over `subsets` random subsets, with its standard error. Raises ValueError for a number of
    particles that is not between 1 and m, and what `dropout_risk` raises.
    """
    rescaled, count = _checked(rescaled), len(kept_rows(cloud, whole(kept, "The number of particles kept")))
    subsets = whole(subsets, "The number of subsets", least=2)
    if count == cloud.count:
        return Mean(float(risk(cloud).detach()), 0.0)
    if type(risk.loss) is Squared and (rescaled == "number" or are_equal(cloud)):
        extra = (cloud.count - count) / (count * (cloud.count - 1))
        return Mean(float(risk(cloud).detach()) + 0.5 * extra * _scatter(cloud, risk), 0.0)
    draw = generator(seed, "subsets")
    chosen = (torch.from_numpy(draw.permutation(cloud.count)[:count]) for _ in range(subsets))
    risks = np.array([float(_at_subset(cloud, risk, rows, rescaled).detach()) for rows in chosen])
    return Mean(float(risks.mean()), float(risks.std(ddof=1)) / math.sqrt(subsets))


def are_equal(cloud: ParticleCloud) -> bool:
    """Whether all particles have the same mass, up to rounding."""
    return float((cloud.masses.detach().double() * cloud.count - 1.0).abs().max()) <= EQUAL[cloud.dtype]


def kept_rows(cloud: ParticleCloud, kept: int | Sequence[int]) -> Tensor:
    """The numbers of the particles kept, as a tensor; raises what `dropout_risk` raises."""
    if not cloud.is_plain:
        raise TypeError(f"Dropout is of a cloud that one process holds, not of a {type(cloud).__name__}; gather it.")
    return kept_of(cloud.count, kept, "particle")


def kept_of(total: int, kept: int | Sequence[int], what: str) -> Tensor:
    """The first ones of a total, or those of these numbers; `what` they are is named in errors."""
    if not isinstance(kept, Sequence):
        count = whole(kept, f"The number of {what}s kept")
        if count > total:
            raise ValueError(f"{count} {what}s are to be kept of {total}; keep fewer.")
        return torch.arange(count)
    rows = [whole(number, f"The number of a {what} kept", least=0) for number in kept]
    if not rows or len(set(rows)) < len(rows) or max(rows) >= total:
        raise ValueError(f"The {what}s kept are {rows}, but different numbers below {total} are needed.")
    return torch.tensor(rows)


def _checked(rescaled: str) -> str:
    if rescaled not in RESCALED:
        raise ValueError(f"The kept are rescaled by {rescaled!r}, but 'mass' or 'number' is needed.")
    return rescaled


def _at_subset(cloud: ParticleCloud, risk: Risk, rows: Tensor, rescaled: str) -> Scalar:
    """The risk of the particles in these rows."""
    rows = rows.to(cloud.device)
    mass = cloud.masses[rows].sum()
    if not float(mass.detach()) > 0.0:
        raise ValueError("The particles kept have no mass; keep some that have.")
    share = mass if rescaled == "mass" else cloud.masses.new_tensor(len(rows) / cloud.count)
    network, data = risk.network, risk.prepared(cloud)
    part = ParticleCloud(cloud.positions[rows], cloud.masses[rows] / mass)
    predictions = network.tiles(part, data.phi).predict(network.scaled(cloud.masses).factors[rows] / share)
    strength, squares = network.squares(part.positions, risk.strength)
    penalty = 0.5 * strength * (part.masses @ squares) * (mass / share)
    return data.weights @ risk.loss.value(predictions, data.targets) + penalty


def _scatter(cloud: ParticleCloud, risk: Risk) -> float:
    """sum_i p_i Var_j(m s_j g_j(x_i)), summed over outputs; deviations from the mean are squared, piece by piece."""
    at = risk.at(cloud.detached())
    factors: PerParticle = cloud.count * at.factors
    mean: Outputs = at.predictions
    rows = max(1, ENTRIES // mean.numel())
    total = 0.0
    for first in range(0, cloud.count, rows):
        part = slice(first, first + rows)
        features = risk.network.neuron.tangent(at.cloud.positions[part], at.data.phi).features()
        deviations = factors[part, None, None] * features - mean
        total += float(at.data.weights @ deviations.square().sum(dim=(0, 2)))
    return total / cloud.count
