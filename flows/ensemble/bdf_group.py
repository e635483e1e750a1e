"""BDF for several members of an ensemble side by side: one batch of operations, steps and orders of each its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from flows.base import Advance
from flows.ensemble.error_controlled_group import ErrorControlledGroup
from flows.ensemble.member_runs import Member, Outcome
from flows.integrators.function_space.bdf import BDF, BDFTrial, Correction, Norms
from flows.integrators.function_space.bdf_state import BDFState
from flows.integrators.function_space.differentiation import HIGHEST
from flows.integrators.function_space.matrix_free.choice import by_products, step_risk
from particles import FlowRefused, Risk
from particles.ensemble.risk import EnsembleRisk

#: Points that a member has at the most.
SLOTS = HIGHEST + 1


class BDFGroup(ErrorControlledGroup[BDFState, BDFTrial]):
    """Members whose predictors, Gauss-Newton matrices, Cholesky factors and norms are found in one batch.

    The points of a member, ways from its start, lie in `_history` [members, slots, m, dim].
    """

    _method: BDF

    def __init__(self, method: BDF, members: Sequence[Member], until: float) -> None:
        """Members at their starts, or with the states that they go on from."""
        super().__init__(method, members, until)
        risks = [_network_risk(member) for member in members]
        self._risk: Risk = EnsembleRisk.of(risks)
        self._iterates = by_products(risks[0], self._clouds[0])
        self._start = torch.stack([cloud.positions for cloud in self._clouds])
        self._outputs = self._start.new_zeros(len(members), risks[0].data.targets.numel())
        self._history = torch.stack([torch.zeros_like(self._start)] * SLOTS, dim=1)
        self._ways = torch.zeros_like(self._start)
        for row, held in enumerate(self._states):
            self._take(row, held or self._own(row))

    def advance(self, rows: Sequence[int]) -> Sequence[Outcome]:
        """One trial of these members; new points come into the slots where the oldest ones were."""
        outcomes = super().advance(rows)
        passed = [row for row, outcome in zip(rows, outcomes, strict=True) if isinstance(outcome, Advance)]
        self._history[passed, [slots(self._own(row))[0] for row in passed]] = self._ways[passed]
        return outcomes

    def state(self, row: int) -> BDFState:
        """The member's state with its points, in tensors of their own."""
        state = self._own(row)
        return replace(state, points=tuple(self._history[row, slot].clone() for slot in slots(state)))

    def _readied(self, row: int) -> Outcome:
        """A member that begins finds its scales and its first step."""
        if self._own(row).scales is not None:
            return None
        failure = super()._readied(row)
        if failure is None:
            self._take(row, self._own(row))
        return failure

    def _take(self, row: int, state: BDFState) -> None:
        """Make this the state of a member, its points in their slots."""
        for slot, point in zip(slots(state), state.points, strict=True):
            self._history[row, slot] = point
        if state.scales is not None:
            self._start[row] = state.scales.start
            self._outputs[row] = state.scales.outputs
        self._states[row] = state

    def _trials(self, rows: Sequence[int]) -> Mapping[int, BDFTrial]:
        """One step of each; those that crawl, with the curvature of their neurons, or iterate are tried one by one."""
        crawling = [row for row in rows if self._own(row).curved or self._iterates]
        together = [row for row in rows if row not in crawling]
        trials = self._together(together) if together else {}
        self._ways = self._ways.clone() if crawling else self._ways
        for row in crawling:
            trials[row] = self._method.attempt(self._place(row), self.state(row))
            self._ways[row] = trials[row].points[0]
        return trials

    def _together(self, rows: Sequence[int]) -> dict[int, BDFTrial]:
        """One step of each, judged by one look at the device."""
        ends = {row: self._method.reached(self._own(row), self._until) for row in rows}
        found = torch.bmm(self._coefficients(ends), self._history.flatten(2))
        predicted, slope, lower, higher = found.reshape(-1, 4, *self._start.shape[1:]).unbind(dim=1)
        shape = self._stacked.positions.shape
        shifts = [1.0] * len(self._states)
        for row, end in ends.items():
            shifts[row] = self._own(row).formula(self._own(row).order, end).shift
        cloud = self._stacked.moved((self._start + predicted).reshape(shape))
        states = [self._own(row) for row in range(len(self._states))]
        rough = predicted.new_tensor([self._method.rough(state) for state in states])
        allowed = predicted.new_tensor([self._method.allowed(state) for state in states])
        slopes = slope.reshape(shape)
        sizes = predicted.new_tensor(shifts)
        correction = self._method.correction(self._risk, cloud, slopes, sizes, rough, allowed)
        self._ways = predicted + correction.vector.reshape(predicted.shape)
        norms = self._norms(correction, (self._ways - lower, self._ways - higher))
        return {row: self._trial(row, norms[row]) for row in rows}

    def _coefficients(self, ends: Mapping[int, float]) -> Tensor:
        """Weights of a member's points in its P(t), P'(t), and P(t) of the orders beside [members, 4, slots].

        Of members without an end they are zero.
        """
        rows = [[[0.0] * SLOTS] * 4] * len(self._states)
        for row, end in ends.items():
            state = self._own(row)
            own = state.formula(state.order, end)
            sides = {order: state.formula(order, end).values for order in state.beside}
            four = (own.values, own.slopes, sides.get(state.order - 1, ()), sides.get(state.order + 1, ()))
            rows[row] = [_placed(numbers, slots(state)) for numbers in four]
        return self._history.new_tensor(rows)

    def _norms(self, correction: Correction, beside: Sequence[Tensor]) -> list[list[float]]:
        """Of every member, those of `Norms`."""
        doubt = torch.zeros_like(self._ways) if correction.doubt is None else correction.doubt
        gone = correction.outputs.reshape(self._outputs.shape) - self._outputs
        vectors = (correction.vector, self._ways, doubt, correction.change, gone, *beside)
        rows = (vector.reshape(len(self._states), -1) for vector in vectors)
        norms: list[list[float]] = torch.stack([torch.linalg.vector_norm(row, dim=1) for row in rows], dim=1).tolist()
        return norms

    def _trial(self, row: int, norms: Sequence[float]) -> BDFTrial:
        """The trial of a member; `norms` are those of `_norms`."""
        state, points = self._own(row), self._history[row].unbind()
        earlier = (points[slot] for slot in slots(state))
        return self._method.trial(self._place(row), state, Norms(*norms), (self._ways[row], *earlier))


def slots(state: BDFState) -> list[int]:
    """Where the points of a state lie, newest first: that reached by step number a in slot a modulo their number.

    So they are summed in the same order, and to the same bits, whenever a run is resumed.
    """
    return [(state.work.accepted - back) % SLOTS for back in range(len(state.times))]


def _network_risk(member: Member) -> Risk:
    """The risk of a member, which is to be that of a network."""
    risk = step_risk(member.flow, member.cloud)
    if not isinstance(risk, Risk):
        raise FlowRefused(f"Ensembles of {type(member.flow).__name__} are not stacked; evolve the members one by one.")
    return risk


def _placed(numbers: Sequence[float], slots: Sequence[int]) -> list[float]:
    """The numbers of a member's points, newest first, at the slots where these lie; zero elsewhere."""
    row = [0.0] * SLOTS
    for number, slot in zip(numbers, slots, strict=False):
        row[slot] = number
    return row
