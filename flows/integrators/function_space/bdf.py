"""Backward differentiation of variable order on any grid of times, made implicit in function space."""

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from flows.base import Flow, Together
from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.rejection_loop import ErrorControlled, Place, Trial
from flows.integrators.error_controlled.step_control import Tolerance, Work, next_time
from flows.integrators.function_space.bdf_state import BDFState
from flows.integrators.function_space.differentiation import HIGHEST
from flows.integrators.function_space.error_scales import Judged, Scales
from flows.integrators.function_space.gauss_newton import DenseRisk, GaussNewton, spread
from flows.integrators.function_space.interpolation import Polynomial, combination
from flows.integrators.function_space.matrix_free.choice import solver, step_risk
from flows.integrators.function_space.matrix_free.iterative_solve import Iterated
from flows.integrators.function_space.matrix_free.preconditioner import Preconditioner, Sketch
from flows.integrators.function_space.saddle import check_rest
from flows.integrators.function_space.shifted_solve import Solved
from flows.integrators.function_space.single_neurons.neuron_curvature import neuron_curvature
from flows.integrators.function_space.single_neurons.sliding import slid
from particles import ParticleCloud, Risk
from particles.shapes import Positions, Velocity

#: Steps of small problems may err by less, down to this part: there they cost next to nothing. The work of a problem is
#: m dim n k; below the first number it is small, above the second large, and between them the part grows as its power.
STRICTEST, SMALL, LARGE = 0.125, 1e4, 1e6
#: Single-precision products are good enough for this rtol and larger ones, and save time from so many of them on.
ROUGH, ROUGH_PRODUCTS = 1e-6, 10_000_000
#: The first step goes no farther than this part of |theta|: what the Gauss-Newton part does not know may begin there.
REACH = 0.01
#: Steps in which the time has not doubled after which the curvature of neurons is looked at, and the largest product of
#: m dim and n k for which it is.
CRAWLING, CURVED = 150, 200_000
#: A step costs as much as so many velocities, where it is asked whether a run will ever end.
VELOCITIES = 10


class Norms(NamedTuple):
    """Of a trial: |d|, how far it is from the start, and |doubt|; of the function, what d changes and how far it is.

    And |d| of the orders below and above, zero where these may not be taken.
    """

    correction: float
    distance: float
    doubt: float
    change: float
    changed: float
    lower: float = 0.0
    higher: float = 0.0


@dataclass(frozen=True, eq=False)
class Correction:
    """d of a predictor, what it changes in the function, sqrt(p_i) J d [n k], the function with it, and the doubt in d.

    And the preconditioner for the next one, where d was found by iterations. With an `EnsembleRisk` those of all
    members, stacked.
    """

    vector: Velocity
    change: Tensor
    outputs: Tensor
    doubt: Velocity | None
    preconditioner: Preconditioner | None = None


@dataclass(frozen=True, eq=False)
class BDFTrial(Trial):
    """A step tried: its errors, its norms, the points of the path with the one that it has reached, and what it leaves
    for iterations to go on with."""

    judged: Judged
    norms: Norms
    points: tuple[Positions, ...]
    preconditioner: Preconditioner | None = None


