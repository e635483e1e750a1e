"""What integrators that choose their steps by an error and need velocities only share: how one step goes.

A method says which step it wants to try (`stride`), with which numbers it multiplies velocities (`weights`), and what
it makes of them (`tried`). These numbers are plain ones for one cloud; for members side by side each is a column
[members, 1], and positions and velocities are [members, coordinates]. So both forms go through the same formulas.
"""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeAlias, TypeVar

import torch
from torch import Tensor

from flows.base import Flow
from flows.integrators.error_controlled.attainable_tolerance import check_rounding
from flows.integrators.error_controlled.rejection_loop import ErrorControlled, Place, Trial
from flows.integrators.error_controlled.step_control import Controller, Found, Pace, Work, euler_trial
from flows.integrators.explicit_step import ExplicitStep
from particles import ParticleCloud
from particles.shapes import AnyFloat, Velocity

#: A number, or one for each member.
Weight: TypeAlias = float | Tensor
#: Euler steps that a first step is looked for with, at most.
MOST_PROBES = 20
#: The velocity at these positions, as this stage of a step sees it.
Inner = Callable[[AnyFloat, int], AnyFloat]
#: Positions after a step, the estimate of its error, and its velocities, first and last those at its ends.
Stages = tuple[AnyFloat, AnyFloat, tuple[AnyFloat, ...]]


@dataclass(frozen=True, eq=False)
class PacedState:
    """The pace, and the velocity at the cloud reached, which is the first stage of the next step."""

    pace: Pace
    velocity: Velocity

    @property
    def work(self) -> Work:
        """Steps accepted and rejected and velocities evaluated so far."""
        return self.pace.work


@dataclass(frozen=True)
class Stride:
    """A step to be tried: its size, the time it reaches, and how many velocities it asks for."""

    size: float
    reached: float
    stages: int


@dataclass(frozen=True, eq=False)
class PacedTrial(Trial):
    """A stride tried: the estimate of its error, the velocity where it leads, and what was found of it."""

    stride: Stride
    estimate: Velocity
    velocity: Velocity
    found: Found


State = TypeVar("State", bound=PacedState)


@dataclass(frozen=True)
class Paced(ErrorControlled[State, PacedTrial], Generic[State]):
    """A method whose error in every step is below `atol` per coordinate plus `rtol` times the distance moved."""

    controller: ClassVar[Controller]
    #: Its steps, which know the cloud in between.
    steps: ClassVar[type[ExplicitStep]]

    def begun(self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float, longest: float) -> Pace:
        """The pace before a first step, which comes from an Euler step of no more than `longest`.

        That is taken shorter until it changes the velocity by no more than half.
        """
        pace = Pace.begun(flow, cloud, velocity, time)
        size = min(euler_trial(cloud, velocity), longest)
        for _ in range(MOST_PROBES):
            change = flow.velocity(cloud.moved(cloud.positions + size * velocity), time + size) - velocity
            speed, bend = cloud.norms(velocity, change).tolist()
            pace = pace.worked(1)
            if bend <= 0.5 * speed or not 0.0 < speed < math.inf:
                break
            size *= 0.25 * speed / bend if math.isfinite(bend) else 0.01
        first = self.tolerance.first_step(self.controller.power, cloud, velocity, change, size)
        return replace(pace, size=first)

    def attempt(self, at: Place, state: State) -> PacedTrial:
        """The step that the pace proposes."""
        stride = self.stride(state, at.time, at.until, at.cloud.dtype)
        stages, there = self.strode(at.flow, at.cloud, state.velocity, at.time, stride)
        positions, estimate, velocities = stages
        vectors = estimate, positions - state.pace.start, *self.beside(velocities)
        return self.measured(at, state, stride, stages, there, there.norms(*vectors).tolist())

    def strode(
        self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float, stride: Stride
    ) -> tuple[Stages, ParticleCloud]:
        """A step from a cloud with this velocity; every stage sees the cloud moved to its own place.

        And the cloud that its last stage saw, of which a risk may still hold predictions.
        """
        moments = self.moments(stride, time)
        there = cloud

        def inner(positions: AnyFloat, stage: int) -> AnyFloat:
            nonlocal there
            there = cloud.moved(positions)
            return flow.velocity(there, moments[stage])

        return self.tried(inner, cloud.positions, velocity, self.weights(stride, stride.stages)), there

    def measured(
        self, at: Place, state: State, stride: Stride, stages: Stages, there: ParticleCloud, sizes: Sequence[float]
    ) -> PacedTrial:
        """A stride that led to a cloud; `sizes` are the norms that `found` goes by."""
        positions, estimate, velocities = stages
        found = self.found(sizes, there.count * there.dim, state.pace, stride)
        between = self.steps(at.cloud, at.time, stride.size, positions, velocities).at
        return PacedTrial(stride.reached, there, between, found.error, stride, estimate, velocities[-1], found)

    def beside(self, velocities: Sequence[AnyFloat]) -> Sequence[AnyFloat]:
        """Vectors of which a method looks at the norms beside that of the error; most look at none."""
        return ()

    def found(self, sizes: Sequence[float], coordinates: int, pace: Pace, stride: Stride) -> Found:
        """What is found of a trial by the norms of its error, of the way from the start, and of those `beside`."""
        return self.tolerance.judged(sizes[0], sizes[1], coordinates, pace, stride.size)

    def accepted(self, at: Place, state: State, trial: PacedTrial) -> State:
        """The state with the velocity where the step led."""
        pace = self.controller.accepted(_counted(at, state.pace, trial), trial.stride.size, trial.found)
        return replace(state, pace=pace, velocity=trial.velocity)

    def rejected(self, at: Place, state: State, trial: PacedTrial) -> State:
        """The state with a shorter step; the velocity stays the first stage."""
        taken = trial.stride.size
        pace = self.controller.rejected(_counted(at, state.pace, trial), taken, trial.error)
        at.check_short(pace.size, pace.tried, taken, trial.error)
        return replace(state, pace=pace)

    def ended(self, at: Place, after: State, trial: PacedTrial) -> None:
        """Raise ToleranceNotReached where rounding has spoilt the end of the run."""
        check_rounding(at, trial.there, after.velocity, after.pace, self.asked)

    @abstractmethod
    def stride(self, state: State, time: float, until: float, dtype: torch.dtype) -> Stride:
        """The step to try next."""

    @abstractmethod
    def moments(self, stride: Stride, time: float) -> Sequence[float]:
        """The times at which the stages of a step from `time` ask for velocities."""

    @abstractmethod
    def weights(self, stride: Stride, stages: int) -> list[float]:
        """All numbers that a step multiplies by; as many for every step of at most so many stages."""

    @abstractmethod
    def tried(self, inner: Inner, start: AnyFloat, velocity: AnyFloat, weights: Sequence[Weight]) -> Stages:
        """A step from positions with this velocity."""


def _counted(at: Place, pace: Pace, trial: PacedTrial) -> Pace:
    """The pace with the velocities of a trial on its account; ToleranceNotReached where hardly any headway is made."""
    pace = pace.worked(trial.stride.stages)
    return replace(pace, headway=pace.headway.looked(at.time, at.until, pace.work.velocities, at.step))
