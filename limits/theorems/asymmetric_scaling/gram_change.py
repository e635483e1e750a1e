"""The tangent Gram matrix changes no more than the movement of the particles allows."""

import math

import torch

from limits.theorems.asymmetric_scaling.particle_movement import reached
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from limits.theorems.curvature import largest_curvature
from limits.theorems.observed import Observed, PerFrame, Run, observed
from limits.theorems.problem import Problem
from particles import tangent_gram
from particles.shapes import Hidden, PerParticle

KINKED = Statement("|K_t - K_0|_2 <= F^2 + 2 |A_0|_2 F, F^2 from possible sign flips", "Caron et al. 2023, lemma D.2")
SMOOTH = Statement("|K_t - K_0|_2 <= F^2 + 2 |A_0|_2 F, F^2 from sup |sigma''|", "Caron et al. 2023, lemma D.4")


def gram_change_kinked(problem: Problem, run: Run) -> Result:
    """|K_t - K_0|_2 <= F^2 + 2 |A_0|_2 F for activations that are linear on either side of a kink at zero.

    K = A A^T, with entries sqrt(eta_j) s_j a_j sigma'(z_ij) phi_i, and |A_0|_2^2 = eig_max(K_0), so F may be any bound
    on |A_t - A_0|_F. A sign can flip only where |z_ij| <= |phi_i| |w_tj - w_0j|, hence
    F^2 = jump^2 sum_j eta_j s_j^2 |a_j|^2 sum_i |phi_i|^2 1{ |z_ij(0)| <= |phi_i| c_j int_0^t sqrt(2 R_s) ds }.
    The paper has |A_0|_F <= sqrt(n/d) for |A_0|_2 and the mean of F^2 over the law, see `mean_flips`. Vacuous where
    the bound exceeds T, which no eigenvalue of either matrix exceeds.
    """
    activation = problem.neuron.activation
    linear = Assumption("an activation linear on either side of zero, as ReLU", activation.homogeneous)
    assumptions = (*problem.is_gradient_flow, *problem.is_hidden, linear)
    if fails(assumptions):
        return unchecked(KINKED, assumptions)
    seen = observed(problem, run)
    sides = activation.derivative(torch.tensor([1.0, -1.0], dtype=torch.float64))
    jump = float((sides[0] - sides[1]).abs())
    lengths, shares = problem.phi.norm(dim=1), _shares(problem, seen)
    before = _preactivations(problem, seen).abs()
    squares = [
        shares @ ((before <= moved[:, None] * lengths) * lengths.square()).sum(dim=1)
        for moved in reached(problem, seen)
    ]
    return _compared(KINKED, assumptions, seen, jump * torch.stack(squares).sqrt())


def gram_change_smooth(problem: Problem, run: Run) -> Result:
    """|K_t - K_0|_2 <= F^2 + 2 |A_0|_2 F for smooth activations with M = sup |sigma''|.

    F^2 = sum_j eta_j s_j^2 |a_j|^2 sum_i |phi_i|^2 min(M |phi_i| c_j int_0^t sqrt(2 R_s) ds, 2 lipschitz)^2. With
    output factors sqrt(lambda_j) and c_j int = R sqrt(lambda_j) this is at most M^2 R^2 (n/d^2) sum_j lambda_j^2, the
    paper's. Vacuous where the bound exceeds T, which no eigenvalue of either matrix exceeds.
    """
    activation = problem.neuron.activation
    assumptions = (*problem.is_gradient_flow, *problem.is_hidden, Assumption("a smooth activation", activation.smooth))
    if fails(assumptions):
        return unchecked(SMOOTH, assumptions)
    seen = observed(problem, run)
    lengths, shares = problem.phi.norm(dim=1), _shares(problem, seen)
    steepest = largest_curvature(activation)
    slopes = (
        (steepest * moved[:, None] * lengths).clamp_max(2.0 * activation.lipschitz) for moved in reached(problem, seen)
    )
    squares = [shares @ (lengths * slope).square().sum(dim=1) for slope in slopes]
    return _compared(SMOOTH, assumptions, seen, torch.stack(squares).sqrt())


def mean_flips(problem: Problem, movements: PerParticle) -> float:
    """sqrt(2 / (pi v)) sum_j lambda_j c_j sum_i |phi_i|^2, at least the mean over the law of F^2 of ReLU.

    For particles that move by c_j at most: z_ij is N(0, v |phi_i|^2), and |z_ij| <= |phi_i| c_j has probability
    sqrt(2 / (pi v)) c_j at most.
    """
    density = math.sqrt(2.0 / (math.pi * problem.law.variance))
    return density * float(problem.masses @ movements) * float(problem.phi.square().sum())


def _preactivations(problem: Problem, run: Observed) -> Hidden:
    return run.start.positions[:, : problem.neuron.hidden] @ problem.phi.T


def _shares(problem: Problem, run: Observed) -> PerParticle:
    """eta_j s_j^2 |a_j|^2."""
    scaling, cloud = problem.risk.scaling, run.start
    outputs = cloud.positions[:, problem.neuron.hidden :].square().sum(dim=1)
    return scaling.mobility(cloud.masses) * scaling.factor(cloud.masses).square() * outputs


def _compared(statement: Statement, assumptions: tuple[Assumption, ...], run: Observed, moved: PerFrame) -> Result:
    """F^2 + 2 |A_0|_2 F against the change; no eigenvalue of either matrix exceeds T sum_j eta_j s_j^2 |a_j|^2."""
    problem = run.problem
    largest = torch.linalg.eigvalsh(tangent_gram(problem.risk, run.start))[-1]
    bounds = moved.square() + 2.0 * largest.sqrt() * moved
    trivial = problem.trace * float(_shares(problem, run).sum())
    rounding = 1e-12 * float(largest)
    return from_above(statement, assumptions, bounds[1:] + rounding, run.changes[1:], trivial)
