"""BDF for several members of an ensemble side by side: one batch of operations, steps and orders of each its own."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from flows.base import Advance, Flow
from flows.gauss_newton import dense_risk
from flows.integrators.bdf import BDF, HIGHEST, BDFState, Polynomial
from flows.integrators.control import next_time
from particles import ParticleCloud, Risk, ToleranceNotReached
from particles.ensemble import Stacked
from particles.ensemble_risk import EnsembleRisk

Outcome = Advance[BDFState] | None | ToleranceNotReached


class BDFGroup:
    """Members that each take the steps they would take alone, to rounding; decisions are those of `BDFState`.

    A round is one trial of every member: predictors, Gauss-Newton matrices, Cholesky factors and norms of all in one
    batch, and one look at the device. The points of a member lie in the slots of `_history` [members, slots, m dim],
    newest first as `_slots` says; a new one takes the place of the oldest.
    """

    def __init__(self, method: BDF, flows: Sequence[Flow], clouds: Sequence[ParticleCloud], until: float) -> None:
        """Members at time zero."""
        self._method, self._until = method, until
        self._risks, self._clouds = [dense_risk(flow, "BDF") for flow in flows], list(clouds)
        self._risk: Risk = EnsembleRisk.of(self._risks)
        self._stacked: ParticleCloud = Stacked(clouds)
        self._start = torch.stack([cloud.positions.reshape(-1) for cloud in clouds])
        self._history = self._start.new_zeros(len(clouds), HIGHEST + 1, self._start.shape[1])
        self._states = [method.init(flow, cloud) for flow, cloud in zip(flows, clouds, strict=True)]
        self._slots: list[list[int]] = [[] for _ in clouds]
        self._begun = False

    def advance(self) -> Sequence[Outcome]:
        """One trial of every member: the step it made, None where it was rejected, or the error that ends the run.

        In the first round all find their scales and first steps, one by one, and make no step.
        """
        if not self._begun:
            self._begun = True
            return [self._begin(e) for e in range(len(self._states))]
        ends = [next_time(state.size, state.times[0], self._until)[1] for state in self._states]
        at_ends = torch.bmm(self._coefficients(ends), self._history)
        predicted, slope, lower, higher = at_ends.unbind(dim=1)
        shape = self._stacked.positions.shape
        shifts = predicted.new_tensor(
            [state.formula(state.order, end).shift for state, end in zip(self._states, ends, strict=True)]
        )
        cloud = self._stacked.moved(predicted.reshape(shape))
        correction, change = self._method.correction(self._risk, cloud, slope.reshape(shape), shifts)
        correction = correction.reshape(predicted.shape)
        positions = predicted + correction
        away = (positions - other for other in (self._start, lower, higher))
        vectors = (correction, change.reshape(len(ends), -1), *away)
        norms = torch.stack([torch.linalg.vector_norm(vector, dim=1) for vector in vectors], dim=1).tolist()
        outcomes = [self._judged(e, end, norms[e], positions[e]) for e, end in enumerate(ends)]
        self._remember(positions, [e for e, outcome in enumerate(outcomes) if isinstance(outcome, Advance)])
        return outcomes

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these members."""
        self._states, self._slots = [self._states[row] for row in rows], [self._slots[row] for row in rows]
        self._clouds, self._risks = [self._clouds[row] for row in rows], [self._risks[row] for row in rows]
        if rows:
            self._risk, self._stacked = EnsembleRisk.of(self._risks), Stacked(self._clouds)
            self._start, self._history = self._start[list(rows)], self._history[list(rows)]

    def _begin(self, e: int) -> Outcome:
        try:
            state = self._method.begun(self._risks[e], self._clouds[e], self._states[e], self._until)
        except ToleranceNotReached as failure:
            return failure
        for slot, point in enumerate(state.points):
            self._history[e, slot] = point.reshape(-1)
        self._states[e], self._slots[e] = replace(state, points=()), list(range(len(state.points)))
        return None

    def _coefficients(self, ends: Sequence[float]) -> Tensor:
        """Weights of a member's points in its P(t), P'(t), and P(t) of the orders beside [members, 4, slots]."""
        rows = []
        for state, slots, end in zip(self._states, self._slots, ends, strict=True):
            own = state.formula(state.order, end)
            sides = {order: state.formula(order, end).values for order in state.beside}
            four = (own.values, own.slopes, sides.get(state.order - 1, ()), sides.get(state.order + 1, ()))
            rows.append([_placed(numbers, slots) for numbers in four])
        return self._history.new_tensor(rows)

    def _judged(self, e: int, end: float, norms: Sequence[float], positions: Tensor) -> Outcome:
        """The outcome of a member's trial; `norms` are those of d, of the change of the function, of the way from the
        start, and of d in the orders beside."""
        state, cloud = self._states[e], self._clouds[e]
        correction, change, moved, lower, higher = norms
        scales = state.scales
        if scales is None:
            raise ValueError("A member of a BDF group has no scales; begin it with BDF.begun.")
        judged = scales.judged((correction, change), cloud.positions.numel(), self._method.tolerance)
        error = state.formula(state.order, end).error * judged
        if not error <= 1.0:
            try:
                step = state.work.accepted + 1
                self._states[e] = state.rejected(end, error, step=step, until=self._until)
            except ToleranceNotReached as failure:
                return failure
            return None
        corrections = {state.order: correction, state.order - 1: lower, state.order + 1: higher}
        after = replace(state.accepted(end, error, corrections), scales=scales.went(moved))
        new = positions.reshape(cloud.positions.shape)
        self._states[e], self._clouds[e] = after, cloud.moved(new)
        path = (self._clouds[e], self._history[e], self._slots[e][: state.order], after.times[: state.order + 1])
        return Advance(end, self._clouds[e], after, partial(_between, *path))

    def _remember(self, positions: Tensor, rows: Sequence[int]) -> None:
        """Put the new points of these members into free slots, or in place of their oldest points."""
        full = HIGHEST + 1
        for e in rows:
            slots = self._slots[e]
            self._slots[e] = [slots[-1] if len(slots) == full else len(slots), *slots][:full]
        self._history[list(rows), [self._slots[e][0] for e in rows]] = positions[list(rows)]


def _between(
    cloud: ParticleCloud, history: Tensor, slots: Sequence[int], times: tuple[float, ...], time: float
) -> ParticleCloud:
    """The cloud at a time inside the step just made, by the polynomial through its end and these points before."""
    points = (cloud.positions, *(history[slot].reshape(cloud.positions.shape) for slot in slots))
    return Polynomial(cloud, points, times)(time)


def _placed(numbers: Sequence[float], slots: Sequence[int]) -> list[float]:
    """The numbers of a member's points, newest first, at the slots where these lie; zero elsewhere."""
    row = [0.0] * (HIGHEST + 1)
    for number, slot in zip(numbers, slots, strict=False):
        row[slot] = number
    return row
