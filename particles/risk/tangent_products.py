"""The tangent of a finite cloud: its Gram matrix and the products with its Jacobian, streamed over particles.

J = d f / d theta with rows (datum i, output c) in the order i k + c, and M the diagonal of mobilities. The Gram matrix
is K = J M J^T, the matrix in dr/dt = -K P r; it is not divided by n.
"""

import torch

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.risk.network import NetworkAt
from particles.risk.risk import Risk
from particles.shapes import Gram, Inputs, OtherInputs, Outputs, Positions, Velocity


def tangent_gram(
    risk: Risk, cloud: ParticleCloud, inputs1: Inputs | None = None, inputs2: OtherInputs | None = None
) -> Gram:
    """K(x, x') = sum_j eta_j s_j^2 sum_q rate(q) d_q g_j(x) d_q g_j(x') [n1 k, n2 k].

    Between the risk's own inputs, or between inputs1 and inputs2 (inputs1 again where left out).
    """
    other = None if inputs2 is None else risk.network.embed(cloud, inputs2)
    return _network(risk, cloud, inputs1).gram(phi=other)


def jacobian_product(risk: Risk, cloud: ParticleCloud, velocities: Velocity, inputs: Inputs | None = None) -> Outputs:
    """J v = sum_j s_j grad g_j(x_i) . v_j [data, outputs]: how fast f changes when particles move at v."""
    if velocities.shape != cloud.positions.shape:
        raise ShapeError(
            f"Velocities of shape {tuple(velocities.shape)} were given to a cloud of shape "
            f"{tuple(cloud.positions.shape)}; give one row per particle."
        )
    return _network(risk, cloud, inputs).push(velocities)


def jacobian_transpose_product(
    risk: Risk, cloud: ParticleCloud, cotangents: Outputs, inputs: Inputs | None = None
) -> Positions:
    """J^T c = s_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
    data = risk.data.count if inputs is None else len(inputs)
    if cotangents.shape != (data, risk.data.outputs):
        raise ShapeError(
            f"Cotangents of shape {tuple(cotangents.shape)} were given to {data} data with {risk.data.outputs} "
            "outputs; give [data, outputs]."
        )
    return _network(risk, cloud, inputs).transposed(cotangents)


def scaled_jacobian(risk: Risk, cloud: ParticleCloud) -> Gram:
    """P^(1/2) J M^(1/2) [n k, particles dim], row index i k + c: the factor A of P^(1/2) K P^(1/2) = A A^T.

    Writes a matrix of n k rows as long as the positions, which a Gram matrix does not need.
    """
    data = risk.prepared(cloud)
    scaled = risk.network.scaled(cloud.masses)
    factors, rates = scaled.mobility.sqrt() * scaled.factors, scaled.rates
    units = torch.eye(data.targets.shape[1]).to(data.phi)
    rows = []
    for datum, weight in enumerate(data.weights):
        tiles = risk.network.tiles(cloud, data.phi[datum : datum + 1])
        rows += [tiles.pull(factors, weight.sqrt() * unit[None]) for unit in units]
    pulled = torch.stack(rows)
    return (pulled if rates is None else pulled.mul_(rates.sqrt())).flatten(1)


def _network(risk: Risk, cloud: ParticleCloud, inputs: Inputs | None) -> NetworkAt:
    """The risk's network at its own inputs, where it shares what is known of the cloud, or at others."""
    return risk.seen(cloud) if inputs is None else risk.network.at(cloud, risk.network.embed(cloud, inputs))
