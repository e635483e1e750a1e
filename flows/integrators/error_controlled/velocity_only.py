"""What integrators that choose their steps by an error and need velocities only share: how one step goes.

A method says which step it wants to try (`stride`), with which numbers it multiplies velocities (`weights`), and what
it makes of them (`tried`). These numbers are plain ones for one cloud; for members side by side each is a column
[members, 1], and positions and velocities are [members, coordinates]. So both forms go through the same formulas.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

import torch
from torch import Tensor

from flows.base import Advance, Flow, Part
from flows.integrators.error_controlled.attainable_tolerance import check_rounding
from flows.integrators.error_controlled.step_control import (
    Controller,
    Found,
    Pace,
    Tolerance,
    Work,
    checked_max_step,
    euler_trial,
)
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import AnyFloat, Positions, Velocity

#: A number, or one for each member.
Weight: TypeAlias = float | Tensor
#: Euler steps that a first step is looked for with, at most.
MOST_PROBES = 20
#: The velocity at these positions, as this stage of a step sees it.
Inner = Callable[[AnyFloat, int], AnyFloat]


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
class Trial(ABC):
    """A step from `time` of a given size, before it is judged: where it leads, its error, velocities on the way.

    The first of these is the velocity at the cloud, the last that at the new positions.
    """

    cloud: ParticleCloud
    time: float
    size: float
    positions: Positions
    error: Positions
    velocities: tuple[Velocity, ...]

    @abstractmethod
    def at(self, moment: float) -> ParticleCloud:
        """The cloud at any time inside the step."""


State = TypeVar("State", bound=PacedState)
#: Positions after a step, its error, and velocities as a `Trial` has them.
Tried = tuple[AnyFloat, AnyFloat, tuple[AnyFloat, ...]]


@dataclass(frozen=True)
class Paced(ABC, Generic[State]):
    """A method whose error in every step is below `atol` per coordinate plus `rtol` times the distance moved.

    No step is longer than `max_step`: what a velocity does for a shorter time may be stepped over.
    """

    rtol: float = 1e-4
    atol: float = 0.0
    max_step: float = math.inf
    order: ClassVar[float]
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    controller: ClassVar[Controller]
    #: What it hands from step to step, and what it makes of a trial.
    holds: ClassVar[type[Any]]
    tries: ClassVar[type[Trial]]

    def __post_init__(self) -> None:
        Tolerance.kept(self)
        checked_max_step(self.max_step)

    @property
    def asked(self) -> Tolerance:
        """What error is asked for at the end of a run."""
        return Tolerance(self.rtol, self.atol)

    @property
    def tolerance(self) -> Tolerance:
        """What error is allowed in a step."""
        return self.asked

    @abstractmethod
    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> State:
        """The state before the first step."""

    def begun(self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float, longest: float) -> Pace:
        """The pace before a first step, which comes from an Euler step of no more than `longest`.

        That is taken shorter until it changes the velocity by no more than half.
        """
        pace, size = Pace.begun(flow, cloud, velocity, time), min(euler_trial(cloud, velocity), longest)
        for _ in range(MOST_PROBES):
            change = flow.velocity(cloud.moved(cloud.positions + size * velocity), time + size) - velocity
            speed, bend = cloud.norms(velocity, change).tolist()
            pace = pace.worked(1)
            if bend <= 0.5 * speed or not 0.0 < speed < math.inf:
                break
            size *= 0.25 * speed / bend if math.isfinite(bend) else 0.01
        return replace(pace, size=self.tolerance.first_step(self.controller.power, cloud, velocity, change, size))

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: State, time: float, until: float, noise: StepNoise
    ) -> Advance[State]:
        """One accepted step. Raises ToleranceNotReached where no step is short enough."""
        state, passed = self.ready(flow, cloud, state, time), False
        while not passed:
            stride = self.stride(state, time, until, cloud.dtype)
            trial, there = self.attempt(flow, cloud, state.velocity, time, stride)
            vectors = trial.error, trial.positions - state.pace.start, *self.beside(trial.velocities)
            sizes = there.norms(*vectors).tolist()
            found, step = self.found(sizes, there.count * there.dim, state.pace, stride), noise.step + 1
            pace, passed = self.judged(state.pace, stride, found, step=step, time=time, until=until)
            if not passed:
                state = self.rejected(flow, cloud, state, pace, trial.error, time)
        after = self.accepted(state, pace, trial.velocities[-1])
        if stride.reached == until:
            end = there, after.velocity, after.pace
            check_rounding(flow, *end, self.asked, until=until, size=stride.size, step=step)
        return Advance(stride.reached, there, after, trial.at)

    def attempt(
        self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float, stride: Stride
    ) -> tuple[Trial, ParticleCloud]:
        """A step from a cloud with this velocity; every stage sees the cloud moved to its own place.

        And the cloud that its last stage saw, of which a risk may still hold predictions.
        """
        moments, there = self.moments(stride, time), cloud

        def inner(positions: AnyFloat, stage: int) -> AnyFloat:
            nonlocal there
            there = cloud.moved(positions)
            return flow.velocity(there, moments[stage])

        tried = self.tried(inner, cloud.positions, velocity, self.weights(stride, stride.stages))
        return self.tries(cloud, time, stride.size, *tried), there

    def beside(self, velocities: Sequence[AnyFloat]) -> Sequence[AnyFloat]:
        """Vectors of which a method looks at the norms beside that of the error; most look at none."""
        return ()

    def found(self, sizes: Sequence[float], coordinates: int, pace: Pace, stride: Stride) -> Found:
        """What is found of a trial by the norms of its error, of the way from the start, and of those `beside`."""
        return self.tolerance.judged(sizes[0], sizes[1], coordinates, pace, stride.size)

    def judged(
        self, pace: Pace, stride: Stride, found: Found, *, step: int, time: float, until: float
    ) -> tuple[Pace, bool]:
        """The pace after a trial of which this was found, and whether it passed.

        Raises ToleranceNotReached where no step is short enough, or hardly any headway is made.
        """
        pace = pace.worked(stride.stages)
        pace = replace(pace, headway=pace.headway.looked(time, until, pace.work.velocities, step))
        if found.error <= 1.0:
            return self.controller.accepted(pace, stride.size, found), True
        return self.controller.rejected(pace, stride.size, found.error, step=step, time=time), False

    def ready(self, flow: Flow, cloud: ParticleCloud, state: State, time: float) -> State:
        """The state from which a step is tried; nothing is to be done for most methods."""
        return state

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
    def tried(self, inner: Inner, start: AnyFloat, velocity: AnyFloat, weights: Sequence[Weight]) -> Tried:
        """A step from positions with this velocity."""

    @abstractmethod
    def accepted(self, state: State, pace: Pace, velocity: Velocity) -> State:
        """The state after a step that passed, with the velocity where it led."""

    @abstractmethod
    def rejected(
        self, flow: Flow, cloud: ParticleCloud, state: State, pace: Pace, error: Positions, time: float
    ) -> State:
        """The state after a trial with this error that did not pass."""


def added(total: AnyFloat, vector: AnyFloat, weight: Weight) -> AnyFloat:
    """total + weight vector, written into total."""
    return total.addcmul_(vector, weight) if isinstance(weight, Tensor) else total.add_(vector, alpha=weight)
