"""BDF for several members of an ensemble side by side: one batch of operations, steps and orders of each its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from flows.base import Advance
from flows.ensemble.member_runs import Member, Outcome
from flows.integrators.function_space.bdf import BDF, Correction, Norms, Polynomial
from flows.integrators.function_space.bdf_state import BDFState
from flows.integrators.function_space.differentiation import HIGHEST
from flows.integrators.function_space.gauss_newton import dense_risk
from particles import FlowRefused, ParticleCloud, Risk, ToleranceNotReached
from particles.cloud import Stacked
from particles.ensemble.risk import EnsembleRisk

#: Points that a member has at the most.
SLOTS = HIGHEST + 1


class BDFGroup:
    """Members that each take the steps they would take alone, to rounding; decisions are those of `BDFState`.

    A round is one trial of every member: predictors, Gauss-Newton matrices, Cholesky factors and norms of all in one
    batch, and one look at the device. The points of a member, ways from its start, lie in `_history` [members, slots,
    m dim].
    """

    def __init__(self, method: BDF, members: Sequence[Member], until: float) -> None:
        """Members at their starts, or with the states that they go on from."""
        self._method, self._until = method, until
        self._risks = [_network_risk(member) for member in members]
        self._clouds = [member.cloud for member in members]
        self._risk: Risk = EnsembleRisk.of(self._risks)
        self._stacked: ParticleCloud = Stacked(self._clouds)
        self._states = [_state(method, member) for member in members]
        pairs = zip(self._states, self._clouds, strict=True)
        starts = [state.scales.start if state.scales else cloud.positions for state, cloud in pairs]
        self._start = torch.stack([start.reshape(-1) for start in starts])
        self._outputs = self._start.new_zeros(len(members), self._risks[0].data.targets.numel())
        self._history = self._start.new_zeros(len(members), SLOTS, self._start.shape[1])
        for row, state in enumerate(self._states):
            self._take(row, state)

    def advance(self, rows: Sequence[int]) -> Sequence[Outcome]:
        """One trial of these members: the step it made, None where it was rejected, or the error that ends the run.

        In a round in which some begin, these find their scales and first steps, one by one, and none makes a step.
        """
        if any(self._states[row].scales is None for row in rows):
            return [self._begin(row) if self._states[row].scales is None else None for row in rows]
        ends = {row: self._method.reached(self._states[row], self._until) for row in rows}
        at_ends = torch.bmm(self._coefficients(ends), self._history)
        predicted, slope, lower, higher = at_ends.unbind(dim=1)
        shape = self._stacked.positions.shape
        shifts = [1.0] * len(self._states)
        for row, end in ends.items():
            shifts[row] = self._states[row].formula(self._states[row].order, end).shift
        cloud = self._stacked.moved((self._start + predicted).reshape(shape))
        rough = predicted.new_tensor([self._method.rough(state) for state in self._states])
        correction = self._method.correction(
            self._risk, cloud, slope.reshape(shape), predicted.new_tensor(shifts), rough
        )
        ways = predicted + correction.vector.reshape(predicted.shape)
        norms = self._norms(correction, ways, (lower, higher))
        outcomes = [self._judged(row, end, norms[row], ways[row]) for row, end in ends.items()]
        self._remember(ways, [row for row, one in zip(ends, outcomes, strict=True) if isinstance(one, Advance)])
        return outcomes

    def state(self, row: int) -> BDFState:
        """The member's state with its points, in tensors of their own."""
        state, shape = self._states[row], self._clouds[row].positions.shape
        return replace(state, points=tuple(self._history[row, slot].reshape(shape).clone() for slot in slots(state)))

    def _begin(self, row: int) -> Outcome:
        try:
            cloud = self._clouds[row]
            state, span = self.state(row), self._until - self._states[row].times[0]
            state = self._method.begun(self._risks[row], cloud, state, span)
        except ToleranceNotReached as failure:
            return failure
        self._take(row, state)
        return None

    def _take(self, row: int, state: BDFState) -> None:
        """Make this the state of a member, its points in their slots."""
        for slot, point in zip(slots(state), state.points, strict=True):
            self._history[row, slot] = point.reshape(-1)
        if state.scales is not None:
            self._outputs[row] = state.scales.outputs
        self._states[row] = replace(state, points=())

    def _coefficients(self, ends: Mapping[int, float]) -> Tensor:
        """Weights of a member's points in its P(t), P'(t), and P(t) of the orders beside [members, 4, slots].

        Of members without an end they are zero.
        """
        rows = [[[0.0] * SLOTS] * 4] * len(self._states)
        for row, end in ends.items():
            state = self._states[row]
            own = state.formula(state.order, end)
            sides = {order: state.formula(order, end).values for order in state.beside}
            four = (own.values, own.slopes, sides.get(state.order - 1, ()), sides.get(state.order + 1, ()))
            rows[row] = [_placed(numbers, slots(state)) for numbers in four]
        return self._history.new_tensor(rows)

    def _norms(self, correction: Correction, ways: Tensor, beside: Sequence[Tensor]) -> list[list[float]]:
        """Of every member, those of `Norms`, and then of d in the orders beside."""
        doubt = torch.zeros_like(ways) if correction.doubt is None else correction.doubt
        gone = correction.outputs.reshape(self._outputs.shape) - self._outputs
        away = (ways - other for other in beside)
        vectors = (correction.vector, ways, doubt, correction.change, gone, *away)
        rows = (vector.reshape(len(self._states), -1) for vector in vectors)
        norms: list[list[float]] = torch.stack([torch.linalg.vector_norm(row, dim=1) for row in rows], dim=1).tolist()
        return norms

    def _judged(self, row: int, end: float, norms: Sequence[float], way: Tensor) -> Outcome:
        """The outcome of a member's trial; `norms` are those of `_norms`."""
        state, cloud = self._states[row], self._clouds[row]
        *sizes, lower, higher = norms
        formula, coordinates = state.formula(state.order, end), cloud.positions.numel()
        judged = self._method.judged(state, formula, Norms(*sizes), coordinates)
        if not judged.larger <= 1.0:
            try:
                step = state.work.accepted + 1
                self._states[row] = state.rejected(end, judged, step=step, until=self._until)
            except ToleranceNotReached as failure:
                return failure
            return None
        corrections = {state.order: sizes[0], state.order - 1: lower, state.order + 1: higher}
        after = replace(state.accepted(end, judged.error, corrections), scales=judged.scales)
        start, way = state.known.start, way.reshape(cloud.positions.shape)
        reached = cloud.moved(start + way)
        if end == self._until:
            try:
                self._method.ended(self._risks[row], reached, after)
            except ToleranceNotReached as failure:
                return failure
        self._states[row], self._clouds[row] = after, reached
        known = (self._history[row], slots(state)[: state.order], after.times[: state.order + 1])
        return Advance(end, self._clouds[row], after, partial(_between, cloud, start, way, *known))

    def _remember(self, ways: Tensor, rows: Sequence[int]) -> None:
        """Put the new points of these members into their slots, where the oldest ones were."""
        self._history[list(rows), [slots(self._states[row])[0] for row in rows]] = ways[list(rows)]


