"""Where a random problem's cloud is at a few times, by two stiff solvers of other libraries, and whether they agree.

CVODE (scikit-sundae) and LSODA (scipy) solve the displacement from the start at 1e-10 and better, coordinate by
coordinate, with the whole Jacobian. How far they are apart is what the reference may be wrong by.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.integrate import ODEintWarning, odeint
from sksundae.cvode import CVODE

from tests.flows.law.plain_flow import Array, PlainFlow
from tests.flows.law.random_problems import Problem

#: What the solvers are asked for, and where a thousandth of the tolerance in question is less, that.
TIGHT = 1e-10
#: Steps between two of the times; who needs more is at a kink that it cannot leave.
MOST_STEPS = 5_000


@dataclass(frozen=True)
class Sizes:
    """A distance in the positions, and one of the function, sqrt(sum_i p_i |f_i|^2)."""

    positions: float
    function: float


@dataclass(frozen=True, eq=False)
class ReferencePath:
    """Displacements [times, moving coordinates] at `times`, and those of a second solver."""

    flow: PlainFlow
    times: Array
    path: Array
    other: Array

    def apart(self, displacement: Array, moment: int = -1) -> Sizes:
        """How far a displacement is from that of the reference at one of the times."""
        away = displacement - self.path[moment]
        change = self.flow.predictions(displacement) - self.predictions[moment]
        return Sizes(float(np.linalg.norm(away)), self._norm(change))

    @property
    def doubt(self) -> Sizes:
        """How far the two solvers are apart, at most."""
        each = [self.apart(displacement, moment) for moment, displacement in enumerate(self.other)]
        return Sizes(max(size.positions for size in each), max(size.function for size in each))

    @cached_property
    def moved(self) -> Sizes:
        """The largest distance from the start, and the largest change of the function or the first residual."""
        away = float(np.linalg.norm(self.path, axis=1).max())
        first = self.flow.predictions(np.zeros(self.flow.size))
        change = max(self._norm(f - first) for f in self.predictions)
        return Sizes(away, max(change, self._norm(self.flow.residual(first))))

    @cached_property
    def predictions(self) -> list[Array]:
        """f(x_i) at the times."""
        return [self.flow.predictions(displacement) for displacement in self.path]

    @cached_property
    def stiffness(self) -> float:
        """The largest |eigenvalue| of the Jacobian that the path comes past."""
        places = [np.zeros(self.flow.size), *self.path]
        return max(float(np.abs(np.linalg.eigvals(self.flow.jacobian(place))).max()) for place in places)

    def continued(self, begin: float, displacement: Array) -> Array | None:
        """Where a run ends that is somewhere else at a time, by LSODA."""
        floor = TIGHT * 0.1 * np.abs(self.path).max(axis=0) + 1e-300
        with np.errstate(all="ignore"):
            path = by_lsoda(self.flow, [self.times[-1]], TIGHT, floor, (begin, displacement))
        return None if path is None else path[-1]

    def _norm(self, f: Array) -> float:
        return float(np.sqrt(self.flow.weights @ np.square(f).sum(axis=1)))


def moments(until: float, count: int = 6) -> Array:
    """The times at which a run is judged: the end, and times before it, evenly spaced in their logarithm."""
    return np.geomspace(until * 1e-5, until, count)


def reference(problem: Problem) -> ReferencePath | None:
    """The path of this problem, or None where a solver does not reach the end."""
    flow, tight = PlainFlow(problem), min(TIGHT, 1e-3 * problem.rtol)
    times = moments(problem.until)
    if flow.size == 0:
        rest = np.zeros((len(times), 0))
        return ReferencePath(flow, times, rest, rest)
    with np.errstate(all="ignore"):
        rough = by_lsoda(flow, times, 1e-6, 1e-12 * max(1.0, float(np.linalg.norm(flow.start))) * np.ones(flow.size))
        if rough is None:
            return None
        extent = np.abs(rough).max(axis=0)
        floor = tight * 0.1 * extent + 1e-15 * float(np.linalg.norm(extent)) + 1e-300
        path, other = by_cvode(flow, times, tight, floor), by_lsoda(flow, times, tight, floor)
    if path is None or other is None:
        return None
    return ReferencePath(flow, times, path, other)


def by_cvode(flow: PlainFlow, times: Sequence[float] | Array, rtol: float, atol: Array) -> Array | None:
    """CVODE: BDF of orders 1 to 5, a dense Newton matrix. None where it gives up."""

    def right(time: float, displacement: Array, out: Array) -> None:
        out[:] = flow.velocity(displacement)

    def jacobian(time: float, displacement: Array, slope: Array, out: Array) -> None:
        out[:] = flow.jacobian(displacement)

    solver = CVODE(right, rtol=rtol, atol=atol, jacfn=jacobian, max_num_steps=MOST_STEPS)
    solution = solver.solve(np.concatenate([[0.0], times]), np.zeros(flow.size))
    path = np.array(solution.y[1:])
    return path if solution.success and len(path) == len(times) and np.isfinite(path).all() else None


def by_lsoda(
    flow: PlainFlow, times: Sequence[float] | Array, rtol: float, atol: Array, begin: tuple[float, Array] | None = None
) -> Array | None:
    """LSODA: Adams and BDF methods in turn (Petzold 1983), from the start or another time and displacement.

    None where it gives up.
    """
    first, displacement = begin or (0.0, np.zeros(flow.size))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ODEintWarning)
        try:
            path = odeint(
                lambda time, displacement: flow.velocity(displacement),
                displacement,
                np.concatenate([[first], times]),
                Dfun=lambda time, displacement: flow.jacobian(displacement),
                tfirst=True,
                rtol=rtol,
                atol=atol,
                mxstep=MOST_STEPS,
            )[1:]
        except ODEintWarning:
            return None
    return path if np.isfinite(path).all() else None
