"""The door: `transport` with all that is known of a distance, `wasserstein` with the distance alone."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from limits.transport.entropic.debiased import by_divergence
from limits.transport.entropic.regularised import by_entropy
from limits.transport.entropic.sinkhorn import Iteration
from limits.transport.exact.assignment import by_assignment, is_assignment
from limits.transport.exact.gaussian import by_moments
from limits.transport.exact.line import by_line
from limits.transport.exact.simplex import by_simplex
from limits.transport.problem import Parts, TransportProblem, posed
from limits.transport.result import Transport
from limits.transport.sliced import by_slices
from particles import ParticleCloud
from particles.shapes import Scalar

#: Pairs of particles up to which `auto` takes an exact method: 10,000 against 10,000, about a minute and 5 GiB.
EXACT_PAIRS = 10**8
#: Pairs up to which an assignment is faster than the simplex.
ASSIGNMENT_PAIRS = 2500**2

#: Methods without options of their own.
PLAIN: dict[str, Callable[[TransportProblem], Transport]] = {
    "line": by_line,
    "assignment": by_assignment,
    "simplex": by_simplex,
    "gaussian": by_moments,
}
METHODS = ("auto", "exact", *PLAIN, "sliced", "entropic", "debiased")


def transport(
    cloud1: ParticleCloud,
    cloud2: ParticleCloud,
    p: float = 2.0,
    method: str = "auto",
    parts: Parts = None,
    *,
    outputs: int = 1,
    projections: int = 200,
    seed: int = 0,
    iteration: Iteration | None = None,
) -> Transport:
    """The distance between two clouds with plan, method, certified gap, standard error and time.

    - "exact": W_p by "line" (one coordinate), "assignment" (equal masses and counts) or "simplex", with a gap;
    - "entropic": an interval around W_p; "gaussian": a lower bound of it (p >= 2);
    - "sliced" and "debiased": distances of their own, with a standard error (`projections` and `seed`; `iteration`);
    - "auto": exact up to 10^8 pairs of particles, sliced beyond; the result says which.

    An `iteration` left out has regularisation 0.05 for "entropic" and 0.2 for "debiased", in units of the mean cost.
    `parts` are the coordinates compared: None, "hidden" or "output" (the last `outputs` coordinates), a slice, or
    numbers. Exact and sliced distances and the Gaussian bound are differentiable in positions and masses of both
    clouds, wherever plan and potentials are unique (equal masses are a kink in the masses); the others refuse clouds
    that require derivatives. Raises TransportUnsolved where a solver stopped short of its goal.
    """
    problem = posed(cloud1, cloud2, p, parts, outputs)
    return _answer(problem, _chosen(problem, method), projections, seed, iteration)


def wasserstein(
    cloud1: ParticleCloud,
    cloud2: ParticleCloud,
    p: float = 2.0,
    method: str = "auto",
    parts: Parts = None,
    *,
    outputs: int = 1,
) -> Scalar:
    """W_p(cloud1, cloud2) = (min over plans of sum P_ij |x_i - y_j|^p)^(1/p), masses honoured, in float64.

    A bare number cannot say how it was found, so "auto" is exact or refuses; other methods are as in `transport`.
    """
    problem = posed(cloud1, cloud2, p, parts, outputs)
    name = _chosen(problem, method)
    if method == "auto" and name == "sliced":
        raise ValueError(
            f"Clouds of {cloud1.count} and {cloud2.count} particles are beyond an exact distance; name a method, or "
            "call transport, which says what it took."
        )
    return _answer(problem, name).distance


def _answer(
    problem: TransportProblem, name: str, projections: int = 200, seed: int = 0, iteration: Iteration | None = None
) -> Transport:
    began = perf_counter()
    how = () if iteration is None else (iteration,)
    if name == "sliced":
        result = by_slices(problem, projections, seed)
    elif name == "entropic":
        result = by_entropy(problem, *how)
    elif name == "debiased":
        result = by_divergence(problem, *how)
    else:
        result = PLAIN[name](problem)
    return replace(result, seconds=perf_counter() - began)


def _chosen(problem: TransportProblem, method: str) -> str:
    if method not in METHODS:
        raise ValueError(f"The method is {method!r}, but one of {', '.join(map(repr, METHODS))} is needed.")
    if method not in ("auto", "exact"):
        return method
    if problem.first.points.shape[1] == 1:
        return "line"
    pairs = problem.first.count * problem.second.count
    if method == "auto" and pairs > EXACT_PAIRS:
        return "sliced"
    return "assignment" if pairs <= ASSIGNMENT_PAIRS and is_assignment(problem) else "simplex"