@dataclass(frozen=True)
class BDF(ErrorControlled[BDFState, BDFTrial]):
    """Backward differentiation (NDF; Klopfenstein 1971, Shampine and Reichelt 1997), orders 1 to 6, linearly implicit.

    With P the polynomial of degree k through the last k + 1 points, the next one is P(t) + d,

        (1 - h' A) d = h' (F(P(t)) - P'(t)),   1 / h' = (1 - kappa_k) sum_{i<k} 1 / (t - t_i),

    with the Gauss-Newton Jacobian A at P(t) (`GaussNewton`): evaluating it costs no activation more, factorising it one
    n k by n k Cholesky factor, so that a step is one velocity however stiff the flow. This is one step of Newton's
    method; others would halve the steps across kinks and gain nothing on smooth flows, where d is small. P is a
    polynomial in logarithmic time (`LogarithmicTime`), in which training is smooth and half as many steps do; its
    units at t are those of time. Steps with the slope on one side of a kink would go to and fro at neurons which data
    hold there; a second solution with the same factor lets these slide along it (`Sliding`). The error is d times
    h / (t - t_k) and what kappa adds: at most rtol times how far the cloud has been from its start, in the positions
    and in the function alike, or what rounding makes of both; less in small problems, where steps cost next to nothing
    (`share`). No step is longer than `max_step`. Dense output by the polynomial through the new point.

    For gradient flows. With n k above 400 no matrix of that size is formed: d is found by conjugate gradients, as
    exactly as the step needs it, from products with J and J^T (`Iterative`). Their preconditioner is kept in the state,
    as the place where it was made. Of a cloud that several processes share Gram matrices are formed, up to n k = 6000;
    FlowRefused beyond.
    """

    order: ClassVar[float] = float(HIGHEST)
    holds: ClassVar[type[Any]] = BDFState
    together: ClassVar[Together] = Together.OWN_ORDER
    states: ClassVar[tuple[type, ...]] = (BDFState, Scales, Headway, Work, Preconditioner, Sketch)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> BDFState:
        """One point; the first step is chosen when the end of the run is known."""
        step_risk(flow, cloud)
        return BDFState((torch.zeros_like(cloud.positions),), (time,))

    def ready(self, at: Place, state: BDFState) -> BDFState:
        """The state of a run that has begun."""
        return self.begun(at, state) if state.scales is None else state

    def begun(self, at: Place, state: BDFState) -> BDFState:
        """Scales, a first step whose error is about half of rtol h |F|, and a point before the first one.

        The error of an Euler step is h^2 / 2 |A F|. What bends the path and does not stand in A is met a part of the
        cloud's extent away.
        """
        cloud, span = at.cloud, at.until - at.time
        stiff = GaussNewton.of(step_risk(at.flow, cloud), cloud)
        speed, bend, extent = cloud.norms(stiff.velocity, stiff.applied(stiff.velocity), cloud.positions).tolist()
        if not (math.isfinite(speed) and math.isfinite(bend)):
            raise at.unreached(span, "positions or velocities are not finite")
        scales = Scales.of(stiff)
        rtol = self._allowed(cloud.count * cloud.dim, scales).rtol or math.sqrt(torch.finfo(cloud.dtype).eps)
        by_bend = rtol * speed / bend if bend > 0.0 else math.inf
        by_reach = REACH * extent / speed if speed > 0.0 < extent else math.inf
        size = min(span, self.max_step, by_bend, by_reach)
        return replace(
            state,
            points=(*state.points, -size * stiff.velocity),
            times=(at.time, at.time - size),
            size=size,
            scales=scales,
            work=Work(velocities=1),
            began=at.time,
            unit=speed / bend if bend > 0.0 else math.inf,
            headway=Headway(at.time),
        )

    def attempt(self, at: Place, state: BDFState) -> BDFTrial:
        """A step of the state's order."""
        risk = step_risk(at.flow, at.cloud)
        reached = self.reached(state, at.until)
        formula = state.formula(state.order, reached)
        points = state.points[: state.order + 1]
        known = state.known
        predicted = combination(formula.values, points)
        slope = combination(formula.slopes, points)
        there = at.cloud.moved(known.start + predicted)
        found = self.correction(
            risk,
            there,
            slope,
            formula.shift,
            self.rough(state),
            self.allowed(state),
            state.curved,
            state.preconditioner,
        )
        way = predicted + found.vector
        doubt = torch.zeros_like(way) if found.doubt is None else found.doubt
        away = [
            way - combination(state.formula(order, reached).values, state.points[: order + 1]) for order in state.beside
        ]
        functions = torch.stack([found.change, found.outputs - known.outputs])
        correction, distance, doubtful, *others = at.cloud.norms(found.vector, way, doubt, *away).tolist()
        changes = torch.linalg.vector_norm(functions, dim=1).tolist()
        beside = dict(zip(state.beside, others, strict=True))
        sides = (beside.get(order, 0.0) for order in (state.order - 1, state.order + 1))
        norms = Norms(correction, distance, doubtful, *changes, *sides)
        return replace(self.trial(at, state, norms, (way, *state.points)), preconditioner=found.preconditioner)

    def trial(self, at: Place, state: BDFState, norms: Norms, points: tuple[Positions, ...]) -> BDFTrial:
        """A step to the first of these points, judged relative to how far the cloud has been, the trial included."""
        start = state.known.start
        reached = self.reached(state, at.until)
        count = state.order + 1
        there = at.cloud.moved(start + points[0])
        coordinates = at.cloud.count * at.cloud.dim
        between = Polynomial(at.cloud, start, points[:count], (reached, *state.times)[:count], state.scale)
        scales = state.known.went(norms.distance, norms.changed)
        whole = scales.judged((norms.correction, norms.change), coordinates, self._allowed(coordinates, scales))
        doubt = scales.judged((norms.doubt, 0.0), coordinates, self.tolerance)
        judged = Judged(state.formula(state.order, reached).error * whole, doubt, scales)
        return BDFTrial(reached, there, between, judged.larger, judged, norms, points[: HIGHEST + 1])

    def accepted(self, at: Place, state: BDFState, trial: BDFTrial) -> BDFState:
        """The state with the point that the step reached."""
        norms, order = trial.norms, state.order
        corrections = {order: norms.correction, order - 1: norms.lower, order + 1: norms.higher}
        after = state.accepted(trial.reached, trial.judged.error, corrections)
        return self._watched(
            at, replace(after, points=trial.points, scales=trial.judged.scales, preconditioner=trial.preconditioner)
        )

    def rejected(self, at: Place, state: BDFState, trial: BDFTrial) -> BDFState:
        """The state with a shorter step, and of order 1 where several have failed."""
        return replace(state.rejected(at, trial.reached, trial.judged), preconditioner=trial.preconditioner)

    def _watched(self, at: Place, after: BDFState) -> BDFState:
        """The state with the curvature of neurons switched on where steps have stayed short for long, and it is small.

        Raises ToleranceNotReached where the rest of the run would take more than a hundred thousand steps.
        """
        step, time = after.work.accepted, after.times[0]
        spent = VELOCITIES * after.work.velocities
        advice = "its curvature or its kinks keep steps short"
        headway = after.headway.looked(time, at.until, spent, at.step, advice)
        gone, (since, length) = time - after.began, after.mark
        if gone >= 2.0 * length:
            return replace(after, mark=(step, gone), headway=headway)
        crawls = step - since > CRAWLING and after.points[0].numel() * after.known.outputs.numel() <= CURVED
        return replace(after, curved=after.curved or crawls, headway=headway)

    def ended(self, at: Place, after: BDFState, trial: BDFTrial) -> None:
        """Raise ToleranceNotReached where a run has ended at rest and the flow would not rest."""
        stiff = GaussNewton.of(step_risk(at.flow, trial.there), trial.there)
        check_rest(stiff, trial.reached - at.time, step=at.step, time=at.time, preconditioner=after.preconditioner)

    def reached(self, state: BDFState, until: float) -> float:
        """The time that the next step tries to reach."""
        return next_time(state.size, state.times[0], until, self.max_step)[1]

    def rough(self, state: BDFState) -> float:
        """The relative error tolerated in the matrix: none where its m (n k)^2 products are few, or no run has begun.

        None either once a trial has failed, which it may be to blame for.
        """
        products = 0 if state.scales is None else state.points[0].shape[0] * state.scales.outputs.numel() ** 2
        return self.rtol if products >= ROUGH_PRODUCTS and self.rtol >= ROUGH and state.failed == 0 else 0.0

    def allowed(self, state: BDFState) -> float:
        """The error of the positions that is asked for, as far as they have been; none before a run has begun."""
        return 0.0 if state.scales is None else self.asked.allowed(state.points[0].numel(), state.scales.distance)

    def _allowed(self, coordinates: int, scales: Scales) -> Tolerance:
        """The tolerance of a step of a cloud of so many coordinates."""
        return self.tolerance.stricter(share(coordinates * scales.outputs.numel()))

    def correction(
        self,
        risk: DenseRisk,
        predicted: ParticleCloud,
        slope: Velocity,
        shift: float | Tensor,
        rough: float | Tensor,
        allowed: float | Tensor = 0.0,
        curved: bool = False,
        preconditioner: Preconditioner | None = None,
    ) -> Correction:
        """d at a predictor, for P'(t), which is written over, h', how `rough` its matrix may be, and the error allowed.

        These three are one number, or one for each member [members]. The curvature of single neurons stands in the
        matrix where `curved`.
        """
        stiff = GaussNewton.of(risk, predicted)
        particles, data = (spread(shift, rows) for rows in (slope.shape[0], stiff.at.cotangents.shape[0]))
        right = slope.mul_(-particles)
        if (relaxation := stiff.at.relaxation) is not None:
            right.add_(relaxation.mul_(particles))
        curvature = neuron_curvature(stiff.at) if curved and isinstance(risk, Risk) else None
        found = solver(stiff, shift, rough, curvature, preconditioner)
        solved = found.solve(right, data * stiff.at.cotangents)
        vector, change, doubt = solved.vector, _changed(stiff, solved), solved.doubt
        if isinstance(risk, Risk) and (bent := slid(stiff.at, vector, shift, allowed)) is not None:
            more = found.solve(bent)
            vector, change = vector + more.vector, change + _changed(stiff, more)
            doubt = more.doubt if doubt is None else doubt
        left = solved.preconditioner if isinstance(solved, Iterated) else None
        return Correction(vector, change, stiff.weighed(stiff.at.predictions) + change, doubt, left)


def _changed(stiff: GaussNewton, solved: Solved) -> Tensor:
    """sqrt(p_i) J v [n k] of a solution v."""
    if isinstance(solved, Iterated):
        return stiff.weighed(solved.outputs)
    return stiff.changed(solved.vector, solved.pushed)


def share(work: int) -> float:
    """The part of the tolerance that steps of a problem of this work, m dim n k, may err by."""
    return float(STRICTEST ** min(max(math.log(LARGE / work) / math.log(LARGE / SMALL), 0.0), 1.0))
