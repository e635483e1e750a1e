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
from flows.batches import Batches, Draws, Epochs, Online
from flows.birth_death import BirthDeathFlow
from flows.checkpoint import CHECKPOINTED, Checkpoint
from flows.ensemble import MembersFailed, evolve_all
from flows.evolve import evolve
from flows.forms import FORMS, LOOP, METHODS, TURNS
from flows.gradient import GradientFlow
from flows.integrators.adaptive import Adaptive
from flows.integrators.baoab import BAOAB
from flows.integrators.bdf import BDF
from flows.integrators.chebyshev import Chebyshev
from flows.integrators.dormand_prince import DormandPrince
from flows.integrators.euler import Euler
from flows.integrators.euler_maruyama import EulerMaruyama
from flows.integrators.exponential import Exponential
from flows.integrators.fixed import FixedStep, GivenStep
from flows.integrators.growth_splitting import GrowthSplitting
from flows.integrators.heun import Heun
from flows.integrators.leimkuhler_matthews import LeimkuhlerMatthews
from flows.integrators.linear_splitting import LinearSplitting
from flows.integrators.rk4 import RK4
from flows.kinetic import KineticCloud
from flows.langevin import LangevinFlow
from flows.linearised import LinearisedFlow, LinearisedRisk
from flows.minibatch import MinibatchFlow
from flows.noise import StepNoise
from flows.ntk import NTKFlow
from flows.observers import Every, LogSpaced, StopBelow, Trace
from flows.progress import Progress, Report
from flows.step_bound import StepBound
from flows.stopping import StopAfter, StopStationary, speed
from flows.underdamped import UnderdampedFlow
from particles.doors import open_doors

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

open_doors(globals(), METHODS, FORMS, TURNS, without=LOOP)
