"""The advice in refusals of `flows`: which methods check their arguments, and how a right argument is written."""

from typing import Any

from flows.base import Advance, Flow, Integrator, Observer, StepRule
from flows.fields.batches import Batches, Minibatches
from flows.fields.kinetic import KineticCloud
from flows.fields.linearised import LinearisedFlow, LinearisedRisk
from flows.fields.minibatch import MinibatchFlow
from flows.fields.underdamped import UnderdampedFlow
from flows.integrators import INTEGRATORS
from flows.integrators.fixed_step.grid import FixedStep, GivenStep
from flows.integrators.fixed_step.growth_splitting import Transport
from flows.integrators.fixed_step.optimiser import Optimiser
from flows.integrators.step_bound import StepBound
from flows.noise import StepNoise
from flows.observers.trace import Trace
from flows.walls import Walls
from particles import Risk

#: Made in every step, and trusted.
LOOP = (Advance, StepNoise)

#: Methods that look at their arguments; others are called in the loop and trust them, or take none.
METHODS: dict[type, str] = {
    GivenStep: "sized resolved",
    LinearisedFlow: "exact predictions",
    LinearisedRisk: "__call__ predictions residual",
    UnderdampedFlow: "maxwellian kinetic_energy",
    KineticCloud: "to reweighted",
    StepBound: "longest_step",
    Trace: "plot",
}

#: For a class that an annotation asks for, an expression that gives one.
FORMS: dict[Any, str] = {
    Flow: "GradientFlow(risk) or an object with velocity(cloud, time)",
    Integrator: "Adaptive() or Euler(step=0.1)",
    Observer: "Trace(risk=risk) or a function of (step, time, cloud)",
    Batches: "Epochs(32)",
    Minibatches: "Minibatches(Epochs(32), step=0.1)",
    StepRule: "StepBound(0.5)",
    Walls: "Ball(1.0)",
    FixedStep: "Euler(step=0.1)",
    Optimiser: "HeavyBall(step=0.1)",
    Transport: "an integrator whose steps are known before, such as RK4(0.1)",
    Trace: "Trace(risk=risk)",
    **{kind: f"{kind.__name__}(step=0.1)" for kind in INTEGRATORS if issubclass(kind, GivenStep)},
}

#: For what was given and what is needed, the expression that converts one into the other; {name} is the argument's
#: name and {value} its value.
CONVERSIONS: dict[tuple[Any, Any], str] = {
    (Risk, Flow): "GradientFlow({name})",
    (Risk, Observer): "Trace(risk=risk)",
    (MinibatchFlow, Risk): "{name}.risk, and where a flow takes them batches=Minibatches({name}.batches, {name}.step)",
    (Flow, Risk): "{name}.risk",
    (Batches, Minibatches): "Minibatches({name}, step=0.1)",
    (Minibatches, Batches): "{name}.batches",
}
