"""The whole state of a run between two steps: all it needs to go on with the bits of an uninterrupted one."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from flows.integrators.adaptive import Running
from flows.integrators.baoab import Driven
from flows.integrators.bdf import BDF
from flows.integrators.bdf_state import BDFState
from flows.integrators.chebyshev import Chebyshev, ChebyshevState
from flows.integrators.closed_form import ClosedForm, ClosedFormState
from flows.integrators.control import Pace, Work
from flows.integrators.dormand_prince import DormandPrince, DormandPrinceState
from flows.integrators.explicit import Explicit, ExplicitState
from flows.integrators.exponential import Exponential, ExponentialState
from flows.integrators.function_space import Scales
from flows.integrators.headway import Headway
from flows.integrators.leimkuhler_matthews import Drawn
from flows.integrators.spectral_radius import SpectralRadius
from flows.kinetic import KineticCloud
from flows.noise import StepNoise
from particles import ParticleCloud

State = TypeVar("State")


@dataclass(frozen=True, eq=False)
class Checkpoint(Generic[State]):
    """Number of steps taken, flow time, the cloud there, and what the integrator hands to its next step.

    `evolve(..., keep=trajectory.keep)` keeps one after every step; `evolve(..., resume=checkpoint)` goes on from it.
    """

    step: int
    time: float
    cloud: ParticleCloud
    state: State


#: Everything that checkpoints of our integrators are made of: `trajectory.kept(CHECKPOINTED)` makes nothing else.
CHECKPOINTED: tuple[type, ...] = (
    *(Checkpoint, ParticleCloud, KineticCloud, StepNoise),
    *(BDF, Chebyshev, ClosedForm, DormandPrince, Explicit, Exponential, Running),
    *(BDFState, ChebyshevState, ClosedFormState, DormandPrinceState, ExplicitState, ExponentialState),
    *(Pace, Headway, Scales, SpectralRadius, Work, Driven, Drawn),
)
