"""How a cloud moves: flows, integrators, observers, and the loop that brings them together."""

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
from flows.fields.batches import Batches, Draws, Epochs, Online
from flows.fields.birth_death import BirthDeathFlow
from flows.fields.gradient import GradientFlow
from flows.fields.kinetic import KineticCloud
from flows.fields.langevin import LangevinFlow
from flows.fields.linearised import LinearisedFlow, LinearisedRisk
from flows.fields.minibatch import MinibatchFlow
from flows.fields.ntk import NTKFlow
from flows.fields.underdamped import UnderdampedFlow
from flows.integrators.adaptive import Adaptive
from flows.integrators.error_controlled.chebyshev import Chebyshev
from flows.integrators.error_controlled.dormand_prince import DormandPrince
from flows.integrators.fixed_step.baoab import BAOAB
from flows.integrators.fixed_step.euler import Euler
from flows.integrators.fixed_step.euler_maruyama import EulerMaruyama
from flows.integrators.fixed_step.grid import FixedStep, GivenStep
from flows.integrators.fixed_step.growth_splitting import GrowthSplitting
from flows.integrators.fixed_step.heun import Heun
from flows.integrators.fixed_step.leimkuhler_matthews import LeimkuhlerMatthews
from flows.integrators.fixed_step.linear_splitting import LinearSplitting
from flows.integrators.fixed_step.rk4 import RK4
from flows.integrators.function_space.bdf import BDF
from flows.integrators.function_space.exponential import Exponential
from flows.integrators.step_bound import StepBound
from flows.loop.checkpoint import CHECKPOINTED, Checkpoint
from flows.loop.evolve import evolve
from flows.noise import StepNoise
from flows.observers.progress import Progress, Report
from flows.observers.recording import Every, LogSpaced, StopBelow, Trace
from flows.observers.stopping import StopAfter, StopStationary, speed
from flows.right_forms import CONVERSIONS, FORMS, LOOP, METHODS
from particles.arguments import check_arguments_of

__all__ = [
    "BAOAB",
    "BDF",
    "CHECKPOINTED",
    "RK4",
    "Adaptive",
    "Advance",
    "Batches",
    "BirthDeathFlow",
    "Chebyshev",
    "Checkpoint",
    "DecayingFlow",
    "DormandPrince",
    "Draws",
    "Epochs",
    "Euler",
    "EulerMaruyama",
    "Every",
    "Exponential",
    "FixedStep",
    "Flow",
    "GivenStep",
    "GradientFlow",
    "GrowingFlow",
    "GrowthSplitting",
    "Heun",
    "Integrator",
    "KineticCloud",
    "KineticFlow",
    "LangevinFlow",
    "LeimkuhlerMatthews",
    "LinearSplitting",
    "LinearisedFlow",
    "LinearisedRisk",
    "LogSpaced",
    "MembersFailed",
    "MinibatchFlow",
    "NTKFlow",
    "NoisyFlow",
    "Observer",
    "Online",
    "Part",
    "Progress",
    "Report",
    "Resizable",
    "Schedule",
    "StepBound",
    "StepNoise",
    "StepRule",
    "StopAfter",
    "StopBelow",
    "StopStationary",
    "Trace",
    "UnderdampedFlow",
    "evolve",
    "evolve_all",
    "parts",
    "speed",
]

check_arguments_of(globals(), METHODS, FORMS, CONVERSIONS, without=LOOP)
