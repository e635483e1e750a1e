"""Seconds and memory of kernels: limits at thousands of inputs, finite Gram matrices beside plain torch.func, training.

The plain way differentiates the whole network at every input, `vmap(grad(f))`, and multiplies the Jacobian by its
transpose. Each job runs in a process of its own with one thread. Its memory is the peak minus the memory at its start,
and includes the Gram matrix. Run as `python -m runs.benchmarks.kernel_costs`.
"""

import math
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap

from limits import KernelFlow, deep_kernels, early_time_model, tangent_kernel
from particles import NTK, Activation, Dataset, GaussianLaw, Identity, Perceptron, ReLU, Risk, Squared, Tanh, masses
from particles import tangent_gram as cloud_gram
from particles.numerics.randomness import generator

INPUTS, DEPTH = 20, 3


@dataclass(frozen=True)
class Scale:
    """The numbers of inputs of two-layer, deep and finite kernels, and widths of the finite ones.

    `features` and `trained`: of linear models that are trained by their features, and by their Gram matrix.
    """

    shallow: int = 10_000
    deep: int = 2_000
    finite: int = 2_000
    width: int = 2_000
    deep_width: int = 256
    features: int = 20_000
    trained: int = 3_000


@dataclass(frozen=True)
class Cost:
    """The seconds and the memory of one job; the memory is NaN where the system does not tell it."""

    name: str
    seconds: float
    mebibytes: float

    @property
    def line(self) -> str:
        """One line of the table."""
        return f"{self.name:58}{self.seconds:9.2f} s{self.mebibytes:10.0f} MiB"


def two_layer(activation: Activation, count: int) -> Tensor:
    """The two-layer limit kernel with both layers trained [count, count]."""
    neuron = Perceptron(activation, Identity(INPUTS), 1, "both")
    return tangent_kernel(neuron, GaussianLaw(neuron))(inputs(count))


def deep(activation: Activation, count: int) -> Tensor:
    """The deep limit tangent kernel [count, count]."""
    return deep_kernels(inputs(count), activation=activation, depth=DEPTH).ntk


def finite(count: int, width: int) -> Tensor:
    """The tangent Gram matrix of a cloud with both layers trained, in closed form and tile by tile."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    x = inputs(count)
    risk = Risk(neuron, NTK(), Squared(), Dataset(x, x[:, 0]))
    return cloud_gram(risk, GaussianLaw(neuron).sample(masses=masses.uniform(width), seed=0))


def plain_two_layer(count: int, width: int) -> Tensor:
    """The same Gram matrix through torch.func."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    cloud = GaussianLaw(neuron).sample(masses=masses.uniform(width), seed=0)

    def network(positions: Tensor, x: Tensor) -> Tensor:
        return positions[:, -1] @ torch.tanh(positions[:, :-1] @ x / math.sqrt(INPUTS)) / math.sqrt(width)

    jacobian: Tensor = vmap(grad(network), (None, 0))(cloud.positions, inputs(count)).flatten(1)
    return jacobian @ jacobian.T


def linear_training(count: int, *, factored: bool) -> Tensor:
    """Predictions of the early-time model at ten times, by its features or by its Gram matrix [10, count, 1]."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    model, x = early_time_model(neuron, GaussianLaw(neuron)), inputs(count)
    flow = KernelFlow(model if factored else model(x), Dataset(x, torch.sin(x[:, 0])))
    return flow.predictions(torch.logspace(-1.0, 3.0, 10, dtype=torch.float64))


class Layers(torch.nn.Module):
    """A deep network of this width in NTK parameterisation without biases."""

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = [INPUTS, *[width] * DEPTH, 1]
        numbers = generator(0, "init")
        self.weights = torch.nn.ParameterList(
            torch.from_numpy(numbers.standard_normal((after, before))) for before, after in pairwise(sizes)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The network f(x) at one input."""
        for number, weight in enumerate(self.weights):
            x = weight @ (torch.tanh(x) if number else x) / math.sqrt(x.shape[0])
        return x[0]


def plain_deep(count: int, width: int) -> Tensor:
    """The tangent Gram matrix of a finite deep network through torch.func."""
    network = Layers(width)

    def predicted(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        value: Tensor = functional_call(network, parameters, (x,))
        return value

    parameters = {name: weight.detach() for name, weight in network.named_parameters()}
    gradients = vmap(grad(predicted), (None, 0))(parameters, inputs(count))
    jacobian = torch.cat([gradient.flatten(1) for gradient in gradients.values()], dim=1)
    return jacobian @ jacobian.T


def inputs(count: int) -> Tensor:
    """Standard normal inputs [count, INPUTS]."""
    return torch.from_numpy(generator(0, "data").standard_normal((count, INPUTS)))


def jobs(scale: Scale) -> dict[str, Callable[[], Tensor]]:
    """The jobs that are measured, by name."""
    n, width, deep_width = scale.finite, scale.width, scale.deep_width
    table: dict[str, Callable[[], Tensor]] = {}
    for activation in (ReLU(), Tanh()):
        said = type(activation).__name__
        table[f"limit, two layers, {said}, n = {scale.shallow}"] = partial(two_layer, activation, scale.shallow)
        table[f"limit, {DEPTH} hidden layers, {said}, n = {scale.deep}"] = partial(deep, activation, scale.deep)
    table[f"cloud, m = {width}, Tanh, n = {n}"] = partial(finite, n, width)
    table[f"torch.func, m = {width}, Tanh, n = {n}"] = partial(plain_two_layer, n, width)
    table[f"torch.func, {DEPTH} hidden layers of {deep_width}, Tanh, n = {n}"] = partial(plain_deep, n, deep_width)
    for count, factored in ((scale.features, True), (scale.trained, True), (scale.trained, False)):
        said = "features" if factored else "Gram matrix"
        table[f"linear model trained by its {said}, n = {count}"] = partial(linear_training, count, factored=factored)
    return table


def cost(name: str, scale: Scale) -> Cost:
    """Do one job in this process and return its cost."""
    job = jobs(scale)[name]
    before = memory("VmRSS")
    began = perf_counter()
    with torch.no_grad():
        job()
    return Cost(name, perf_counter() - began, memory("VmHWM") - before)


def apart(name: str, scale: Scale) -> Cost:
    """Do one job in a new process and return its cost."""
    with multiprocessing.get_context("spawn").Pool(1, torch.set_num_threads, (1,)) as pool:
        return pool.apply(cost, (name, scale))


def memory(entry: str) -> float:
    """An entry of /proc on the memory of this process, in MiB; NaN where there is no /proc."""
    status = Path("/proc/self/status")
    if not status.exists():
        return math.nan
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith(entry)) / 1024.0


def main(scale: Scale = Scale()) -> list[Cost]:
    """Do every job in a new process and print the table."""
    print(f"float64, {INPUTS} inputs, one thread")
    costs = []
    for name in jobs(scale):
        costs.append(apart(name, scale))
        print(costs[-1].line, flush=True)
    return costs


if __name__ == "__main__":
    main()
