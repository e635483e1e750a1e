"""Chebyshev and Dormand-Prince for several members of an ensemble side by side, steps and stages of each its own."""

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor

from flows.base import Advance, Flow
from flows.ensemble.member_runs import Member, Outcome
from flows.ensemble.stacked_flow import side_by_side
from flows.integrators.error_controlled.attainable_tolerance import check_rounding
from flows.integrators.error_controlled.velocity_only import Paced, PacedState, Stride, Tried
from particles import ParticleCloud, ToleranceNotReached
from particles.cloud import Stacked
from particles.shapes import AnyFloat

State = TypeVar("State", bound=PacedState)
#: The flows of ensembles do not ask for the time, and members are each at their own.
ANY_TIME = 0.0


class PacedGroup(Generic[State]):
    """Members that each take the steps they would take alone, to rounding; decisions are those of the method.

    A round is one trial of every member: the velocities of a stage of all of them in one evaluation, and one look at
    the device. Positions and velocities are [members, coordinates], and what a stage multiplies them by is a column.
    Members that have no stages left, or none, rest: they are evaluated where they are, and that is thrown away.
    What one member needs now and then, its first step and its spectral radius, it finds by its own flow. A round makes
    new tensors and writes into no old ones, so that dense output keeps what it refers to; clouds and states are copies,
    which do not keep the round of all members in memory.
    """

    def __init__(self, method: Paced[State], members: Sequence[Member], until: float) -> None:
        """Members at their starts, or with the states that they go on from; nothing is evaluated yet."""
        self._method, self._until = method, until
        self._flows = [member.flow for member in members]
        self._flow: Flow = side_by_side(self._flows)
        self._clouds = [member.cloud for member in members]
        self._at = [member.at for member in members]
        self._states = [self._held(member) for member in members]
        self._stacked: ParticleCloud = Stacked(self._clouds)

    def advance(self, rows: Sequence[int]) -> Sequence[Outcome]:
        """One trial of these members: the step it made, None where it was rejected, or the error that ends the run."""
        strides = {row: self._stride(row) for row in rows}
        positions, error, velocities = self._tried(strides)
        away = positions - self._rows([state.pace.start if state else None for state in self._states])
        vectors = error, away, *self._method.beside(velocities)
        norms = torch.linalg.vector_norm(torch.stack(vectors, dim=1), dim=2).tolist()
        parts = zip(*(tensor.unbind() for tensor in (positions, error, *velocities)), strict=True)
        trials = dict(enumerate(parts))
        return [self._judged(row, stride, trials[row], norms[row]) for row, stride in strides.items()]

    def state(self, row: int) -> State:
        """The member's state; its tensors are its own, and nobody writes into them."""
        return self._begun(row)

    def _held(self, member: Member) -> State | None:
        """What the member goes on from; None where it is still to begin, or has nothing left to do."""
        kept = None if member.resume is None else member.resume.state
        return kept if isinstance(kept, self._method.holds) else None

    def _begun(self, row: int) -> State:
        """The member's state, found by its own flow where it begins."""
        held = self._states[row]
        if held is None:
            held = self._states[row] = self._method.init(self._flows[row], self._clouds[row], self._at[row][1])
        return held

    def _stride(self, row: int) -> Stride:
        """The step that a member tries."""
        cloud, time = self._clouds[row], self._at[row][1]
        state = self._states[row] = self._method.ready(self._flows[row], cloud, self._begun(row), time)
        return self._method.stride(state, time, self._until, cloud.dtype)

    def _tried(self, strides: Mapping[int, Stride]) -> Tried:
        """The trial of all members; those without a stride go nowhere."""
        counts = [stride.stages for stride in strides.values()]
        still = Stride(0.0, 0.0, min(counts))
        numbers = [self._method.weights(strides.get(row, still), max(counts)) for row in range(len(self._clouds))]
        weights = self._stacked.positions.new_tensor(numbers).T.contiguous()[:, :, None]
        start = self._rows([cloud.positions for cloud in self._clouds])
        velocity = self._rows([state.velocity if state else None for state in self._states])
        return self._method.tried(self._velocity, start, velocity, weights.unbind())

    def _velocity(self, positions: AnyFloat, stage: int) -> AnyFloat:
        """That of all members at these positions."""
        cloud = self._stacked.moved(positions.reshape(self._stacked.positions.shape))
        return self._flow.velocity(cloud, ANY_TIME).reshape(positions.shape)

    def _rows(self, parts: Sequence[Tensor | None]) -> Tensor:
        """Tensors of all members as the rows of one; zeros where there is none."""
        none = torch.zeros_like(self._clouds[0].positions)
        return torch.stack([none if part is None else part for part in parts]).reshape(len(parts), -1)

    def _judged(self, row: int, stride: Stride, tried: Sequence[Tensor], norms: Sequence[float]) -> Outcome:
        """The outcome of a member's trial; `norms` are those that it is found by."""
        (step, time), cloud, state, method = self._at[row], self._clouds[row], self._begun(row), self._method
        positions, error, *velocities = (part.reshape(cloud.positions.shape) for part in tried)
        try:
            found = method.found(norms, positions.numel(), state.pace, stride)
            pace, passed = method.judged(state.pace, stride, found, step=step + 1, time=time, until=self._until)
            if not passed:
                self._states[row] = method.rejected(self._flows[row], cloud, state, pace, error, time)
                return None
            after, there = method.accepted(state, pace, velocities[-1].clone()), cloud.moved(positions.clone())
            if stride.reached == self._until:
                end, until = (there, after.velocity, after.pace), self._until
                check_rounding(self._flows[row], *end, method.asked, until=until, size=stride.size, step=step + 1)
        except ToleranceNotReached as failure:
            return failure
        trial = method.tries(cloud, time, stride.size, positions, error, tuple(velocities))
        self._at[row], self._clouds[row], self._states[row] = (step + 1, stride.reached), there, after
        return Advance(stride.reached, self._clouds[row], after, trial.at)
