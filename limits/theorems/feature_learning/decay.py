"""The risk falls at a linear rate while features move, as long as enough neurons are where sigma is steep."""

import torch

from limits.theorems.base import Result, Statement, fails, from_above, unchecked
from limits.theorems.feature_learning.active_region import ActiveRegion, least_slope
from limits.theorems.feature_learning.followed import Followed, Frames, followed
from limits.theorems.feature_learning.rates import Rates
from limits.theorems.observed import from_zero
from limits.theorems.problem import Problem

SOURCE = "Chen, Vanden-Eijnden and Bruna 2022"
EVERYWHERE = Statement("R_t <= R_0 exp(-2 C K^2 eig_min(G) t), |sigma'| >= K everywhere", f"{SOURCE}, section 3")
ALONG = Statement("R_t <= R_0 exp(-2 C K^2 eig_min(G) int_0^t eta_s ds)", f"{SOURCE}, section 3, along the run")


def steep_decay(problem: Problem, run: Followed | Frames) -> Result:
    """R_t <= R_0 exp(-2 C K^2 eig_min(G) t) at every frame after the first, K = inf |sigma'| over all numbers.

    From -dR/dt = sum_j eta_j s_j^2 v_j^T phi phi^T v_j, v_j = (p_i r_i sigma'(h_ij))_i, of which v_j^T phi phi^T v_j is
    eig_min(G) sum_i p_i r_i^2 sigma'(h_ij)^2 at least. The paper's L_0 exp(-2 c^2 K^2 eig_min t) in its own time. An
    assumption fails for activations that are flat somewhere.
    """
    steepness, rates = least_slope(problem.neuron.activation), Rates.of(problem)
    assumptions = rates.assumptions(problem, steepness)
    if fails(assumptions):
        return unchecked(EVERYWHERE, assumptions)
    seen = followed(problem, run)
    exponents = -2.0 * rates.share * steepness**2 * rates.least * seen.times
    bounds = (seen.risks[0] * torch.exp(exponents)).clamp_min(seen.noise)
    return from_above(EVERYWHERE, assumptions, bounds[1:], seen.risks[1:])


def active_decay(problem: Problem, run: Followed | Frames, region: ActiveRegion = ActiveRegion()) -> Result:
    """R_t <= R_0 exp(-2 C K^2 eig_min(G) int_0^t eta_s ds), K = inf |sigma'| over I, eta_s from the run itself.

    Between frames only neurons count that cannot have left I (`followed`). Vacuous where none stays in it.
    """
    steepness, rates = region.steepness(problem.neuron.activation), Rates.of(problem)
    assumptions = rates.assumptions(problem, steepness)
    if fails(assumptions):
        return unchecked(ALONG, assumptions)
    seen = followed(problem, run, region)
    lasting = from_zero(seen.steady * seen.times.diff())
    exponents = -2.0 * rates.share * steepness**2 * rates.least * lasting
    bounds = (seen.risks[0] * torch.exp(exponents)).clamp_min(seen.noise)
    return from_above(ALONG, assumptions, bounds[1:], seen.risks[1:], float(seen.risks[0]))
