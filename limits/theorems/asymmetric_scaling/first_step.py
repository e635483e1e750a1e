"""The velocity of the particles at the start: its mean, which makes features move together, and its mean square."""

from collections.abc import Iterable

import torch

from limits.kernels.gaussian_duals import dual_pair, quadrature
from limits.kernels.input_pairs import embedded
from limits.theorems.base import Result, Statement, as_mean, fails, unchecked
from limits.theorems.problem import Problem
from particles.shapes import AnyFloat, PerDatum, PerParticle, Scalar

SOURCE = "Caron et al. 2023, theorem 5.1"
MEAN = Statement("E dw_j/dt = -lambda_j sum_i p_i phi_i E sigma sigma'(z_i), summed over j", SOURCE)
SQUARE = Statement("E sum_j |dw_j/dt|^2", f"{SOURCE}, second moment")


def first_step(problem: Problem, seeds: Iterable[int] = range(400)) -> tuple[Result, Result]:
    """Mean and mean square of dw_j/dt at the start, both exact at every width, against starts from these seeds.

    Measured are sum_j dw_j/dt . u along the direction u of its mean, and sum_j |dw_j/dt|^2; see `mean_drift` and
    `mean_square`. The paper's time is 1/n of ours, its velocities n times as large.
    """
    assumptions = (*problem.is_gradient_flow, *problem.is_signed)
    if fails(assumptions):
        return unchecked(MEAN, assumptions), unchecked(SQUARE, assumptions)
    drift, hidden = mean_drift(problem), problem.neuron.hidden
    velocities = [problem.risk.velocity(problem.sample(seed))[:, :hidden] for seed in seeds]
    along = direction(drift)
    steps = torch.stack([velocity.sum(dim=0) @ along for velocity in velocities])
    squares = torch.stack([velocity.square().sum() for velocity in velocities])
    total = _mobile(problem).sum()
    return (
        as_mean(MEAN, assumptions, float(total * (drift @ along)), steps),
        as_mean(SQUARE, assumptions, float(mean_square(problem).sum()), squares),
    )


def mean_drift(problem: Problem) -> AnyFloat:
    """E dw_j/dt / (eta_j s_j^2) = -sum_i p_i phi_i E sigma(z_i) sigma'(z_i) [features], z_i ~ N(0, v |phi_i|^2).

    eta_j s_j^2 = lambda_j under `NTK` and `MeanField`. For ReLU -sum_i p_i phi_i |phi_i| sqrt(v / (2 pi)). Zero for odd
    activations.
    """
    return -(problem.weights * _mean_product(problem)) @ problem.phi


def mean_square(problem: Problem) -> PerParticle:
    """E |dw_j/dt|^2 = eta_j^2 s_j^2 sum_{i,l} p_i p_l (phi_i . phi_l)
    E{ sigma'_i sigma'_l [ y_i y_l + (S - s_j^2) E(sigma_i sigma_l) + s_j^2 sigma_i sigma_l ] },  S = sum_j s_j^2.

    E(sigma_i sigma_l) is the mean over another particle [particles].
    """
    activation, accuracy, v = problem.neuron.activation, problem.kernel.accuracy, problem.law.variance
    phi = embedded(problem.neuron.embedding, problem.risk.data.inputs)
    every = slice(0, len(phi.rows))
    overlaps = phi.pairs(phi, every, every)
    variances, overlap = v * phi.variances, overlaps.covariance
    pair = dual_pair(activation, accuracy)
    product = quadrature(activation, lambda z: activation.value(z) * activation.derivative(z), accuracy)
    value, slope, both = (
        rows.gram(rows, overlaps.scaled(v))[0]
        for rows in (dual.at(variances) for dual in (pair.value, pair.derivative, product))
    )
    targets = problem.risk.data.targets.double()[:, 0]
    weights = problem.weights[:, None] * problem.weights * overlap
    given = (weights * slope * torch.outer(targets, targets)).sum()
    others, own = (weights * slope * value).sum(), (weights * both).sum()
    scaling, masses = problem.risk.scaling, problem.masses.double()
    squares = scaling.factor(masses).square()
    result: PerParticle = given + (squares.sum() - squares) * others + squares * own
    return result * scaling.mobility(masses).square() * squares


def direction(drift: AnyFloat) -> AnyFloat:
    """The direction of a mean drift, and that of (1, ..., 1) where it is zero to rounding."""
    size: Scalar = torch.linalg.vector_norm(drift)
    return drift / size if float(size) > 1e-12 else torch.full_like(drift, drift.numel() ** -0.5)


def _mean_product(problem: Problem) -> PerDatum:
    """E sigma(z_i) sigma'(z_i) [data]: the zeroth coefficient of Mehler's expansion."""
    activation = problem.neuron.activation
    product = quadrature(activation, lambda z: activation.value(z) * activation.derivative(z), problem.kernel.accuracy)
    result: PerDatum = product.at(problem.law.variance * problem.phi.square().sum(dim=1)).spectrum.coefficients[0]
    return result


def _mobile(problem: Problem) -> PerParticle:
    """eta_j s_j^2."""
    masses = problem.masses.double()
    return problem.risk.scaling.mobility(masses) * problem.risk.scaling.factor(masses).square()
