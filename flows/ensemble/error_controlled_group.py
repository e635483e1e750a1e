"""Members whose integrator chooses their steps by an error, side by side: steps and rejections of each its own."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from flows.base import Advance
from flows.ensemble.member_runs import Member, Outcome
from flows.integrators.error_controlled.rejection_loop import ErrorControlled, Place, Trial
from particles import ParticleCloud, ToleranceNotReached
from particles.cloud import Stacked

State = TypeVar("State")
Tried = TypeVar("Tried", bound=Trial)


class ErrorControlledGroup(ABC, Generic[State, Tried]):
    """Members that each take the steps they would take alone, to rounding; decisions are those of the method.

    A round is one trial of every member: all of them in one batch of operations, and one look at the device. What one
    member needs now and then, such as its first step, it finds by its own flow.
    """

    def __init__(self, method: ErrorControlled[State, Tried], members: Sequence[Member], until: float) -> None:
        """Members at their starts, or with the states that they go on from; nothing is evaluated yet."""
        self._method, self._until = method, until
        self._flows = [member.flow for member in members]
        self._clouds = [member.cloud for member in members]
        self._at = [member.at for member in members]
        self._states: list[State | None] = [self._held(member) for member in members]
        self._stacked: ParticleCloud = Stacked(self._clouds)

    def advance(self, rows: Sequence[int]) -> Sequence[Outcome]:
        """One trial of these members: the step it made, None where it was rejected, or the error that ends the run."""
        outcomes = {row: self._readied(row) for row in rows}
        ready = [row for row, failure in outcomes.items() if failure is None]
        for row, trial in self._trials(ready).items() if ready else ():
            outcomes[row] = self._settled(row, trial)
        return [outcomes[row] for row in rows]

    def state(self, row: int) -> State:
        """What the method would hand to the next step of this member; nobody writes into its tensors."""
        return self._own(row)

    def _own(self, row: int) -> State:
        """The member's state as it is held here, found by its own flow where it begins."""
        held = self._states[row]
        if held is None:
            held = self._states[row] = self._method.init(self._flows[row], self._clouds[row], self._at[row][1])
        return held

    @abstractmethod
    def _trials(self, rows: Sequence[int]) -> Mapping[int, Tried]:
        """The trials of these members, which are ready."""

    def _held(self, member: Member) -> State | None:
        """What the member goes on from; None where it is still to begin, or has nothing left to do."""
        kept = None if member.resume is None else member.resume.state
        return kept if isinstance(kept, self._method.holds) else None

    def _place(self, row: int) -> Place:
        """Where the member's next step begins."""
        step, time = self._at[row]
        return Place(self._flows[row], self._clouds[row], time, self._until, step + 1)

    def _readied(self, row: int) -> Outcome:
        """None for a member that is ready to try a step, or the error that ends its run."""
        try:
            self._states[row] = self._method.ready(self._place(row), self.state(row))
        except ToleranceNotReached as failure:
            return failure
        return None

    def _settled(self, row: int, trial: Tried) -> Outcome:
        """What became of a member's trial."""
        at = self._place(row)
        try:
            state, passed = self._method.settled(at, self._own(row), trial)
        except ToleranceNotReached as failure:
            return failure
        self._states[row] = state
        if not passed:
            return None
        self._at[row], self._clouds[row] = (at.step, trial.reached), trial.there
        return Advance(trial.reached, trial.there, state, trial.between)
