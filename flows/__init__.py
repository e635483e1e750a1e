"""How a cloud moves: flows, integrators, observers, and the loop that brings them together."""

from flows import fields, integrators
from flows.base import (
    Advance,
    DecayingFlow,
    Flow,
    GrowingFlow,
    Integrator,
    KineticFlow,
    NoisyFlow,
    Observer,
    Part,
    Resizable,
    Schedule,
    StepRule,
    parts,
)
from flows.ensemble.evolve_all import MembersFailed, evolve_all
from flows.fields import *
from flows.fields.batches import Batches, Draws, Epochs, Minibatches, Online
from flows.fields.kinetic import KineticCloud
from flows.fields.linearised import LinearisedRisk
from flows.integrators import *
from flows.integrators.fixed_step.grid import FixedStep, GivenStep
from flows.integrators.step_bound import StepBound
from flows.loop.checkpoint import CHECKPOINTED, Checkpoint
from flows.loop.evolve import evolve
from flows.noise import StepNoise
from flows.observers.progress import Progress, Report
from flows.observers.schedules import Every, LogSpaced
from flows.observers.stopping import StopAbove, StopAfter, StopBelow, StopStationary, speed
from flows.observers.trace import Trace
from flows.rates import CosineDecay, ExponentialDecay, StepDecay, Warmup
from flows.right_forms import CONVERSIONS, FORMS, LOOP, METHODS
from flows.walls import Ball, Box, Walls
from particles.arguments import check_arguments_of
from particles.arguments.display import show_objects_of

__all__ = [
    "CHECKPOINTED",
    "Advance",
    "Ball",
    "Batches",
    "Box",
    "Checkpoint",
    "CosineDecay",
    "DecayingFlow",
    "Draws",
    "Epochs",
    "Every",
    "ExponentialDecay",
    "FixedStep",
    "Flow",
    "GivenStep",
    "GrowingFlow",
    "Integrator",
    "KineticCloud",
    "KineticFlow",
    "LinearisedRisk",
    "LogSpaced",
    "MembersFailed",
    "Minibatches",
    "NoisyFlow",
    "Observer",
    "Online",
    "Part",
    "Progress",
    "Report",
    "Resizable",
    "Schedule",
    "StepBound",
    "StepDecay",
    "StepNoise",
    "StepRule",
    "StopAbove",
    "StopAfter",
    "StopBelow",
    "StopStationary",
    "Trace",
    "Walls",
    "Warmup",
    "evolve",
    "evolve_all",
    "parts",
    "speed",
]
__all__ += fields.__all__
__all__ += integrators.__all__

check_arguments_of(globals(), METHODS, FORMS, CONVERSIONS, without=LOOP)
show_objects_of("particles", __name__)
