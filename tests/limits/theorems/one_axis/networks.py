"""Small networks of one axis, their starts, and runs of them."""

from collections.abc import Mapping

from flows import RK4, Every, GradientFlow, evolve
from flows.base import Flow
from particles import (
    L2,
    Activation,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
)
from particles.risk.losses import Loss
from particles.risk.scaling import Scaling
from tests.draws import normals, unequal

STRENGTHS = {"output": 0.2, "hidden": 0.01}


def risk_of(
    scaling: Scaling = MeanField(),
    strength: float | Mapping[str, float] | None = STRENGTHS,
    *,
    activation: Activation = Tanh(),
    trained: str = "both",
    outputs: int = 1,
    loss: Loss = Squared(),
) -> Risk:
    """Twelve data of three inputs that count unequally."""
    targets = normals(12, outputs, seed=2)
    data = Dataset(normals(12, 3, seed=1), targets.sign() if not isinstance(loss, Squared) else targets, unequal(12))
    neuron = Perceptron(activation, Identity(3), outputs, trained)
    return Risk(neuron, scaling, loss, data, None if strength is None else L2(strength))


def start(risk: Risk, count: int = 20, *, equal: bool = False) -> ParticleCloud:
    """Particles of unequal masses with Gaussian weights."""
    cloud = GaussianLaw(risk.neuron, outputs=GaussianOutputs()).sample(masses=unequal(count), seed=0)
    return ParticleCloud(cloud.positions) if equal else cloud


def run(
    risk: Risk, flow: Flow | None = None, *, step: float = 0.02, steps: int = 10, equal: bool = False
) -> list[tuple[float, ParticleCloud]]:
    """Times and clouds of every step of Runge-Kutta."""
    frames: list[tuple[float, ParticleCloud]] = []
    kept = Every(steps=1, observer=lambda index, time, cloud: frames.append((time, cloud)))
    first = start(risk, equal=equal)
    evolve(flow or GradientFlow(risk), first, RK4(step=step), until=step * steps, observers=[kept])
    return frames
