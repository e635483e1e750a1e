"""The protocols of this package: what a flow, an integrator and an observer are, and what their classes declare.

A flow says which way every particle of a whole cloud moves; an integrator is a frozen value that takes one step of a
flow and hands its state back; an observer is called with (step, time, cloud). `evolve` brings the three together.

What a class can do beside that it says itself, in class attributes that may be left out:

- an integrator: `together`, how members of an ensemble go through it (`Together`), and `states`, the classes that the
  state it hands on is made of, which a checkpoint in a file needs;
- a flow: `stackable`, whether its formulas hold for members side by side as they stand, and `shareable`, whether for
  a cloud that several processes share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Protocol, Self, TypeVar, runtime_checkable

from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import PerParticle, Velocity

State = TypeVar("State")

#: Times closer than this part of a step are the same time.
SAME = 1e-6


class Part(Enum):
    """What a flow may consist of."""

    TRANSPORT = "transport"
    NOISE = "noise"
    GROWTH = "growth"
    INERTIA = "inertia"


class Together(Enum):
    """How the members of an ensemble go through an integrator side by side."""

    ONE_GRID = "all of them take the same steps, as if they were one cloud"
    OWN_PACE = "each takes steps of its own, by velocities alone"
    OWN_ORDER = "each takes steps of its own order and size, by Gram matrices"
    AS_CHOSEN = "each as the method that the integrator chooses for it"


def declared(kind: type, name: str) -> Any:
    """What a class says of itself, None where it says nothing.

    What its bases say does not count: a class that changes a formula may have lost what the formula could do.
    """
    return vars(kind).get(name)


def states_of(*integrators: type) -> tuple[type, ...]:
    """The classes that the states of these integrators are made of, each once; a class has those of its base."""
    return tuple(dict.fromkeys(state for kind in integrators for state in getattr(kind, "states", ())))


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


@runtime_checkable
class DecayingFlow(Flow, Protocol):
    """A flow whose linear part is known: velocity = force - decay theta, coordinate by coordinate."""

    def decay(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Rate at which every coordinate decays towards zero by itself [particles, dim], at any positions."""
        ...

    def force(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The velocity without that decay [particles, dim]."""
        ...


@runtime_checkable
class KineticFlow(Flow, Protocol):
    """A flow with inertia: d theta = v dt, d v = (acceleration - friction v) dt + sqrt(2 friction) agitation dW."""

    @property
    def friction(self) -> float:
        """Rate at which velocities decay."""
        ...

    def acceleration(self, cloud: ParticleCloud, time: float) -> Velocity:
        """What drives the velocities, without friction and noise [particles, dim]."""
        ...

    def agitation(self, cloud: ParticleCloud, time: float) -> Velocity:
        """Standard deviation of every velocity in equilibrium [particles, dim]; zero where frozen."""
        ...


@runtime_checkable
class PiecewiseFlow(Flow, Protocol):
    """A flow that is another one in every interval [k s, (k + 1) s) of time, k whole: one batch after the other."""

    @property
    def piece(self) -> float | None:
        """The length s of the intervals; None where the flow is one and the same at all times."""
        ...


#: Which protocol shows which part.
_SHOWN: tuple[tuple[Part, type], ...] = (
    (Part.NOISE, NoisyFlow),
    (Part.GROWTH, GrowingFlow),
    (Part.INERTIA, KineticFlow),
)


def parts(flow: Flow) -> frozenset[Part]:
    """What this flow consists of, read off the methods it has."""
    return frozenset({Part.TRANSPORT} | {part for part, protocol in _SHOWN if isinstance(flow, protocol)})


@runtime_checkable
class RowState(Protocol):
    """A state with a row for every particle: members of an ensemble go through a scheme with their states stacked."""

    def parted(self, members: int) -> Sequence[Self]:
        """The states of so many members whose particles are stacked."""
        ...

    def joined(self, members: Sequence[Self]) -> Self:
        """The state of these members stacked; what of it has no rows is that of this one."""
        ...


@dataclass(frozen=True, eq=False)
class Advance(Generic[State]):
    """What one step returns: the time reached, the cloud there, the state to hand to the next step.

    `between`, where an integrator has dense output, gives the cloud at any time inside the step.
    """

    time: float
    cloud: ParticleCloud
    state: State
    between: Callable[[float], ParticleCloud] | None = None


@runtime_checkable
class Integrator(Protocol[State]):
    """A scheme that steps a flow: a frozen value of hyper-parameters; whatever changes is handed from step to step."""

    @property
    def order(self) -> float:
        """Claimed order of convergence at a fixed time, tested.

        Where there is noise it is the strong order, or the weak one of schemes made for laws, which say so.
        """
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


@runtime_checkable
class StepRule(Protocol):
    """What may stand for a number where a step is given: it finds one for a flow and the cloud where a run begins."""

    def longest_step(self, flow: Flow, cloud: ParticleCloud, interval: float) -> float:
        """The step, for a method whose real stability interval has this length."""
        ...


@runtime_checkable
class Resizable(Protocol):
    """An integrator whose step is given, and may be given in the call of `evolve`."""

    def sized(self, step: float | StepRule) -> Self:
        """This integrator with a step; raises ValueError where it already has another."""
        ...

    def resolved(self, flow: Flow, cloud: ParticleCloud) -> Self:
        """This integrator with a number for its step, where it had a rule."""
        ...


@runtime_checkable
class Gridded(Protocol):
    """An integrator whose times are multiples of a step."""

    @property
    def grid(self) -> float | None:
        """That step; None where it is not known yet."""
        ...

    @property
    def stays_inside(self) -> bool:
        """Whether a step from t to t + h asks the flow for nothing at t + h, where another piece of it begins.

        What the next step begins with, and does not ask for again, counts as asked for by that step.
        """
        ...


@runtime_checkable
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
