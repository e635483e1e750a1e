"""The choice of a transport method: `transport` gives all that is known of a distance, `wasserstein` only its value."""

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

#: Number of pairs of particles up to which `auto` is exact: 10,000 against 10,000 take about a minute and 5 GiB.
EXACT_PAIRS = 10**8
#: Number of pairs up to which an assignment is faster than the simplex.
ASSIGNMENT_PAIRS = 2500**2

#: The methods that have no options.
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
    """Compute the distance between two clouds, with plan, method, certified gap, standard error and time.

    The masses of both clouds count, distances are rooted (W_p, not W_p^p), and the result is in float64. Methods:

    - "exact": W_p by "line" (one coordinate), "assignment" (equal masses and counts) or "simplex", with a gap;
    - "entropic": an interval around W_p; "gaussian": a lower bound of W_p for p >= 2 (Gelbrich 1990);
    - "sliced" (Bonneel et al. 2015) and "debiased" (Feydy et al. 2019): distances of their own, with a standard error;
    - "auto": exact up to 10^8 pairs of particles, sliced beyond; the result says which.

    `projections` and `seed` are for "sliced", `iteration` is for "entropic" and "debiased". An `iteration` left out has
    regularisation 0.05 for "entropic" and 0.2 for "debiased", in units of the mean cost. `parts` are the coordinates
    compared: None for all, "hidden" or "output" (the last `outputs` coordinates), a slice, or a list of numbers.
    Exact and sliced distances and the Gaussian bound are differentiable in positions and masses of both clouds where
    plan and potentials are unique; equal masses are a kink in the masses. The other methods refuse clouds that require
    derivatives.
    Raises ValueError for p below 1, for another method or parts that do not exist, for positions whose costs leave the
    range of float64 and for derivatives that a method does not have; ShapeError for clouds with different numbers of
    coordinates or a method that does not fit them; MassError for total masses that are not one; TransportUnsolved where
    a solver stopped before its goal.
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
    """W_p(cloud1, cloud2) = (min over plans P of sum_ij P_ij |x_i - y_j|^p)^(1/p), a float64 scalar (Villani 2009).

    Plans have the masses of the clouds as their margins. "auto" is exact, and raises ValueError beyond 10^8 pairs of
    particles, because a bare number cannot say that it is an estimate. Other methods, `parts`, `outputs`, derivatives
    and errors (ValueError, ShapeError, MassError, TransportUnsolved) are those of `transport`.
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
