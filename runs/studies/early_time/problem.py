"""Gaussian inputs with the targets of a small random network, and networks in training, kept at log-spaced steps."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from flows import Euler, Every, Flow, evolve
from limits import EarlyTimeModel, KernelFlow, early_time_model
from particles import (
    NTK,
    Activation,
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    SymmetricPairs,
    masses,
)
from particles.numerics.randomness import generator

#: Which layers are trained, by the words of the paper.
LAYERS = {"hidden": "first layer", "output": "second layer", "both": "both layers"}
#: Neurons of the network whose outputs are the targets.
TEACHER = 5
#: Steps at which networks in training are looked at.
FRAMES = 24
Run = list[tuple[float, ParticleCloud]]


@dataclass(frozen=True, eq=False)
class Data:
    """Training data, and test inputs with their targets."""

    train: Dataset
    test: Dataset

    @classmethod
    def of_teacher(cls, dim: int, rows: int, test: int, seed: int) -> "Data":
        """x ~ N(0, I), y = (1/sqrt 5) sum_k v_k erf(w_k . x / sqrt d), weights N(0, 1): a network of five neurons."""
        random = generator(seed, "data")
        draws = (random.standard_normal(shape) for shape in ((rows + test, dim), (TEACHER, dim), (TEACHER, 1)))
        x, hidden, output = (torch.from_numpy(part) for part in draws)
        y = torch.erf(x @ hidden.T / dim**0.5) @ output / TEACHER**0.5
        return cls(Dataset(x[:rows], y[:rows]), Dataset(x[rows:], y[rows:]))

    @classmethod
    def of_norms(cls, dim: int, rows: int, test: int, seed: int) -> "Data":
        """x ~ N(0, I), y = |x| / sqrt d."""
        x = torch.from_numpy(generator(seed, "data").standard_normal((rows + test, dim)))
        y = x.norm(dim=1, keepdim=True) / dim**0.5
        return cls(Dataset(x[:rows], y[:rows]), Dataset(x[rows:], y[rows:]))


@dataclass(frozen=True, eq=False)
class Start:
    """A network at its start, which is zero, its risk, and the linear model of its law."""

    risk: Risk
    cloud: ParticleCloud
    law: GaussianLaw
    model: EarlyTimeModel

    @classmethod
    def of(cls, activation: Activation, trained: str, width: int, train: Dataset, seed: int) -> "Start":
        """Symmetric pairs under NTK scaling."""
        neuron = Perceptron(activation, Identity(train.inputs.shape[1]), 1, trained)
        law = GaussianLaw(neuron)
        cloud = SymmetricPairs(law).sample(masses=masses.uniform(width), seed=seed)
        return cls(Risk(neuron, NTK(), Squared(), train), cloud, law, early_time_model(neuron, law))

    @property
    def single(self) -> ParticleCloud:
        """The cloud in float32, in which long runs are trained; the linear model stays in float64."""
        return self.cloud.to(dtype=torch.float32)

    def naive(self) -> EarlyTimeModel:
        """The model with theta1 = theta2 = 0, which knows nothing of |x|."""
        return replace(self.model, constants=replace(self.model.constants, theta1=0.0, theta2=0.0))


def frames(flow: Flow, start: ParticleCloud, step: float, steps: int, count: int = FRAMES) -> Run:
    """Times and clouds of gradient descent after log-spaced numbers of steps, at most `count` from 1 to `steps`."""
    wanted = set(spaced(steps, count))
    kept: Run = []

    def keep(number: int, time: float, cloud: ParticleCloud) -> None:
        if number in wanted:
            kept.append((number * step, cloud))

    evolve(flow, start, Euler(step=step), until=steps * step, observers=[Every(steps=1, observer=keep)])
    return kept


def spaced(steps: int, count: int) -> list[int]:
    """Whole numbers from 1 to `steps`, at most so many."""
    return sorted({round(steps ** (place / (count - 1))) for place in range(count)})


def gap(one: Tensor, other: Tensor) -> float:
    """sum_i (f_i - g_i)^2 / sum_i g_i^2."""
    return float((one.double() - other.double()).square().sum() / other.double().square().sum())


def loss(outputs: Tensor, data: Dataset) -> float:
    """(1/2n) sum_i (f_i - y_i)^2."""
    return 0.5 * float((outputs.double() - data.targets).square().mean())


def descent(model: EarlyTimeModel, train: Dataset, step: float) -> KernelFlow:
    """Gradient descent of a linear model from zero, in closed form."""
    return KernelFlow(model, train, step=step)
