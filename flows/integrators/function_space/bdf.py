"""Backward differentiation of variable order on any grid of times, made implicit in function space."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part, Together
from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.step_control import Tolerance, Work, checked_max_step, next_time
from flows.integrators.function_space.bdf_state import BDFState, Judged
from flows.integrators.function_space.differentiation import HIGHEST, Formula
from flows.integrators.function_space.error_scales import Scales
from flows.integrators.function_space.gauss_newton import DenseRisk, GaussNewton, dense_risk, spread
from flows.integrators.function_space.interpolation import combination, weights
from flows.integrators.function_space.neuron_curvature import neuron_curvature
from flows.integrators.function_space.saddle import check_rest
from flows.integrators.function_space.shifted_solve import Shifted
from flows.noise import StepNoise
from particles import ParticleCloud, Risk, ToleranceNotReached
from particles.shapes import Positions, Velocity

#: The end of a run with steps of one tolerance errs by rtol^(1 - 0.15), as measured; below this rtol they have less.
PLAIN, ADDED = 1e-4, 0.15
#: Steps of small problems may err by less, down to this part: there they cost next to nothing. The work of a problem is
#: m dim n k; below the first number it is small, above the second large, and between them the part grows as its power.
STRICTEST, SMALL, LARGE = 0.125, 1e4, 1e6
#: Single-precision products are good enough for this rtol and larger ones.
ROUGH = 1e-6
#: The first step goes no farther than this part of |theta|: what the Gauss-Newton part does not know may begin there.
REACH = 0.01
#: Steps in which the time has not doubled after which the curvature of neurons is looked at, and the largest product of
#: m dim and n k for which it is.
CRAWLING, CURVED = 150, 200_000
#: A step costs as much as so many velocities, where it is asked whether a run will ever end.
VELOCITIES = 10


class Norms(NamedTuple):
    """Of a trial: |d|, how far it is from the start, and |doubt|; of the function, what d changes and how far it is."""

    correction: float
    distance: float
    doubt: float
    change: float
    changed: float


@dataclass(frozen=True, eq=False)
class Correction:
    """d of a predictor, what it changes in the function, sqrt(p_i) J d [n k], the function with it, and the doubt in d.

    With an `EnsembleRisk` those of all members, stacked.
    """

    vector: Velocity
    change: Tensor
    outputs: Tensor
    doubt: Velocity | None


@dataclass(frozen=True, eq=False)
class Trial:
    """A step tried: the cloud it came to and its way from the start, the correction d of the predictor, and errors."""

    cloud: ParticleCloud
    way: Velocity
    correction: Velocity
    judged: Judged


@dataclass(frozen=True)
class BDF:
    """Backward differentiation (NDF; Klopfenstein 1971, Shampine and Reichelt 1997), orders 1 to 5, linearly implicit.

    With P the polynomial of degree k through the last k + 1 points, the next one is P(t) + d,

        (1 - h' A) d = h' (F(P(t)) - P'(t)),   1 / h' = (1 - kappa_k) sum_{i<k} 1 / (t - t_i),

    with the Gauss-Newton Jacobian A at P(t) (`GaussNewton`): evaluating it costs no activation more, factorising it one
    n k by n k Cholesky factor, so that a step is one velocity however stiff the flow. This is one step of Newton's
    method; others would halve the steps across kinks and gain nothing on smooth flows, where d is small. Its error
    is d times h / (t - t_k) and what kappa adds: at most rtol times how far the cloud has been from its start, in the
    positions and in the function alike, or what rounding makes of both; less in small problems, where steps cost next
    to nothing (`share`). No step is longer than `max_step`. Dense output by the polynomial through the new point. For
    gradient flows with n k up to 6000.
    """

    rtol: float = 1e-4
    atol: float = 0.0
    max_step: float = math.inf
    order: ClassVar[float] = float(HIGHEST)
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    together: ClassVar[Together] = Together.OWN_ORDER
    states: ClassVar[tuple[type, ...]] = (BDFState, Scales, Headway, Work)

    @property
    def tolerance(self) -> Tolerance:
        """What a step may err by: less than rtol below 1e-4, where more steps add up more errors."""
        return Tolerance(self.rtol * min(1.0, self.rtol / PLAIN) ** ADDED, self.atol)

    def __post_init__(self) -> None:
        Tolerance.kept(self)
        checked_max_step(self.max_step)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> BDFState:
        """One point; the first step is chosen when the end of the run is known."""
        dense_risk(flow, "BDF")
        return BDFState((torch.zeros_like(cloud.positions),), (time,))

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: BDFState, time: float, until: float, noise: StepNoise
    ) -> Advance[BDFState]:
        """One step that meets the tolerance, with as many trials as it takes."""
        risk = dense_risk(flow, "BDF")
        if state.scales is None:
            state = self.begun(risk, cloud, state, until - time)
        while True:
            reached = self.reached(state, until)
            trial = self._try(risk, cloud, state, reached)
            if trial.judged.larger <= 1.0:
                break
            state = state.rejected(reached, trial.judged, step=noise.step + 1, until=until)
        after = self._watched(self._chosen(state, trial, reached), until)
        if reached == until:
            self.ended(risk, trial.cloud, after)
        start, points, times = after.known.start, after.points[: state.order + 1], after.times[: state.order + 1]
        dense = Polynomial(cloud, start, points, times)
        return Advance(reached, trial.cloud, after, dense)

    def ended(self, risk: DenseRisk, cloud: ParticleCloud, state: BDFState) -> None:
        """Raise ToleranceNotReached where a run has ended at rest and the flow would not rest."""
        stiff, size = GaussNewton.of(risk, cloud), state.times[0] - state.times[1]
        check_rest(stiff, size, step=state.work.accepted, time=state.times[1])

    def _watched(self, state: BDFState, until: float) -> BDFState:
        """The state with the curvature of neurons switched on where steps have stayed short for long, and it is small.

        Raises ToleranceNotReached where the rest of the run would take more than a hundred thousand steps.
        """
        step, time = state.work.accepted, state.times[0]
        spent, advice = VELOCITIES * state.work.velocities, "its curvature or its kinks keep steps short"
        headway = state.headway.looked(time, until, spent, step, advice)
        begun, since = state.began, state.mark
        if time - begun >= 2.0 * since[1]:
            return replace(state, mark=(step, time - begun), headway=headway)
        crawls = step - since[0] > CRAWLING and state.points[0].numel() * state.known.outputs.numel() <= CURVED
        return replace(state, curved=state.curved or crawls, headway=headway)

    def reached(self, state: BDFState, until: float) -> float:
        """The time that the next step tries to reach."""
        return next_time(state.size, state.times[0], until, self.max_step)[1]

    def begun(self, risk: DenseRisk, cloud: ParticleCloud, state: BDFState, span: float) -> BDFState:
        """Scales, a first step whose error is about half of rtol h |F|, and a point before the first one.

        The error of an Euler step is h^2 / 2 |A F|. What bends the path and does not stand in A is met a part of the
        cloud's extent away.
        """
        stiff = GaussNewton.of(risk, cloud)
        speed, bend, extent = cloud.norms(stiff.velocity, stiff.applied(stiff.velocity), cloud.positions).tolist()
        if not (math.isfinite(speed) and math.isfinite(bend)):
            reason = "positions or velocities are not finite"
            raise ToleranceNotReached(step=1, time=state.times[0], size=span, reason=reason)
        scales = Scales.of(stiff)
        rtol = self._allowed(cloud.count * cloud.dim, scales).rtol or math.sqrt(torch.finfo(cloud.dtype).eps)
        by_bend = rtol * speed / bend if bend > 0.0 else math.inf
        by_reach = REACH * extent / speed if speed > 0.0 < extent else math.inf
        size = min(span, self.max_step, by_bend, by_reach)
        state = replace(
            state,
            scales=scales,
            work=Work(velocities=1),
            began=state.times[0],
            headway=Headway(state.times[0]),
        )
        before = -size * stiff.velocity
        return replace(state, points=(*state.points, before), times=(*state.times, state.times[0] - size), size=size)

    def _try(self, risk: DenseRisk, cloud: ParticleCloud, state: BDFState, reached: float) -> Trial:
        formula, points = state.formula(state.order, reached), state.points[: state.order + 1]
        predicted, slope, scales = combination(formula.values, points), combination(formula.slopes, points), state.known
        there = cloud.moved(scales.start + predicted)
        correction = self.correction(risk, there, slope, formula.shift, self.rough(state), state.curved)
        way = predicted + correction.vector
        doubt = torch.zeros_like(way) if correction.doubt is None else correction.doubt
        functions = torch.stack([correction.change, correction.outputs - scales.outputs])
        moved = cloud.norms(correction.vector, way, doubt).tolist()
        norms = Norms(*moved, *torch.linalg.vector_norm(functions, dim=1).tolist())
        judged = self.judged(state, formula, norms, cloud.count * cloud.dim)
        return Trial(cloud.moved(scales.start + way), way, correction.vector, judged)

    def rough(self, state: BDFState) -> float:
        """The relative error tolerated in the matrix; none once a trial has failed, which it may be to blame for."""
        return self.rtol if self.rtol >= ROUGH and state.failed == 0 else 0.0

    def judged(self, state: BDFState, formula: Formula, norms: Norms, coordinates: int) -> Judged:
        """The errors of a trial, relative to how far the cloud has been, the trial included.

        At a kink of the path, of which the formula's small constant knows nothing, the error is d itself.
        """
        scales = state.known.went(norms.distance, norms.changed)
        allowed = self._allowed(coordinates, scales)
        whole = scales.judged((norms.correction, norms.change), coordinates, allowed)
        kinked = state.kinked(whole, formula.reached)
        doubt = scales.judged((norms.doubt, 0.0), coordinates, self.tolerance)
        return Judged(whole if kinked else formula.error * whole, doubt, scales, whole, kinked)

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
        curved: bool = False,
    ) -> Correction:
        """d at a predictor, for P'(t), which is written over, h' and what may be `rough` in its matrix.

        These two are one number, or one for each member [members]. The curvature of single neurons stands in the matrix
        where `curved`.
        """
        stiff = GaussNewton.of(risk, predicted)
        particles, data = (spread(shift, rows) for rows in (slope.shape[0], stiff.at.cotangents.shape[0]))
        right = slope.mul_(-particles)
        if (relaxation := stiff.at.relaxation) is not None:
            right.add_(relaxation.mul_(particles))
        curvature = neuron_curvature(stiff.at) if curved and isinstance(risk, Risk) else None
        solved = Shifted(stiff, shift, rough, curvature).solve(right, data * stiff.at.cotangents)
        change = stiff.changed(solved.vector, solved.pushed)
        return Correction(solved.vector, change, stiff.weighed(stiff.at.predictions) + change, solved.doubt)

    def _chosen(self, state: BDFState, trial: Trial, reached: float) -> BDFState:
        """The state after an accepted step."""
        cloud = trial.cloud
        corrections = {state.order: float(cloud.norms(trial.correction))}
        for order in state.beside:
            predicted = combination(state.formula(order, reached).values, state.points[: order + 1])
            corrections[order] = float(cloud.norms(trial.way - predicted))
        after = state.accepted(reached, trial.judged.error, corrections)
        points = (trial.way, *state.points)[: HIGHEST + 1]
        return replace(after, points=points, scales=trial.judged.scales)


def share(work: int) -> float:
    """The part of the tolerance that steps of a problem of this work, m dim n k, may err by."""
    return float(STRICTEST ** min(max(math.log(LARGE / work) / math.log(LARGE / SMALL), 0.0), 1.0))


@dataclass(frozen=True, eq=False)
class Polynomial:
    """Dense output: the polynomial through these points, which are ways from the start."""

    cloud: ParticleCloud
    start: Positions
    points: tuple[Positions, ...]
    times: tuple[float, ...]

    def __call__(self, time: float) -> ParticleCloud:
        return self.cloud.moved(self.start + combination(weights(self.times, time), self.points))
