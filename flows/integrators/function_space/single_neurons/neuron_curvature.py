"""The curvature of single neurons, which the Gauss-Newton part of a gradient flow leaves out."""

import math

import torch

from particles.risk.risk import RiskAt
from particles.shapes import AnyFloat


def neuron_curvature(at: RiskAt) -> AnyFloat:
    """The positive part of E_j = eta_j s_j rho sum_i q_i grad^2 g_j(x_i) rho in trained coordinates [particles, c, c].

    rho are the roots of the rates of coordinates, so E_j is that of theta_j / rho, in which the Jacobian is symmetric.

    q_i = p_i r_i is kept fixed, so that the velocity of particle j changes by -E_j d theta_j beside what the function's
    change does. Negative curvature is growth, which no implicit step damps. By one-sided differences: right to the
    square root of eps, enough for the matrix of an implicit step. A velocity for each coordinate of a particle.
    """
    cloud, columns = at.cloud, at.risk.network.neuron.trained_columns
    rows = range(*columns.indices(cloud.dim)) if isinstance(columns, slice) else columns.tolist()
    eps = math.sqrt(torch.finfo(cloud.dtype).eps)
    sizes = cloud.positions.square().mean(dim=1).sqrt().clamp_min(eps)[:, None] * eps
    here, changed = at.pull(at.cotangents)[:, columns], []
    for row in rows:
        probe = cloud.positions.clone()
        probe[:, row : row + 1] += sizes
        step = probe[:, row : row + 1] - cloud.positions[:, row : row + 1]
        changed.append((at.risk.at(cloud.moved(probe)).pull(at.cotangents)[:, columns] - here) / step)
    curvature = torch.stack(changed, dim=2)
    if at.trained_rates is not None:
        root = at.trained_rates.sqrt()
        curvature = curvature * root / root[:, None].masked_fill(root[:, None] == 0.0, torch.inf)
    values, vectors = torch.linalg.eigh(0.5 * (curvature + curvature.mT))
    positive: AnyFloat = vectors * values.clamp_min(0.0)[:, None, :] @ vectors.mT
    return positive
