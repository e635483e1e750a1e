"""The loop of every integrator that chooses its steps by an error: it tries a step, and shorter ones until one passes.

A single run goes through `ErrorControlled.step`. A group of members (`flows/ensemble/error_controlled_group.py`) tries
steps of all of them at once and asks `settled` of each.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from flows.base import Advance, Flow
from flows.integrators.error_controlled.step_control import SHORTEST, Tolerant
from flows.noise import StepNoise
from particles import ParticleCloud, ToleranceNotReached


@dataclass(frozen=True, eq=False)
class Place:
    """Where a step begins: its flow, cloud, time and number, and the time at which the run ends."""

    flow: Flow
    cloud: ParticleCloud
    time: float
    until: float
    step: int

    def unreached(self, size: float, reason: str) -> ToleranceNotReached:
        """The error of a step of this size, of which this is the reason."""
        return ToleranceNotReached(step=self.step, time=self.time, size=size, reason=reason)

    def check_short(self, size: float, before: float, taken: float, error: float) -> None:
        """Raise ToleranceNotReached where a step of this size advances neither the time nor one as long as `before`.

        The step `taken` had this error, in units of what is allowed.
        """
        if size <= SHORTEST * max(abs(self.time), before):
            broken = "positions or velocities are not finite"
            raise self.unreached(
                taken, f"the error is {error:.3g} times the allowed one" if math.isfinite(error) else broken
            )


@dataclass(frozen=True, eq=False)
class Trial:
    """A step tried: the time it reaches, the cloud there and in between, its error in units of what is allowed."""

    reached: float
    there: ParticleCloud
    between: Callable[[float], ParticleCloud]
    error: float


State = TypeVar("State")
Tried = TypeVar("Tried", bound=Trial)


@dataclass(frozen=True)
class ErrorControlled(Tolerant, ABC, Generic[State, Tried]):
    """A method that says what it tries, how it errs, and which state follows; this says how a step comes of it."""

    order: ClassVar[float]
    #: The class of what it hands from step to step.
    holds: ClassVar[type[Any]]

    @abstractmethod
    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> State:
        """The state before the first step."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: State, time: float, until: float, noise: StepNoise
    ) -> Advance[State]:
        """One step that passed. Raises ToleranceNotReached where none is short enough."""
        at = Place(flow, cloud, time, until, noise.step + 1)
        state = self.ready(at, state)
        passed = False
        while not passed:
            trial = self.attempt(at, state)
            state, passed = self.settled(at, state, trial)
        return Advance(trial.reached, trial.there, state, trial.between)

    def settled(self, at: Place, state: State, trial: Tried) -> tuple[State, bool]:
        """The state after a trial, and whether the trial passed.

        Raises ToleranceNotReached where no step is short enough, where the run would hardly ever end, and where its end
        cannot be trusted.
        """
        if not trial.error <= 1.0:
            return self.rejected(at, state, trial), False
        after = self.accepted(at, state, trial)
        if trial.reached == at.until:
            self.ended(at, after, trial)
        return after, True

    def ready(self, at: Place, state: State) -> State:
        """The state from which a step is tried; most methods have nothing to do."""
        return state

    @abstractmethod
    def attempt(self, at: Place, state: State) -> Tried:
        """A step, and how it errs."""

    @abstractmethod
    def accepted(self, at: Place, state: State, trial: Tried) -> State:
        """The state after a trial that passed."""

    @abstractmethod
    def rejected(self, at: Place, state: State, trial: Tried) -> State:
        """The state after a trial that did not pass."""

    def ended(self, at: Place, after: State, trial: Tried) -> None:
        """Raise ToleranceNotReached where the end of a run, which this trial has reached, cannot be trusted."""
