"""Global convergence of asymmetrical networks: what training does with probability 1 - delta if they are wide enough.

The constants are those that follow from the paper's proof with every step written out; its own are not stated.
"""

import math

import torch

from limits.theorems.asymmetric_scaling.initial_eigenvalue import initial_width
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, from_below, unchecked, vacuous
from limits.theorems.curvature import largest_curvature
from limits.theorems.observed import Run, observed
from limits.theorems.problem import Problem
from particles import ReLU

EIGENVALUE = "eig_min(K_t) >= gamma kappa / 4"
DECAY = "R_t <= R_0 exp(-gamma kappa t / (2 n))"
MOVEMENT = "|w_tj - w_0j| <= B sqrt(lambda_j)"
CHANGE = {True: "|K_t - K_0|_2 <= T (s + 2 sqrt(s))", False: "|K_t - K_0|_2 <= F^2 + 2 sqrt(T) F"}


def global_convergence(problem: Problem, run: Run, *, delta: float = 0.1) -> tuple[Result, ...]:
    """Theorem 4.1 (ReLU) or 4.2 (smooth): four statements, each with probability 1 - delta where m >= `required_width`.

    (a) eig_min(K_t) >= gamma kappa / 4;  (b) R_t <= R_0 exp(-gamma kappa t / (2 n)), in the paper's time without 1 / n;
    (c) |w_tj - w_0j| <= B sqrt(lambda_j), B = `movement_constant`;  (d) |K_t - K_0|_2 <= T (s + 2 sqrt(s)),
    s = (8 / delta) sqrt(2 / (pi v)) B sum_j lambda_j^(3/2), for ReLU, and <= F^2 + 2 sqrt(T) F,
    F^2 = M^2 B^2 sum_i |phi_i|^4 sum_j lambda_j^2, for smooth activations, M = sup |sigma''|.

    The required width is astronomical for any data, so all four are vacuous at practical widths; bound and measurement
    are given all the same. One result where an assumption other than the width fails.
    """
    kinked = isinstance(problem.neuron.activation, ReLU)
    source = f"Caron et al. 2023, theorem {'4.1' if kinked else '4.2'}"
    known = Assumption("ReLU, or a smooth activation", kinked or problem.neuron.activation.smooth)
    assumptions = (*problem.is_paper, known)
    if fails(assumptions):
        return (unchecked(Statement("eigenvalue, risk, movement and Gram change at all times", source), assumptions),)
    width = required_width(problem, delta)
    wide = Assumption(f"m = {problem.count} >= {width:.3g}", problem.count >= width)
    seen, rate = observed(problem, run), problem.floor * problem.kappa
    decays = (seen.risks[0] * torch.exp(-0.5 * rate / problem.data * seen.times)).clamp_min(seen.noise)
    farthest = movement_constant(problem, delta) * seen.start.masses.sqrt()
    held = (*assumptions, wide)
    results = (
        from_below(Statement(EIGENVALUE, f"{source} a"), held, 0.25 * rate, problem.data * seen.eigenvalues),
        from_above(Statement(DECAY, f"{source} b"), held, decays[1:], seen.risks[1:]),
        from_above(Statement(MOVEMENT, f"{source} c"), held, farthest, seen.movements[1:]),
        from_above(Statement(CHANGE[kinked], f"{source} d"), held, _change(problem, delta), seen.changes[1:]),
    )
    return results if wide.holds else tuple(vacuous(result) for result in results)


def required_width(problem: Problem, delta: float) -> float:
    """How many particles theorem 4.1 or 4.2 needs for this problem and a failure probability delta.

    max{ (8 T / kappa) log(4 n / delta), [ (8 / delta) sqrt(2 / (pi v)) B (12 T / kappa)^2 ]^2 } for ReLU, and
    max{ (8 T / kappa) log(2 n / delta), 144 M^2 B^2 T sum_i |phi_i|^4 / kappa^2 } for smooth activations. With |x| = 1
    and the bound n B' on E |y - f_0|^2 these are 2.71e7 n^6 B' / (gamma^2 kappa^6 d^5 delta^3) and
    4608 n^4 M^2 B' / (gamma^2 kappa^4 d^4 delta). Infinite where gamma or kappa is zero.
    """
    initial = initial_width(problem, delta / (4.0 if _is_kinked(problem) else 2.0))
    if problem.floor == 0.0 or problem.kappa == 0.0:
        return math.inf
    reach, ratio = movement_constant(problem, delta), problem.trace / problem.kappa
    if _is_kinked(problem):
        return max(initial, (_flips(problem, delta) * reach * (12.0 * ratio) ** 2) ** 2)
    return max(initial, 144.0 * reach**2 * _bend(problem) * ratio / problem.kappa)


def movement_constant(problem: Problem, delta: float) -> float:
    """B = sqrt(T) (4 / (gamma kappa)) sqrt(2 E |y - f_0|^2 / delta), by lemma D.1 and Markov's inequality.

    The paper's R = (4 n / (gamma kappa_n sqrt(d))) sqrt(2 B' / delta) with E |y - f_0|^2 <= n B'.
    """
    return math.sqrt(problem.trace * 2.0 * problem.misfit / delta) * 4.0 / (problem.floor * problem.kappa)


def _is_kinked(problem: Problem) -> bool:
    return not problem.neuron.activation.smooth


def _flips(problem: Problem, delta: float) -> float:
    """(8 / delta) sqrt(2 / (pi v)): the density of preactivations at zero, and Markov's inequality at delta / 8."""
    return 8.0 / delta * math.sqrt(2.0 / (math.pi * problem.law.variance))


def _bend(problem: Problem) -> float:
    """M^2 sum_i |phi_i|^4."""
    return largest_curvature(problem.neuron.activation) ** 2 * float(problem.phi.square().sum(dim=1).square().sum())


def _change(problem: Problem, delta: float) -> float:
    """The bound of (d)."""
    reach, masses = movement_constant(problem, delta), problem.masses.double()
    if _is_kinked(problem):
        s = _flips(problem, delta) * reach * float((masses**1.5).sum())
        return problem.trace * (s + 2.0 * math.sqrt(s))
    moved = reach * math.sqrt(_bend(problem) * float(masses.square().sum()))
    return moved**2 + 2.0 * math.sqrt(problem.trace) * moved