def slots(state: BDFState) -> list[int]:
    """Where the points of a state lie, newest first: that reached by step number a in slot a modulo their number.

    So they are summed in the same order, and to the same bits, whenever a run is resumed.
    """
    return [(state.work.accepted - back) % SLOTS for back in range(len(state.times))]


def _network_risk(member: Member) -> Risk:
    """The risk of a member, which is to be that of a network."""
    risk = dense_risk(member.flow, "BDF")
    if not isinstance(risk, Risk):
        raise FlowRefused(f"Ensembles of {type(member.flow).__name__} are not stacked; evolve the members one by one.")
    return risk


def _state(method: BDF, member: Member) -> BDFState:
    """What the member goes on from."""
    kept = None if member.resume is None else member.resume.state
    return kept if isinstance(kept, BDFState) else method.init(member.flow, member.cloud)


def _between(
    cloud: ParticleCloud,
    start: Tensor,
    way: Tensor,
    history: Tensor,
    slots: Sequence[int],
    times: tuple[float, ...],
    time: float,
) -> ParticleCloud:
    """The cloud at a time inside the step just made, by the polynomial through its end and these points before."""
    points = (way, *(history[slot].reshape(way.shape) for slot in slots))
    return Polynomial(cloud, start, points, times)(time)


def _placed(numbers: Sequence[float], slots: Sequence[int]) -> list[float]:
    """The numbers of a member's points, newest first, at the slots where these lie; zero elsewhere."""
    row = [0.0] * SLOTS
    for number, slot in zip(numbers, slots, strict=False):
        row[slot] = number
    return row
