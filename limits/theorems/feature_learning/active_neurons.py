"""Lemma 1: neurons stay active, because the way that features go is bought by the risk that is lost."""

import torch

from limits.theorems.base import Assumption, Result, Statement, fails, from_above, from_below, unchecked, vacuous
from limits.theorems.feature_learning.active_region import ActiveRegion
from limits.theorems.feature_learning.decay import SOURCE
from limits.theorems.feature_learning.followed import Followed, Frames, followed
from limits.theorems.feature_learning.rates import Rates
from limits.theorems.problem import Problem

FRACTION = Statement(
    "eta_t^(3/2) >= eta_0^(3/2) - A (sqrt(R_0) - sqrt(R_t)), eta_0 of the middle", f"{SOURCE}, lemma 1, our constants"
)
HALF = Statement("eta_t >= eta_0 / 2", f"{SOURCE}, lemma 1, our constants")
DECAY = Statement("R_t <= R_0 exp(-C K^2 eig_min(G) eta_0 t)", f"{SOURCE}, lemma 1, our constants")
#: What sqrt(R_0) A may be of eta_0^(3/2), so that eta_t never falls below eta_0 / 2.
ALLOWED = 1.0 - 2.0**-1.5


def active_fraction(problem: Problem, run: Followed | Frames, region: ActiveRegion = ActiveRegion()) -> Result:
    """eta_t^(3/2) >= eta_0^(3/2) - A (sqrt(R_0) - sqrt(R_t)) at every frame, eta_0 the fraction that starts in I_0.

    A = (3 / sqrt(2)) sqrt(S eig_max(G) / (C p_min eig_min(G))) / (gap K), as in `Rates.drift`. A neuron that leaves I
    has gone `gap`, sum_j |P^(1/2) dh_j/dt|^2 / eta_j <= -eig_max(G) dR/dt, and -dR/dt >= 2 C K^2 eig_min(G) eta_t R.
    Vacuous where no bound is above zero.
    """
    steepness, rates = region.steepness(problem.neuron.activation), Rates.of(problem)
    assumptions = rates.assumptions(problem, steepness)
    if fails(assumptions):
        return unchecked(FRACTION, assumptions)
    seen = followed(problem, run, region)
    lost = seen.risks[0].sqrt() - seen.risks.clamp_min(0.0).sqrt()
    bounds = (seen.middle**1.5 - rates.drift(region.gap, steepness) * lost).clamp_min(0.0) ** (2.0 / 3.0)
    return from_below(FRACTION, assumptions, bounds[1:], seen.active[1:])


def active_convergence(
    problem: Problem, run: Followed | Frames, region: ActiveRegion = ActiveRegion()
) -> tuple[Result, Result]:
    """eta_t >= eta_0 / 2 and R_t <= R_0 exp(-C K^2 eig_min(G) eta_0 t) at all times.

    Where A sqrt(R_0) <= (1 - 2^(-3/2)) eta_0^(3/2), A as in `active_fraction`; vacuous where that is not so.
    """
    steepness, rates = region.steepness(problem.neuron.activation), Rates.of(problem)
    assumptions = rates.assumptions(problem, steepness)
    if fails(assumptions):
        return unchecked(HALF, assumptions), unchecked(DECAY, assumptions)
    seen = followed(problem, run, region)
    needed = rates.drift(region.gap, steepness) * float(seen.risks[0].sqrt())
    allowed = ALLOWED * float(seen.middle) ** 1.5
    small = Assumption(f"A sqrt(R_0) = {needed:.3g} <= {allowed:.3g}", needed <= allowed)
    exponents = -rates.share * steepness**2 * rates.least * seen.middle * seen.times
    bounds = (seen.risks[0] * torch.exp(exponents)).clamp_min(seen.noise)
    held = (*assumptions, small)
    results = (
        from_below(HALF, held, 0.5 * seen.middle, seen.active[1:]),
        from_above(DECAY, held, bounds[1:], seen.risks[1:]),
    )
    return results if small.holds else (vacuous(results[0]), vacuous(results[1]))
