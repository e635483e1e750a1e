"""The whole state of a run between two steps: all it needs to go on with the bits of an uninterrupted one."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flows.base import Integrator, states_of
from flows.integrators import INTEGRATORS
from particles import ParticleCloud
from particles.compute.noise.normals import EARLIEST

State = TypeVar("State")


@dataclass(frozen=True, eq=False)
class Checkpoint(Generic[State]):
    """Number of steps taken, flow time, the cloud there, what the integrator hands to its next step, and the noise.

    `noise` is the version of the run's noise, 1 where none was kept.

    `evolve(..., keep=trajectory.keep)` keeps one after every step; `evolve(..., resume=checkpoint)` goes on from it.
    """

    step: int
    time: float
    cloud: ParticleCloud
    state: State
    noise: int = EARLIEST


#: Everything that checkpoints of our integrators are made of: `trajectory.kept(CHECKPOINTED)` makes nothing else.
CHECKPOINTED: tuple[type, ...] = (Checkpoint, ParticleCloud, *states_of(*INTEGRATORS))


def checkpointed(integrator: Integrator[Any]) -> tuple[type, ...]:
    """Everything that checkpoints of runs by this integrator, which may be a user's, are made of."""
    return *CHECKPOINTED, *states_of(type(integrator), type(getattr(integrator, "scheme", None)))
