"""What a gradient flow loses: the gradient of a particle is that of the potential, and the risk falls by its square."""

from collections.abc import Sequence

import torch
from torch import Tensor

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.base import Result, Statement, fails, from_above, unchecked
from limits.theorems.observed import PerFrame, frames_of, in_double
from limits.theorems.one_axis.first_variation import SOURCE, is_measure, variation_slopes
from particles import ParticleCloud, Risk
from particles.shapes import Scalar

GRADIENT = Statement("grad_j g = grad_j phi / lambda_j, m grad_j phi for equal masses", f"{SOURCE}, section 5")
DISSIPATION = Statement("d phi/dt = -int sum_q eta_q (d_q g)^2 d rho at every number of particles", f"{SOURCE}, (22)")
#: What differences along theta and along time may be wrong by, relative.
SLOPE, RATE = 1e-6, 1e-4
#: Two times are one step apart to this, relative.
EQUAL = 1e-6


def potential_gradient(risk: Risk, cloud: ParticleCloud) -> Result:
    """grad g(theta_j) = grad_{theta_j} phi / lambda_j, phi the risk with its L2: what makes training a flow of rho.

    grad g is taken by differences of the potential, grad phi from the velocity of the flow; measured is the largest gap
    relative to the largest |d_q g|. For any neuron, loss, L2 and masses; particles without mass have no gradient.
    """
    assumptions = is_measure(risk, cloud)
    if fails(assumptions):
        return unchecked(GRADIENT, assumptions)
    cloud = in_double(cloud)
    slopes, scaled = variation_slopes(risk, cloud), risk.network.scaled(cloud.masses)
    speeds = (scaled.mobilities * cloud.masses[:, None]).expand_as(slopes)
    gaps = torch.where(speeds > 0.0, slopes + risk.velocity(cloud) / speeds, 0.0)
    return from_above(GRADIENT, assumptions, SLOPE, gaps.abs().max() / slopes.abs().max())


def dissipation(risk: Risk, run: Recorded | Sequence[tuple[float, ParticleCloud]]) -> Result:
    """d phi/dt = -int sum_q eta_q (d_q g)^2 d rho along a run of gradient flow, exactly, however few particles.

    eta_q = mobility_j lambda_j rate(q) is one under `MeanField`, 1 / alpha^2 under `Lazy(alpha)`, times the rate of the
    group. d phi/dt is taken by differences of fourth order of the risk over frames at equal times, grad g by
    differences of the potential. Measured is the largest relative gap over inner frames, with the square of what the
    fourth order changes as its error: undecided where frames are too far apart. Raises ValueError for fewer than five
    frames, or times that are not equally far apart.
    """
    times, clouds = frames_of(run)
    steps = times.diff()
    if len(times) < 5 or float((steps / steps.mean() - 1.0).abs().max()) > EQUAL:
        raise ValueError(
            "The rate of a loss is taken from five frames or more at equally spaced times; record every step of equal "
            "ones."
        )
    doubled = [in_double(cloud) for cloud in clouds]
    assumptions = is_measure(risk, doubled[0])
    if fails(assumptions):
        return unchecked(DISSIPATION, assumptions)
    fine, coarse = _slopes(torch.stack([risk(cloud) for cloud in doubled]), steps.mean())
    lost = torch.stack([loss_rate(risk, cloud) for cloud in doubled[2:-2]])
    return from_above(
        DISSIPATION, assumptions, RATE, (fine + lost).abs() / lost, error=((fine - coarse) / lost).square()
    )


def loss_rate(risk: Risk, cloud: ParticleCloud) -> Scalar:
    """int sum_q eta_q (d_q g)^2 d rho."""
    scaled = risk.network.scaled(cloud.masses)
    rate: Tensor = (cloud.masses.square()[:, None] * scaled.mobilities * variation_slopes(risk, cloud).square()).sum()
    return rate


def _slopes(risks: PerFrame, step: Scalar) -> tuple[Tensor, Tensor]:
    """d phi/dt at the inner frames, of fourth order and of second."""
    near, far = (risks[3:-1] - risks[1:-3]) / (2.0 * step), (risks[4:] - risks[:-4]) / (4.0 * step)
    return (4.0 * near - far) / 3.0, near
