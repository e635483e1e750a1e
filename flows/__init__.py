"""How a cloud moves: flows, integrators, observers, and the loop that brings them together."""

from flows.base import Advance, Flow, GrowingFlow, Integrator, NoisyFlow, Observer, Part, Schedule, parts
from flows.evolve import evolve
from flows.gradient import GradientFlow
from flows.integrators.euler import Euler
from flows.integrators.euler_maruyama import EulerMaruyama
from flows.integrators.fixed import FixedStep
from flows.integrators.heun import Heun
from flows.integrators.rk4 import RK4
from flows.langevin import LangevinFlow
from flows.noise import StepNoise
from flows.ntk import NTKFlow
from flows.observers import Every, LogSpaced, StopBelow, Trace
from flows.progress import Progress, Report

__all__ = [
    "RK4",
    "Advance",
    "Euler",
    "EulerMaruyama",
    "Every",
    "FixedStep",
    "Flow",
    "GradientFlow",
    "GrowingFlow",
    "Heun",
    "Integrator",
    "LangevinFlow",
    "LogSpaced",
    "NTKFlow",
    "NoisyFlow",
    "Observer",
    "Part",
    "Progress",
    "Report",
    "Schedule",
    "StepNoise",
    "StopBelow",
    "Trace",
    "evolve",
    "parts",
]
