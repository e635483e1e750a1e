"""Every theorem of the paper on one problem and one run of it."""

from collections.abc import Iterable

from limits.theorems.base import Result
from limits.theorems.feature_learning.active_neurons import active_convergence, active_fraction
from limits.theorems.feature_learning.active_region import ActiveRegion
from limits.theorems.feature_learning.convergence import feature_convergence, independent_inputs
from limits.theorems.feature_learning.decay import active_decay, steep_decay
from limits.theorems.feature_learning.feature_movement import feature_movement, feature_speed
from limits.theorems.feature_learning.followed import Frames, followed
from limits.theorems.feature_learning.random_gram import gram_concentration
from limits.theorems.feature_learning.start import initial_activity, initial_risk
from limits.theorems.problem import Problem
from particles import RandomFeatures


def every_feature_theorem(
    problem: Problem,
    run: Frames,
    region: ActiveRegion = ActiveRegion(),
    *,
    seeds: Iterable[int] = range(100),
    delta: float = 0.1,
) -> tuple[Result, ...]:
    """Every theorem of Chen, Vanden-Eijnden and Bruna (2022) on this problem and this run, those whose assumptions
    fail included. Statements on the random start are checked over starts from the seeds."""
    seen, seeds, embedding = followed(problem, run, region), tuple(seeds), problem.neuron.embedding
    frozen: tuple[Result, ...] = ()
    if isinstance(embedding, RandomFeatures):
        frozen = (gram_concentration(embedding, problem.risk.data.inputs, seeds),)
    return (
        steep_decay(problem, seen),
        active_decay(problem, seen, region),
        active_fraction(problem, seen, region),
        *active_convergence(problem, seen, region),
        feature_speed(problem, seen),
        feature_movement(problem, run),
        feature_convergence(problem, seen, region, delta=delta),
        independent_inputs(problem),
        initial_risk(problem, seeds),
        initial_activity(problem, region, seeds),
        *frozen,
    )
