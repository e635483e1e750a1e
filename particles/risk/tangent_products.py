"""The tangent of a finite cloud: its Gram matrix and the products with its Jacobian, streamed over particles.

J = d f / d theta with rows (datum i, output c) in the order i k + c, and M the diagonal of mobilities. The Gram matrix
is K = J M J^T, the matrix in dr/dt = -K P r; it is not divided by n.
"""

import torch

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.risk.risk import Risk
from particles.shapes import Features, Gram, Inputs, OtherInputs, Outputs, Positions, Velocity


def tangent_gram(
    risk: Risk, cloud: ParticleCloud, inputs1: Inputs | None = None, inputs2: OtherInputs | None = None
) -> Gram:
    """K(x, x') = sum_j eta_j s_j^2 grad g_j(x) . grad g_j(x') [n1 k, n2 k].

    Between the risk's own inputs, or between inputs1 and inputs2 (inputs1 again where left out).
    """
    weights = risk.scaling.mobility(cloud.masses) * risk.scaling.factor(cloud.masses).square()
    other = None if inputs2 is None else risk.network.embed(cloud, inputs2)
    return risk.network.tiles(cloud, _embedded(risk, cloud, inputs1)).gram(weights, other)


def jacobian_product(risk: Risk, cloud: ParticleCloud, velocities: Velocity, inputs: Inputs | None = None) -> Outputs:
    """J v = sum_j s_j grad g_j(x_i) . v_j [data, outputs]: how fast f changes when particles move at v."""
    if velocities.shape != cloud.positions.shape:
        raise ShapeError(
            f"Velocities of shape {tuple(velocities.shape)} were given to a cloud of shape "
            f"{tuple(cloud.positions.shape)}; give one row per particle."
        )
    tiles = risk.network.tiles(cloud, _embedded(risk, cloud, inputs))
    return tiles.push(risk.scaling.factor(cloud.masses), velocities)


def jacobian_transpose_product(
    risk: Risk, cloud: ParticleCloud, cotangents: Outputs, inputs: Inputs | None = None
) -> Positions:
    """J^T c = s_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
    phi = _embedded(risk, cloud, inputs)
    if cotangents.shape != (phi.shape[0], risk.data.outputs):
        raise ShapeError(
            f"Cotangents of shape {tuple(cotangents.shape)} were given to {phi.shape[0]} data with {risk.data.outputs} "
            "outputs; give [data, outputs]."
        )
    tiles = risk.network.tiles(cloud, phi)
    return tiles.pull(risk.scaling.factor(cloud.masses), cotangents)


def scaled_jacobian(risk: Risk, cloud: ParticleCloud) -> Gram:
    """P^(1/2) J M^(1/2) [n k, particles dim], row index i k + c: the factor A of P^(1/2) K P^(1/2) = A A^T.

    Writes a matrix of n k rows as long as the positions, which a Gram matrix does not need.
    """
    data, mobility = risk.prepared(cloud), risk.scaling.mobility(cloud.masses)
    factors = mobility.sqrt() * risk.scaling.factor(cloud.masses)
    outputs, rows = data.targets.shape[1], []
    for datum, weight in enumerate(data.weights):
        tiles = risk.network.tiles(cloud, data.phi[datum : datum + 1])
        rows += [tiles.pull(factors, weight.sqrt() * each[None]).flatten() for each in torch.eye(outputs).to(data.phi)]
    return torch.stack(rows)


def _embedded(risk: Risk, cloud: ParticleCloud, inputs: Inputs | None) -> Features:
    return risk.prepared(cloud).phi if inputs is None else risk.network.embed(cloud, inputs)
