"""Members of an ensemble that are evolved side by side: what a group of them is, and the group with a given step."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch

from flows.base import Advance, Flow, RowState
from flows.ensemble.member_runs import Member, Outcome
from flows.ensemble.stacked_flow import side_by_side
from flows.loop.divergence import Watch
from flows.noise import MemberNoise
from particles import FlowDiverged, ParticleCloud
from particles.cloud import Stacked


@runtime_checkable
class Group(Protocol):
    """Runs of several members, and their whole state; it is its owner's alone and changes with every call.

    Every batch of operations is over all members, those included that do not go on, whose part of it is thrown away:
    then the bits of a member's run do not depend on how far the others are, and a group that is resumed with its
    members at different steps gives each the bits of an uninterrupted run.
    """

    def advance(self, rows: Sequence[int]) -> Sequence[Outcome]:
        """Try one step of these members, by their place in the group, in one batch of operations."""
        ...

    def state(self, row: int) -> Any:
        """What the integrator would hand to the next step of this member, were it alone."""
        ...


class GivenStepGroup:
    """Members on one grid of times: the integrator steps all their particles as if they were those of one cloud."""

    def __init__(self, integrator: Any, members: Sequence[Member], until: float) -> None:
        """Members at their starts, the `integrator` a `GivenStep` with its step."""
        self._integrator = integrator
        self._until = until
        self._at = [member.at for member in members]
        self._clouds = [member.cloud for member in members]
        self._seeds = [member.seed for member in members]
        self._firsts = [member.first for member in members]
        self._versions = [member.noise for member in members]
        self._flow: Flow = side_by_side([member.flow for member in members])
        self._stacked: ParticleCloud = Stacked(self._clouds)
        self._state: Any = integrator.init(self._flow, self._stacked)
        self._own = self._own_states(members)
        self._joint = self._own is None

    def advance(self, rows: Sequence[int]) -> Sequence[Outcome]:
        """One step of those of them that are farthest back, which is all of them but after a resume."""
        step, time = min(self._at[row] for row in rows)
        noise = MemberNoise.of(self._seeds, step, self._firsts, self._versions)
        due = [row for row in rows if self._at[row] == (step, time)]
        taken = self._integrator.step(self._flow, self._stacked, self._held(due), time, self._until, noise)
        self._remember(taken.state, due)
        self._stacked = taken.cloud if len(due) == len(self._clouds) else self._with(taken.cloud, due)
        parts = self._stacked.positions.chunk(len(self._clouds))
        finite = torch.isfinite(torch.stack([part.sum() for part in parts])).tolist()
        for row in due:
            self._at[row] = (step + 1, taken.time)
            self._clouds[row] = self._clouds[row].moved(parts[row])
        return [None if row not in due else self._judged(row, finite[row]) for row in rows]

    def state(self, row: int) -> Any:
        """The member's own, or that of a start where what is handed on can be done without, as drawn normals can."""
        return self._integrator.init(self._flow, self._clouds[row]) if self._own is None else self._own[row]

    def _own_states(self, members: Sequence[Member]) -> list[RowState] | None:
        """The state of each member, as it is kept or at its start; None where states are not by particles."""
        if not isinstance(self._state, RowState):
            return None
        kept = [None if member.resume is None else member.resume.state for member in members]
        begun = self._state.parted(len(members))
        return [one if isinstance(one, RowState) else start for one, start in zip(kept, begun, strict=True)]

    def _held(self, due: Sequence[int]) -> Any:
        """The state of all members stacked; what of it is not by particles is that of the members that are due."""
        return self._state if self._own is None or self._joint else self._own[due[0]].joined(self._own)

    def _remember(self, state: Any, due: Sequence[int]) -> None:
        """Take over the state after a step of the members that were due."""
        self._state = state
        if self._own is not None:
            parts = state.parted(len(self._own))
            for row in due:
                self._own[row] = parts[row]
            self._joint = len(due) == len(self._own)

    def _with(self, taken: ParticleCloud, rows: Sequence[int]) -> ParticleCloud:
        """The stacked cloud with these members where they are in another."""
        old, new = (cloud.positions.chunk(len(self._clouds)) for cloud in (self._stacked, taken))
        return self._stacked.moved(torch.cat([(new if row in rows else old)[row] for row in range(len(old))]))

    def _judged(self, row: int, finite: bool) -> Outcome:
        """A member after its step; its positions may add up to infinity without any of them being infinite."""
        (step, time), cloud = self._at[row], self._clouds[row]
        if finite:
            return Advance(time, cloud, None)
        watch = Watch()
        try:
            watch.see(step, time, cloud)
            watch.settle()
        except FlowDiverged as error:
            return error
        return Advance(time, cloud, None)
