"""The tangent of a finite cloud: its Gram matrix and the products with its Jacobian, streamed over particles.

J = d f / d theta with rows (datum i, output c) in the order i k + c, and M the diagonal of mobilities. The Gram matrix
is K = J M J^T, the matrix in dr/dt = -K P r; it is not divided by n.
"""

from particles.cloud import ParticleCloud
from particles.risk import Risk
from particles.shapes import Gram, Inputs, Outputs, Positions, Velocity


def tangent_gram(
    risk: Risk, cloud: ParticleCloud, inputs1: Inputs | None = None, inputs2: Inputs | None = None
) -> Gram:
    """K(x, x') = sum_j eta_j s_j^2 grad g_j(x) . grad g_j(x') [n1 k, n2 k].

    Between the risk's own inputs, or between inputs1 and inputs2 (inputs1 again where left out).
    """
    phi1 = _embedded(risk, cloud, inputs1)
    phi2 = phi1 if inputs2 is None else _embedded(risk, cloud, inputs2)
    neuron, outputs = risk.network.neuron, risk.data.outputs
    weights = risk.scaling.mobility(cloud.masses) * risk.scaling.factor(cloud.masses).square()
    total = phi1.new_zeros(phi1.shape[0] * outputs, phi2.shape[0] * outputs)
    for part, rows in risk.tiles(cloud, phi1):
        columns = rows if inputs2 is None else neuron.tangent(cloud.positions[part], phi2)
        total += rows.gram(weights[part], columns)
    return total


def jacobian_product(risk: Risk, cloud: ParticleCloud, velocities: Velocity, inputs: Inputs | None = None) -> Outputs:
    """J v = sum_j s_j grad g_j(x_i) . v_j [data, outputs]: how fast f changes when particles move at v."""
    phi = _embedded(risk, cloud, inputs)
    factors = risk.scaling.factor(cloud.masses)
    total = phi.new_zeros(phi.shape[0], risk.data.outputs)
    for part, tangent in risk.tiles(cloud, phi):
        total += tangent.push(factors[part], velocities[part])
    return total


def jacobian_transpose_product(
    risk: Risk, cloud: ParticleCloud, cotangents: Outputs, inputs: Inputs | None = None
) -> Positions:
    """J^T c = s_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
    phi = _embedded(risk, cloud, inputs)
    factors = risk.scaling.factor(cloud.masses)
    result = cloud.positions.new_empty(cloud.positions.shape)
    for part, tangent in risk.tiles(cloud, phi):
        result[part] = factors[part, None] * tangent.pull(cotangents)
    return result


def _embedded(risk: Risk, cloud: ParticleCloud, inputs: Inputs | None) -> Inputs:
    if inputs is None:
        return risk.prepared(cloud).phi
    return risk.network.embed(cloud, inputs)
