"""No particle moves farther than the risk and its own mass allow."""

import torch

from limits.theorems.base import Result, Statement, fails, from_above, unchecked
from limits.theorems.observed import Observed, PerFrameAndParticle, Run, observed, reach
from limits.theorems.problem import Problem
from particles.shapes import PerParticle

STATEMENT = Statement("|w_tj - w_0j| <= c_j sqrt(2 R_0) (1 - exp(-k t)) / k", "Caron et al. 2023, lemma D.1")
ALONG = Statement("|w_tj - w_0j| <= c_j int_0^t sqrt(2 R_s) ds", "Caron et al. 2023, lemma D.1, along the run")


def particle_movement(problem: Problem, run: Run) -> Result:
    """|w_tj - w_0j| <= c_j sqrt(2 R_0) (1 - exp(-k t)) / k, with k the least eig_min(P^(1/2) K_s P^(1/2)) until t.

    c_j as in `reach`. With output factors sqrt(lambda_j), p_i = 1/n, |x| <= 1 and t to infinity this is the paper's
    sqrt(lambda_j) sqrt(n/d) (2/k') |y - f_0|, where k' / 2 is the eigenvalue in its own time, n k in ours.
    """
    assumptions = (*problem.is_gradient_flow, *problem.is_hidden)
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    seen = observed(problem, run)
    rates, times = seen.slowest.cummin(dim=0).values.clamp_min(1e-300), seen.times[1:]
    lengths = (2.0 * seen.risks[0]).sqrt() * -torch.expm1(-rates * times) / rates
    bounds = lengths[:, None] * reach(problem, seen.start) + _rounding(seen)
    return from_above(STATEMENT, assumptions, bounds, seen.movements[1:])


def movement_along(problem: Problem, run: Run) -> Result:
    """|w_tj - w_0j| <= c_j int_0^t sqrt(2 R_s) ds, with the risks of the run itself: no eigenvalue is needed."""
    assumptions = (*problem.is_gradient_flow, *problem.is_hidden)
    if fails(assumptions):
        return unchecked(ALONG, assumptions)
    seen = observed(problem, run)
    return from_above(ALONG, assumptions, reached(problem, seen)[1:], seen.movements[1:])


def reached(problem: Problem, run: Observed) -> PerFrameAndParticle:
    """c_j int_0^t sqrt(2 R_s) ds [frames, particles], and what rounding of the positions may add."""
    return run.lengths[:, None] * reach(problem, run.start) + _rounding(run)


def _rounding(run: Observed) -> PerParticle:
    """Four units of rounding of a particle's position, in the dtype of the file."""
    sizes: PerParticle = torch.linalg.vector_norm(run.start.positions, dim=1)
    return 4.0 * torch.finfo(run.dtype).eps * sizes
