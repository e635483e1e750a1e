"""The risk falls at least as fast as the smallest eigenvalue of the tangent Gram matrix says."""

import torch

from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from limits.theorems.observed import Run, observed
from limits.theorems.problem import Problem

STATEMENT = Statement(
    "R_t <= R_0 exp(-2 Int_0^t eig_min(P^(1/2) K_s P^(1/2)) ds)", "Caron et al. 2023, lemma D.1, sharper form"
)


def risk_decay(problem: Problem, run: Run) -> Result:
    """R_t <= R_0 exp(-2 int_0^t eig_min(P^(1/2) K_s P^(1/2)) ds) at every frame after the first.

    From dr/dt = -K P r and 2 R = |P^(1/2) r|^2, for any scaling, weights and number of outputs. The paper has
    L_t <= L_0 exp(-2 int eig_min(K_s) ds) in its own time, the same with p_i = 1/n and our time n times as long.
    Between frames the eigenvalue is bounded from below, with a kink by that of the particles that cannot have met it
    (`observed`): right whatever happens in between, but weak where frames are far apart and data are many. Frames whose
    risk is rounding are bounded by that rounding instead.
    """
    steady = Assumption("a smooth activation, or frozen output weights", _is_steady(problem))
    assumptions = (*problem.is_gradient_flow, steady)
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    seen = observed(problem, run)
    bounds = (seen.risks[0] * torch.exp(-2.0 * seen.decays)).clamp_min(seen.noise)
    return from_above(STATEMENT, assumptions, bounds[1:], seen.risks[1:])


def _is_steady(problem: Problem) -> bool:
    return problem.neuron.activation.smooth or problem.neuron.trained == "hidden"
