"""Every theorem on one problem and one run of it."""

from collections.abc import Iterable
from dataclasses import replace

from limits.theorems.asymmetric_scaling.first_kernel_change import first_kernel_change
from limits.theorems.asymmetric_scaling.first_step import first_step
from limits.theorems.asymmetric_scaling.global_convergence import global_convergence
from limits.theorems.asymmetric_scaling.gram_change import gram_change_kinked, gram_change_smooth
from limits.theorems.asymmetric_scaling.initial_eigenvalue import initial_eigenvalue
from limits.theorems.asymmetric_scaling.mass_sums import mean_root
from limits.theorems.asymmetric_scaling.particle_movement import movement_along, particle_movement
from limits.theorems.asymmetric_scaling.random_limit import gram_variance, mean_gram, random_limit
from limits.theorems.asymmetric_scaling.risk_decay import risk_decay
from limits.theorems.base import Result
from limits.theorems.observed import Run, observed
from limits.theorems.problem import Problem

#: Data that statements on the start are checked with, and those with triple integrals.
ROWS, FEW_ROWS = 100, 3


def every_theorem(
    problem: Problem, run: Run, *, seeds: Iterable[int] = range(100), delta: float = 0.1
) -> tuple[Result, ...]:
    """Every theorem of Caron et al. (2023) on this problem and this run, those whose assumptions fail included.

    Statements on the random start alone hold for any data. They are checked over seeds, with the first 100 data,
    theorem 5.2 with the first 3.
    """
    seen, seeds = observed(problem, run), tuple(seeds)
    few, fewer = first_rows(problem, ROWS), first_rows(problem, FEW_ROWS)
    kinked = not problem.neuron.activation.smooth
    return (
        risk_decay(problem, seen),
        particle_movement(problem, seen),
        movement_along(problem, seen),
        (gram_change_kinked if kinked else gram_change_smooth)(problem, seen),
        *global_convergence(problem, seen, delta=delta),
        *mean_root(problem),
        initial_eigenvalue(few, seeds),
        mean_gram(few, seeds),
        gram_variance(few, seeds),
        random_limit(few, seeds),
        *first_step(few, seeds),
        first_kernel_change(fewer, seeds),
    )


def first_rows(problem: Problem, rows: int) -> Problem:
    """The problem on its first data, with equal weights; itself where it has no more."""
    data = problem.risk.data
    if data.count <= rows:
        return problem
    return replace(problem, risk=problem.risk.on(data.some(slice(rows))))
