"""The speed at which the tangent Gram matrix changes at the start: its mean, which vanishes with sum_j lambda_j^2."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from limits.theorems.base import Assumption, Result, Statement, as_mean, fails, unchecked
from limits.theorems.curvature import second_derivative
from limits.theorems.problem import Problem
from particles import ParticleCloud
from particles.shapes import Gram

STATEMENT = Statement("E dK/dt = -(sum_j lambda_j^2) E{...}, projected on itself", "Caron et al. 2023, theorem 5.2")
#: Step of the trapezoidal rule for preactivations of unit variance, how far it reaches, and triples done together.
#: Poles at distance pi/2, as of tanh, leave an error of 1e-5 of the result; what is cut off has a density of 1e-9.
STEP, REACH, TRIPLES = 0.3, 6.5, 4


def first_kernel_change(problem: Problem, seeds: Iterable[int] = range(400)) -> Result:
    """The mean of dK/dt at the start, exact at every width, against starts from these seeds.

    Measured is <dK/dt, E dK/dt>_F / |E dK/dt|_F, whose mean is |E dK/dt|_F; see `mean_kernel_speed` and `kernel_speed`.
    Give a problem of few data: the cost grows with their third power.
    """
    smooth = Assumption("a smooth activation", problem.neuron.activation.smooth)
    assumptions = (*problem.is_gradient_flow, *problem.is_signed, smooth)
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    exact = mean_kernel_speed(problem)
    size = exact.norm().clamp_min(1e-300)
    drawn = torch.stack([(kernel_speed(problem, problem.sample(seed)) * exact).sum() / size for seed in seeds])
    return as_mean(STATEMENT, assumptions, float(size), drawn)


def kernel_speed(problem: Problem, cloud: ParticleCloud) -> Gram:
    """dK/dt [n, n] of a cloud that moves at the velocity of the risk, in closed form.

    (phi . phi') sum_j eta_j s_j^2 a_j^2 [ sigma''(z) sigma'(z') phi + sigma'(z) sigma''(z') phi' ] . dw_j/dt.
    """
    neuron, scaling, phi = problem.neuron, problem.risk.scaling, problem.phi
    velocity = problem.risk.velocity(cloud)[:, : neuron.hidden]
    z = cloud.positions[:, : neuron.hidden] @ phi.T
    bent = second_derivative(neuron.activation, z) * (velocity @ phi.T)
    shares = scaling.mobility(cloud.masses) * scaling.factor(cloud.masses).square()
    shares = shares * cloud.positions[:, neuron.hidden :].square().sum(dim=1)
    half = (shares[:, None] * bent).T @ neuron.activation.derivative(z)
    return (phi @ phi.T) * (half + half.T)


def mean_kernel_speed(problem: Problem) -> Gram:
    """E dK/dt = -sum_j (eta_j s_j^2)^2 (phi . phi') sum_i p_i
    E{ sigma(z_i) sigma'(z_i) [ sigma''(z) sigma'(z') phi . phi_i + sigma'(z) sigma''(z') phi' . phi_i ] }  [n, n],

    z_i, z, z' jointly Gaussian, by the trapezoidal rule in three dimensions, which converges
    geometrically for analytic functions. eta_j s_j^2 is lambda_j under `NTK` and
    `MeanField`; the paper's time, 1/n of ours, makes it n times as large.
    """
    scaling, masses = problem.risk.scaling, problem.masses.double()
    shares = scaling.mobility(masses) * scaling.factor(masses).square()
    overlap = problem.phi @ problem.phi.T
    total = torch.zeros_like(overlap)
    for i, weight in enumerate(problem.weights):
        half = overlap[i][:, None] * _moment(problem, overlap, i)
        total += weight * (half + half.T)
    return -shares.square().sum() * overlap * total


def _moment(problem: Problem, overlap: Gram, i: int) -> Gram:
    """E sigma(z_i) sigma'(z_i) sigma''(z_x) sigma'(z_x') for all x [rows] and x' [columns]."""
    n, activation = len(overlap), problem.neuron.activation
    points, weights = _rule(math.sqrt(problem.law.variance * float(overlap.diagonal().max())))
    x, other = (index.flatten() for index in torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij"))
    triples = torch.stack([torch.full_like(x, i), x, other], dim=1)
    values, vectors = torch.linalg.eigh(problem.law.variance * overlap[triples[:, :, None], triples[:, None, :]])
    roots = vectors * values.clamp_min(0.0).sqrt()[:, None, :]
    moments = []
    for root in torch.split(roots, TRIPLES):
        first, second, third = (root @ points).unbind(dim=1)
        product = activation.value(first) * activation.derivative(first)
        moments.append((product * second_derivative(activation, second) * activation.derivative(third)) @ weights)
    return torch.cat(moments).reshape(n, n)


def _rule(deviation: float) -> tuple[Tensor, Tensor]:
    """Points [3, all] and weights of the mean over three standard Gaussians that are scaled by `deviation` at most."""
    step = STEP / max(deviation, 1.0)
    x = torch.arange(-REACH, REACH, step, dtype=torch.float64)
    w = torch.softmax(-0.5 * x * x, dim=0)
    return torch.cartesian_prod(x, x, x).T.contiguous(), torch.cartesian_prod(w, w, w).prod(dim=1)
