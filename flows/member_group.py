"""Members of an ensemble that are evolved side by side: what a group of them is, and the group with a given step."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import torch

from flows.base import Advance, Flow
from flows.divergence import Watch
from flows.noise import MemberNoise
from flows.side_by_side import side_by_side
from particles import FlowDiverged, ParticleCloud
from particles.ensemble import Stacked

#: What became of a member: a step taken, a step to be tried again, or the error that ends its run.
Outcome = Advance[Any] | None | ArithmeticError


@runtime_checkable
class Group(Protocol):
    """Runs of several members, and their whole state; it is its owner's alone and changes with every call."""

    def advance(self) -> Sequence[Outcome]:
        """Try one step of every member in one batch of operations."""
        ...

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these of the members, by their place in the group."""
        ...


class GivenStepGroup:
    """Members on one grid of times: the integrator steps all their particles as if they were those of one cloud."""

    def __init__(
        self,
        integrator: Any,
        flows: Sequence[Flow],
        clouds: Sequence[ParticleCloud],
        seeds: Sequence[int],
        until: float,
    ) -> None:
        """Members at time zero, the `integrator` a `GivenStep` with its step."""
        self._integrator, self._until = integrator, until
        self._step, self._time = 0, 0.0
        self._flows, self._clouds, self._seeds = list(flows), list(clouds), list(seeds)
        self._flow: Flow
        self._stacked: ParticleCloud
        self._state: Any
        self._restack()

    def advance(self) -> Sequence[Outcome]:
        """One step of all members."""
        noise = MemberNoise.of(self._seeds, self._step)
        taken = self._integrator.step(self._flow, self._stacked, self._state, self._time, self._until, noise)
        self._stacked, self._state, self._time, self._step = taken.cloud, taken.state, taken.time, self._step + 1
        parts = taken.cloud.positions.chunk(len(self._clouds))
        self._clouds = [cloud.moved(part) for cloud, part in zip(self._clouds, parts, strict=True)]
        finite = torch.isfinite(torch.stack([part.sum() for part in parts])).tolist()
        return [
            Advance(taken.time, cloud, None) if whole else self._judged(cloud)
            for cloud, whole in zip(self._clouds, finite, strict=True)
        ]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these members."""
        self._flows, self._clouds = [self._flows[row] for row in rows], [self._clouds[row] for row in rows]
        self._seeds = [self._seeds[row] for row in rows]
        self._restack()

    def _restack(self) -> None:
        """The stacked cloud and flow. What an integrator hands on it can do without: only drawn normals."""
        if self._clouds:
            self._flow = side_by_side(self._flows)
            self._stacked = Stacked(self._clouds)
            self._state = self._integrator.init(self._flow, self._stacked, self._time)

    def _judged(self, cloud: ParticleCloud) -> Outcome:
        """A member whose positions add up to infinity, which they may do without any of them being infinite."""
        watch = Watch()
        try:
            watch.see(self._step, self._time, cloud)
            watch.settle()
        except FlowDiverged as error:
            return error
        return Advance(self._time, cloud, None)
