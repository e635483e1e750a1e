"""Small networks that theorems are checked on, and their runs, made once."""

from functools import cache

import torch

from flows import Euler, GradientFlow, LogSpaced, evolve
from limits.theorems import Problem
from particles import (
    NTK,
    Activation,
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Scaling,
    Squared,
    Tanh,
    masses,
)
from tests.draws import normals

Frames = tuple[tuple[float, ParticleCloud], ...]

#: gamma and alpha of the published settings.
SETTINGS = ((1.0, None), (0.5, 0.7), (0.2, 0.5), (0.0, 0.4))
ACTIVATIONS: tuple[Activation, ...] = (ReLU(), Tanh())
DATA, INPUTS, PARTICLES = 8, 12, 150
STEP, UNTIL = 4.0, 2000.0


def sphere(data: int = DATA, inputs: int = INPUTS, seed: int = 1) -> torch.Tensor:
    """Inputs with |x| = 1."""
    x = normals(data, inputs, seed=seed)
    return x / x.norm(dim=1, keepdim=True)


@cache
def problem(
    activation: Activation = ReLU(),
    gamma: float = 1.0,
    alpha: float | None = None,
    *,
    particles: int = PARTICLES,
    scaling: Scaling = NTK(),
    trained: str = "hidden",
) -> Problem:
    """Eight data on the unit sphere of R^12 with random targets."""
    neuron = Perceptron(activation, Identity(INPUTS), trained=trained)
    risk = Risk(neuron=neuron, scaling=scaling, loss=Squared(), data=Dataset(sphere(), normals(DATA, seed=2)))
    return Problem(risk, GaussianLaw(neuron), masses.asymmetrical(particles, gamma, alpha), gamma, alpha)


def run(of: Problem, *, step: float = STEP, until: float = UNTIL, seed: int = 0) -> Frames:
    """Gradient descent on the problem's risk, some thirty frames at log-spaced times."""
    frames: list[tuple[float, ParticleCloud]] = []
    kept = LogSpaced(step, until, 30, lambda index, time, cloud: frames.append((time, cloud)))
    evolve(GradientFlow(of.risk), of.sample(seed), Euler(), until=until, step=step, observers=[kept])
    return tuple(frames)


@cache
def known_run(activation: Activation, gamma: float, alpha: float | None) -> Frames:
    """The run of a problem of this module, made once."""
    return run(problem(activation, gamma, alpha))


def in_time(frames: Frames, factor: float) -> Frames:
    """The same clouds at times that many times as long: a wrong unit of time."""
    return tuple((factor * time, cloud) for time, cloud in frames)


def other_flow(frames: Frames, seed: int = 5) -> Frames:
    """Frames of a flow that is none of ours: particles of the start that diffuse, whatever the risk."""
    _, start = frames[0]
    noise = normals(start.count, start.dim - 1, seed=seed)
    steps = torch.cat([noise, torch.zeros(start.count, 1, dtype=torch.float64)], dim=1)
    return tuple((time, start.moved(start.positions + time**0.5 * steps)) for time, _ in frames)
