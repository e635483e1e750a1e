"""Planted errors: adaptive integrators that are wrong in one way each, which their contract must reject."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from flows import Advance, Chebyshev, DormandPrince, Flow, Part, StepNoise
from flows.integrators.error_controlled.dormand_prince import DormandPrinceState
from particles import ParticleCloud
from particles.shapes import Velocity


@dataclass(frozen=True)
class Straight(DormandPrince):
    """Draws straight lines between its steps."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """The right step with linear interpolation."""
        taken = super().step(flow, cloud, state, time, until, noise)
        return replace(taken, between=partial(_line, cloud, time, taken))


def _line(cloud: ParticleCloud, time: float, taken: Advance[Any], moment: float) -> ParticleCloud:
    return cloud.moved(torch.lerp(cloud.positions, taken.cloud.positions, (moment - time) / (taken.time - time)))


@dataclass(frozen=True)
class Deaf(DormandPrince):
    """Takes fifty steps whatever the tolerance."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """A step with its size given."""
        loose, size = DormandPrince(rtol=0.5), 0.02 * until
        paced = replace(state, pace=replace(state.pace, size=size))
        return loose.step(flow, cloud, paced, time, time + size if time + 1.01 * size < until else until, noise)


@dataclass(frozen=True)
class Overshooting(DormandPrince):
    """Ends where a step ends."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """A step that does not look at `until`."""
        return super().step(flow, cloud, state, time, 1e9, noise)


@dataclass(frozen=True)
class Slivering(DormandPrince):
    """Stops short of the end, and then takes what is left."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """A last step of a thousandth of the span."""
        short = 0.999 * until
        return super().step(flow, cloud, state, time, short if time < 0.99 * short else until, noise)


@dataclass(frozen=True)
class Remembering(DormandPrince):
    """Keeps its step to itself instead of handing it on."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """The step proposed last, whichever state was passed in."""
        if "_kept" in self.__dict__:
            state = replace(state, pace=replace(state.pace, size=self.__dict__["_kept"]))
        taken = super().step(flow, cloud, state, time, until, noise)
        object.__setattr__(self, "_kept", taken.state.pace.size)
        return taken


@dataclass(frozen=True)
class Miscounting(Chebyshev):
    """Forgets what the spectral radius has cost."""

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Any:
        """Two velocities, it says."""
        state = super().init(flow, cloud, time)
        return replace(state, pace=state.pace.worked(-state.radius.velocities))


@dataclass(frozen=True)
class Creeping(DormandPrince):
    """Never gives up: where no step is short enough it takes a tiny one all the same."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """Jumps over what it cannot resolve."""
        if time > 0.99:
            return Advance(until, cloud, state)
        return super().step(flow, cloud, state, time, until, noise)


@dataclass(frozen=True)
class Overwriting(DormandPrince):
    """Adds to the positions it was handed."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """The right positions, in the tensor that came."""
        taken = super().step(flow, cloud, state, time, until, noise)
        cloud.positions.copy_(taken.cloud.positions)
        return replace(taken, cloud=cloud)


@dataclass(frozen=True)
class Favouring(DormandPrince):
    """Moves the first particle a little farther than the others."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """The right step, one part in a thousand longer for particle zero."""
        taken = super().step(flow, cloud, state, time, until, noise)
        positions = taken.cloud.positions.clone()
        positions[0] += 1e-3 * (positions[0] - cloud.positions[0])
        return replace(taken, cloud=cloud.moved(positions))


@dataclass(frozen=True)
class Widening(DormandPrince):
    """Turns float32 into float64 on the way."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """The right step, then wider."""
        taken = super().step(flow, cloud, state, time, until, noise)
        return replace(taken, cloud=taken.cloud.to(dtype=torch.float64))


@dataclass(frozen=True)
class Willing(DormandPrince):
    """Takes noisy flows and leaves the noise out."""

    handles = frozenset({Part.TRANSPORT, Part.NOISE})


@dataclass(frozen=True)
class Restarting(DormandPrince):
    """Counts the time from where it was started, so that a resumed run sees the flow as it was at time zero."""

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> DormandPrinceState:
        """Remembers where the run begins."""
        object.__setattr__(self, "_began", time)
        return super().init(_Early(flow, time), cloud, time)

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """A step of the flow as it was."""
        return super().step(_Early(flow, self.__dict__["_began"]), cloud, state, time, until, noise)


@dataclass(frozen=True)
class _Early:
    """A flow as it was some time ago."""

    flow: Flow
    ago: float

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The velocity of that time."""
        return self.flow.velocity(cloud, time - self.ago)
