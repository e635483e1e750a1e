"""Theorems 1 to 3 and corollary 1: with probability 1 - delta the risk falls at a linear rate while features move.

The constants are those that follow from lemmas 1 to 3 with every step written out; the paper does not state its own.
"""

import math

import torch

from limits.theorems.base import Assumption, Result, Statement, fails, from_above, from_below, unchecked, vacuous
from limits.theorems.feature_learning.active_neurons import ALLOWED
from limits.theorems.feature_learning.active_region import ActiveRegion
from limits.theorems.feature_learning.decay import SOURCE
from limits.theorems.feature_learning.followed import Followed, Frames, followed
from limits.theorems.feature_learning.rates import Rates
from limits.theorems.feature_learning.start import active_width, least_activity, mean_risk
from limits.theorems.problem import SINGULAR, Problem
from particles import Embedding, Identity, RandomFeatures

DECAY = "R_t <= R_0 exp(-C K^2 eig_min(G) pi_min t / 2), with probability 1 - delta"
INDEPENDENT = Statement(
    "linearly independent inputs: eig_min(phi phi^T) = (least singular value of x)^2 / d > 0", f"{SOURCE}, corollary 1"
)
#: Rounding of an eigenvalue, relative to the largest one.
ROUNDING = 1e-12


def feature_convergence(
    problem: Problem, run: Followed | Frames, region: ActiveRegion = ActiveRegion(), *, delta: float = 0.1
) -> Result:
    """R_t <= R_0 exp(-C K^2 eig_min(G) pi_min t / 2) at all times, with probability 1 - delta over the start.

    Where 1 / sum_j lambda_j^2 >= 2 log(2 n / delta) / pi_min^2 (lemma 3) and
    A sqrt(2 E R_0 / delta) <= (1 - 2^(-3/2)) (pi_min / 2)^(3/2) (lemmas 1 and 2, Markov); vacuous where that is not so.
    Theorem 1 is that of a shallow network, theorem 2 that with one frozen layer of random features, theorem 3 that
    with more; G is that of the frozen layers at hand, so that nothing is asked of their width but eig_min(G) > 0.
    """
    statement = Statement(DECAY, f"{SOURCE}, theorem {theorem_of(problem.neuron.embedding)}, our constants")
    steepness, rates = region.steepness(problem.neuron.activation), Rates.of(problem)
    assumptions = rates.assumptions(problem, steepness)
    if fails(assumptions):
        return unchecked(statement, assumptions)
    seen, least = followed(problem, run, region), least_activity(problem, region)
    count, width = 1.0 / float(problem.masses.double().square().sum()), active_width(problem, region, delta / 2.0)
    needed = rates.drift(region.gap, steepness) * math.sqrt(2.0 * mean_risk(problem) / delta)
    allowed = ALLOWED * (0.5 * least) ** 1.5
    held = (
        Assumption(f"1 / sum_j lambda_j^2 = {count:.3g} >= {width:.3g}", count >= width),
        Assumption(f"A sqrt(2 E R_0 / delta) = {needed:.3g} <= {allowed:.3g}", needed <= allowed),
    )
    exponents = -0.5 * rates.share * steepness**2 * rates.least * least * seen.times
    bounds = (seen.risks[0] * torch.exp(exponents)).clamp_min(seen.noise)
    result = from_above(statement, (*assumptions, *held), bounds[1:], seen.risks[1:])
    return vacuous(result) if fails(held) else result


def theorem_of(embedding: Embedding) -> int:
    """1 without a frozen layer of random features, 2 with one, 3 with more."""
    inner = getattr(embedding, "inner", None)
    floors = isinstance(embedding, RandomFeatures) + (0 if inner is None else theorem_of(inner) - 1)
    return 1 + min(floors, 2)


def independent_inputs(problem: Problem) -> Result:
    """A shallow network of linearly independent inputs has eig_min(phi phi^T) > 0, so that theorem 1 is about it.

    That takes n <= d inputs. A frozen layer of random features makes more of them independent.
    """
    x, shallow = problem.risk.data.inputs.double(), isinstance(problem.neuron.embedding, Identity)
    singular = torch.linalg.svdvals(x)
    independent = x.shape[0] <= x.shape[1] and bool(singular[-1] ** 2 > SINGULAR * singular[0] ** 2)
    assumptions = (
        Assumption("a shallow network", shallow),
        Assumption(f"n = {x.shape[0]} inputs of d = {x.shape[1]} are linearly independent", independent),
    )
    if fails(assumptions):
        return unchecked(INDEPENDENT, assumptions)
    values = torch.linalg.eigvalsh(problem.phi @ problem.phi.T)
    bound = singular[-1] ** 2 / x.shape[1] - ROUNDING * singular[0] ** 2 / x.shape[1]
    return from_below(INDEPENDENT, assumptions, bound, values[0])
