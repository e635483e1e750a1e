"""The protocols of this package: what a flow, an integrator and an observer are.

A flow says which way every particle of a whole cloud moves; an integrator is a frozen value that takes one step of a
flow and hands its state back; an observer is called with (step, time, cloud). `evolve` brings the three together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar, runtime_checkable

from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import PerParticle, Velocity

State = TypeVar("State")


class Part(Enum):
    """What a flow may consist of."""

    TRANSPORT = "transport"
    NOISE = "noise"
    GROWTH = "growth"


@runtime_checkable
class Flow(Protocol):
    """The continuous evolution of a cloud. It takes the whole cloud, so that an inner stage sees the moved measure."""

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """d theta_j / dt, without noise [particles, dim]."""
        ...


@runtime_checkable
class NoisyFlow(Flow, Protocol):
    """A flow with noise: d theta_j = velocity_j dt + diffusion_j dW_j, coordinate by coordinate."""

    def diffusion(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Standard deviation of every coordinate per square root of time [particles, dim]; zero where frozen."""
        ...


@runtime_checkable
class GrowingFlow(Flow, Protocol):
    """A flow whose masses evolve."""

    def growth(self, cloud: ParticleCloud, time: float) -> PerParticle:
        """d log lambda_j / dt [particles]."""
        ...


def parts(flow: Flow) -> frozenset[Part]:
    """What this flow consists of, read off the methods it has."""
    noise = {Part.NOISE} if isinstance(flow, NoisyFlow) else set()
    growth = {Part.GROWTH} if isinstance(flow, GrowingFlow) else set()
    return frozenset({Part.TRANSPORT} | noise | growth)


@dataclass(frozen=True, eq=False)
class Advance(Generic[State]):
    """What one step returns: the time reached, the cloud there, the state to hand to the next step.

    `between`, where an integrator has dense output, gives the cloud at any time inside the step.
    """

    time: float
    cloud: ParticleCloud
    state: State
    between: Callable[[float], ParticleCloud] | None = None


class Integrator(Protocol[State]):
    """A scheme that steps a flow: a frozen value of hyper-parameters; whatever changes is handed from step to step."""

    @property
    def order(self) -> float:
        """Claimed order of convergence at a fixed time, tested; strong order where there is noise."""
        ...

    @property
    def handles(self) -> frozenset[Part]:
        """The parts of a flow this scheme can integrate; `evolve` refuses flows with others."""
        ...

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> State:
        """The state before the first step."""
        ...

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: State, time: float, until: float, noise: StepNoise
    ) -> Advance[State]:
        """One step from `time`, not beyond `until`. Nothing that was passed in is written to."""
        ...


class Observer(Protocol):
    """Whatever is called with the state of a run; a plain function will do. Returning True stops the run."""

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """See one state: step counts from 0, time is flow time."""
        ...


@runtime_checkable
class Schedule(Protocol):
    """An observer that wants to see some states only; a frozen value, so that a resumed run sees the same ones."""

    def due(self, before: tuple[int, float], now: tuple[int, float]) -> list[float]:
        """The times in (before, now] at which it wants to be called; each argument is (step, time)."""
        ...

    def __call__(self, step: int, time: float, cloud: ParticleCloud, /) -> bool | None:
        """See one of those states."""
        ...
