"""Small pyramids that theorems are checked on, and steps of gradient descent on them."""

from functools import cache

import torch

from flows import Euler, Every, GradientFlow, evolve
from particles import (
    Activation,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Lazy,
    ParticleCloud,
    Risk,
    Scaling,
    SmoothLeakyReLU,
    Squared,
    Standard,
    masses,
    tangent_gram,
)
from tests.draws import normals, unequal

DATA, INPUTS = 8, 5
LEAKY = SmoothLeakyReLU(0.5, 0.5)
Frames = list[tuple[float, ParticleCloud]]


def pyramid(
    widths: tuple[int, ...] = (12, 4),
    outputs: int = 1,
    activation: Activation = LEAKY,
    scaling: Scaling = Standard(),
    *,
    networks: int = 1,
    weighted: bool = False,
    bias: bool = False,
    parameterisation: str = "standard",
) -> tuple[Risk, ParticleCloud]:
    """A deep network of these hidden widths on eight data, and its start."""
    layers = [*(Dense(width, bias=bias) for width in widths), Dense(outputs)]
    neuron = Deep(
        INPUTS,
        layers,
        activation,
        parameterisation=parameterisation,
        weight_variance=2.0,
        bias_variance=0.1 if bias else 0.0,
    )
    targets = torch.sin(normals(DATA, outputs, seed=2))
    data = Dataset(normals(DATA, INPUTS, seed=1), targets, unequal(DATA) if weighted else None)
    cloud = DeepLaw(neuron).sample(masses=masses.uniform(networks), seed=1)
    return Risk(neuron, scaling, Squared(), data), cloud


def steep(deviation: float, width: int = 16) -> tuple[Risk, ParticleCloud]:
    """The start of the paper under which one layer of n units is enough: W_2 = 0, and a large readout."""
    neuron = Deep(
        INPUTS,
        [Dense(width), Dense(4, deviation=0.0), Dense(1, deviation=deviation)],
        LEAKY,
        parameterisation="standard",
    )
    data = Dataset(normals(DATA, INPUTS, seed=1), torch.sin(normals(DATA, 1, seed=2)))
    return Risk(neuron, Standard(), Squared(), data), DeepLaw(neuron).sample(seed=1)


def descent(risk: Risk, cloud: ParticleCloud, steps: int = 30, part: float = 0.5) -> Frames:
    """Steps of gradient descent, that part of the inverse of the largest rate long, with the cloud after every one."""
    weighted = tangent_gram(risk, cloud) * risk.data.weights.repeat_interleave(risk.data.outputs)
    step, frames = part / float(torch.linalg.eigvals(weighted).abs().max()), Frames()
    kept = Every(steps=1, observer=lambda index, time, cloud: frames.append((time, cloud)))
    evolve(GradientFlow(risk), cloud, Euler(step=step), until=steps * step, observers=[kept])
    return frames


@cache
def known(name: str) -> tuple[Risk, Frames]:
    """Runs that several tests look at: of one network, and of two with weights, biases and the wide layer second."""
    if name == "one":
        risk, cloud = pyramid()
    elif name == "two":
        risk, cloud = pyramid((3, 12, 4), 2, scaling=Lazy(2.0), networks=2, weighted=True, bias=True)
    else:
        risk, cloud = steep(1e7)
    return risk, descent(risk, cloud, part=0.002 if name == "two" else 0.5)
