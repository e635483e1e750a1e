"""How far features move: no farther than the risk that is lost allows, and as far as the outputs need."""

import torch

from limits.theorems.base import Assumption, Result, Statement, fails, from_above, from_below, unchecked
from limits.theorems.feature_learning.decay import SOURCE
from limits.theorems.feature_learning.followed import Followed, Frames, followed
from limits.theorems.observed import check_masses, frames_of, in_double
from limits.theorems.problem import Problem
from particles.shapes import Inputs

ABOVE = Statement(
    "sum_j |P^(1/2) (h_j(t') - h_j(t))|^2 / eta_j <= eig_max(G) (t' - t) (R_t - R_t')", f"{SOURCE}, proof of lemma 1"
)
BELOW = Statement("sum_j s_j |h_j(t) - h_j(0)| >= |f_t - f_0| / sup |sigma'|", f"{SOURCE}, section 3")


def feature_speed(problem: Problem, run: Followed | Frames) -> Result:
    """sum_j |P^(1/2) (h_j(t') - h_j(t))|^2 / eta_j <= eig_max(G) (t' - t) (R_t - R_t') between any two frames.

    The integral, by Cauchy and Schwarz, of sum_j |P^(1/2) dh_j/dt|^2 / eta_j <= -eig_max(G) dR/dt, the paper's
    (1/m) sum_i |dh_i/dt|^2 <= -eig_max dL/dt. Where the risk is rounding, that is allowed for.
    """
    assumptions = (*problem.is_gradient_flow, *problem.is_signed)
    if fails(assumptions):
        return unchecked(ABOVE, assumptions)
    seen = followed(problem, run)
    lost = (-seen.risks.diff()).clamp_min(0.0) + seen.noise
    return from_above(ABOVE, assumptions, seen.rates.largest * seen.times.diff() * lost, seen.steps)


def feature_movement(problem: Problem, run: Frames, inputs: Inputs | None = None) -> Result:
    """sum_j s_j |h_j(t, x) - h_j(0, x)| >= |f_t(x) - f_0(x)| / sup |sigma'| at the data, or at inputs [data, inputs].

    Under `MeanField` the left side is the mean movement of the features: whatever the output moves, they moved.
    """
    assumptions = (
        *problem.is_signed,
        Assumption("sup |sigma'| is finite", problem.neuron.activation.lipschitz < float("inf")),
    )
    if fails(assumptions):
        return unchecked(BELOW, assumptions)
    _, clouds = frames_of(run)
    start = in_double(next(iter(clouds)))
    check_masses(problem, start)
    x = problem.risk.data.inputs.double() if inputs is None else inputs.double()
    phi, hidden = problem.neuron.embed(x), problem.neuron.hidden
    factors = problem.risk.scaling.factor(start.masses)
    moved, changed = [], []
    for stored in clouds:
        cloud = in_double(stored)
        moved.append(factors @ ((cloud.positions - start.positions)[:, :hidden] @ phi.T).abs())
        difference = problem.risk.predictions(cloud, x) - problem.risk.predictions(start, x)
        changed.append(difference[:, 0].abs() / problem.neuron.activation.lipschitz)
    rounding = 1e-12 * float(factors.sum())
    bounds = (torch.stack(changed[1:]) - rounding).clamp_min(0.0)
    return from_below(BELOW, assumptions, bounds, torch.stack(moved[1:]))
