"""The tangent of a finite cloud: its Gram matrix and the products with its Jacobian, streamed over particles.

J = d f / d theta with rows (datum i, output c) in the order i k + c, and M the diagonal of mobilities. The Gram matrix
is K = J M J^T, the matrix in dr/dt = -K P r; it is not divided by n.
"""

from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.risk import Risk
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


def _embedded(risk: Risk, cloud: ParticleCloud, inputs: Inputs | None) -> Features:
    return risk.prepared(cloud).phi if inputs is None else risk.network.embed(cloud, inputs)
