"""L2 on weights is an L1 norm over features: its least value, and a certificate that a trained cloud has it."""

import torch
from torch import Tensor

from limits.theorems.base import Assumption, Result, Statement, fails, from_above, from_below, unchecked
from limits.theorems.observed import in_double
from limits.theorems.one_axis.first_variation import SOURCE, amplitude, is_measure
from particles import ParticleCloud, Perceptron, Risk, Squared
from particles.shapes import PerParticle, Positions, Scalar

BALANCED = Statement("int (|u|^2 + |w|^2) / 2 d rho >= int |u| |w| d rho, an L1 norm", f"{SOURCE}, section VI")
OUTPUTS = Statement("int |u|^2 d rho >= (int |u| d rho)^2, an L1 norm squared", f"{SOURCE}, section VI")
SPARSE = Statement(
    "training with L2 on both layers ends at the least risk with an L1 norm over features, to 1 %",
    f"{SOURCE}, section VI",
    proven=False,
)
#: What a trained cloud may be above the least, relative.
NEAR = 1e-2


def balanced_penalty(risk: Risk, cloud: ParticleCloud) -> Result:
    """The L2 penalty of both layers is at least strength int |a| |w| d rho, with equality where |a_j| = |w_j|.

    A homogeneous activation leaves a sigma(w . phi) as it is where w is multiplied by c > 0 and a divided by it, and
    min_c (c^2 |w|^2 + |a|^2 / c^2) / 2 = |a| |w|: over all clouds with one function, the least L2 penalty is an L1 norm
    over directions w / |w|. `balanced` is the cloud that has it. The margin is what the penalty is above it.
    """
    assumptions = _homogeneous(risk)
    if fails(assumptions):
        return unchecked(BALANCED, assumptions)
    cloud = in_double(cloud)
    strength, squares = risk.network.squares(cloud.positions, risk.strength)
    return from_below(BALANCED, assumptions, _l1(risk, cloud), 0.5 * strength * (cloud.masses @ squares))


def balanced(risk: Risk, cloud: ParticleCloud) -> ParticleCloud:
    """The cloud with w_j times c_j and a_j over c_j so that |a_j| = |w_j|; particles with a zero in one get both zero.

    For homogeneous activations it is the same function with the least L2 penalty.
    """
    hidden = risk.network.neuron.hidden
    w, a = cloud.positions[:, :hidden], cloud.positions[:, hidden:]
    ratio = (a.norm(dim=1, keepdim=True) / w.norm(dim=1, keepdim=True)).sqrt()
    moved = torch.cat([w * ratio, a / ratio], dim=1)
    return cloud.moved(torch.where(torch.isfinite(moved), moved, 0.0))


def output_penalty(cloud: ParticleCloud, outputs: int = 1) -> Result:
    """int |u|^2 d rho >= (int |u| d rho)^2, u the last coordinates: an equality where |u_j| is the same for all.

    Over all measures that have one signed measure u rho, and so one function, the least L2 penalty on u is a squared L1
    norm. The margin is the squared coefficient of variation of |u|.
    """
    cloud = in_double(cloud)
    sizes: PerParticle = cloud.positions[:, cloud.dim - outputs :].norm(dim=1)
    return from_below(OUTPUTS, (), (cloud.masses @ sizes).square(), cloud.masses @ sizes.square())


def sparse_optimum(risk: Risk, cloud: ParticleCloud, directions: Positions) -> Result:
    """(phi(rho) - D) / phi(rho) <= 1 %, D a lower bound of min_nu |P^(1/2) (f_nu - y)|^2 / 2 + strength |nu|_1.

    nu are signed measures over unit vectors w, f_nu = alpha int sigma(w . phi) d nu. By duality every z with
    alpha |sum_i p_i z_i sigma(w . phi_i)| <= strength for all w gives D(z) = sum_i p_i (y_i z_i - z_i^2 / 2) below that
    minimum; taken is c (y - f) with the best c that is allowed on the particles' own directions and on others,
    `directions` [places, hidden], which must be dense. The bound holds for every network, of any number of particles.
    For one output.
    """
    assumptions = (*_homogeneous(risk), *is_measure(risk, cloud), Assumption("squared loss", _squared(risk)))
    if fails(assumptions):
        return unchecked(SPARSE, assumptions)
    cloud = in_double(cloud)
    value = float(risk(cloud))
    return from_above(SPARSE, assumptions, NEAR, (value - float(_dual(risk, cloud, directions))) / value)


def _dual(risk: Risk, cloud: ParticleCloud, directions: Positions) -> Tensor:
    """D(c (y - f)) of the best c that is allowed."""
    searched = torch.cat([directions.to(cloud.positions), cloud.positions[:, : risk.network.neuron.hidden]])
    sizes = searched.norm(dim=1, keepdim=True)
    unit = torch.where(sizes > 0.0, searched / sizes, 0.0)
    places = torch.cat([unit, unit.new_ones(len(unit), 1)], dim=1)
    weights, y = risk.data.weights.to(unit), risk.data.targets.to(unit)[:, 0]
    missing = -risk.residual(cloud)[:, 0]
    spoken = risk.network.neuron.tangent(places, risk.network.embed(cloud, risk.data.inputs)).pair(
        (weights * missing)[:, None]
    )
    allowed = _strength(risk) / float(amplitude(risk, cloud) * spoken.abs().max())
    best = float(weights @ (y * missing)) / float(weights @ missing.square())
    factor = max(min(best, allowed), -allowed)
    return weights @ (factor * y * missing - 0.5 * (factor * missing).square())


def _l1(risk: Risk, cloud: ParticleCloud) -> Scalar:
    """strength int |a| |w| d rho."""
    hidden = risk.network.neuron.hidden
    sizes = cloud.positions[:, :hidden].norm(dim=1) * cloud.positions[:, hidden:].norm(dim=1)
    penalty: Scalar = _strength(risk) * (cloud.masses @ sizes)
    return penalty


def _strength(risk: Risk) -> float:
    return risk.strength if isinstance(risk.strength, float) else 0.0


def _squared(risk: Risk) -> bool:
    return isinstance(risk.loss, Squared) and risk.data.outputs == 1


def _homogeneous(risk: Risk) -> tuple[Assumption, ...]:
    neuron = risk.network.neuron
    both = isinstance(neuron, Perceptron) and neuron.trained == "both"
    homogeneous = isinstance(neuron, Perceptron) and neuron.activation.homogeneous
    return (
        Assumption("a homogeneous activation, both layers trained", both and homogeneous),
        Assumption("L2 of one strength on both", isinstance(risk.strength, float) and risk.strength > 0.0),
    )
