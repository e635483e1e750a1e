"""The whole state of a run between two steps: all it needs to go on with the bits of an uninterrupted one."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from flows.fields.kinetic import KineticCloud
from flows.integrators.adaptive import Running
from flows.integrators.closed_form import ClosedForm, ClosedFormState
from flows.integrators.error_controlled.automatic_explicit import Explicit, ExplicitState
from flows.integrators.error_controlled.chebyshev import Chebyshev, ChebyshevState
from flows.integrators.error_controlled.dormand_prince import DormandPrince, DormandPrinceState
from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.spectral_radius import SpectralRadius
from flows.integrators.error_controlled.step_control import Pace, Work
from flows.integrators.fixed_step.baoab import Driven
from flows.integrators.fixed_step.leimkuhler_matthews import Drawn
from flows.integrators.function_space.bdf import BDF
from flows.integrators.function_space.bdf_state import BDFState
from flows.integrators.function_space.error_scales import Scales
from flows.integrators.function_space.exponential import Exponential, ExponentialState
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
