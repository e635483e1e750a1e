"""One velocity on the CPU: ours beside autograd, torch.compile and JAX jit of the obvious code, in one process.

The problem has tanh neurons, trained hidden weights and float32. The obvious code writes the risk of the network and
differentiates it. Repetitions go round all methods, and the ratio to ours is taken within each round, in wall time and
in processor time, which other programs disturb less. torch.compile is measured where a C++ compiler is found, JAX where
it is installed (`pip install jax`). On one core (JAX must be bound to it) and on two cores run it as

    OMP_NUM_THREADS=1 taskset -c 0 python -m runs.benchmarks.velocity
    OMP_NUM_THREADS=2 python -m runs.benchmarks.velocity

With the word `activations` after it, kernels, plain torch and autograd are measured for every activation in float32 and
float64. With the word `grid`, only autograd is measured over a grid of m, n and d where its matrices take at most 4 GB;
with a number after that, where they take more than 4 GB and at most so many GB.
"""

import importlib
import itertools
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from torch import Tensor

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
    Tanh,
    masses,
)
from particles.compute.backend_choice import ACTIVATIONS
from particles.compute.tiles import KEPT_ENTRIES
from particles.numerics.randomness import generator
from runs.benchmarks.ceilings import Ceilings, Work, ceilings_of
from runs.benchmarks.peers import installed

#: Numbers of particles, data and inputs.
SIZES = ((100_000, 100, 20), (20_000, 1000, 50), (1_000_000, 100, 2))
ROUNDS = 7
#: The size at which every activation is measured.
SIZE = (20_000, 100, 20)
#: Number of operations of one tanh in `particles.compute.cpu.activations`; a quotient counts as one.
TANH = 32
#: Particles, data and inputs of the grid; number of autograd's matrices, and the largest number of their bytes.
GRID = ((1_000, 10_000, 100_000, 1_000_000), (100, 300, 1000), (2, 20, 100, 900))
MATRICES, ALLOWED = 4, 4e9

Velocity = Callable[[], object]


@dataclass(frozen=True, eq=False)
class TimedRisk:
    """The problem: a risk and a cloud."""

    risk: Risk
    cloud: ParticleCloud

    @classmethod
    def of(
        cls,
        count: int,
        data: int,
        inputs: int,
        activation: Activation | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> "TimedRisk":
        """A problem with normal inputs and targets, equal masses and tanh, unless another activation is given."""
        numbers = torch.from_numpy(generator(0, "data").standard_normal((data, inputs + 1)))
        neuron = Perceptron(activation or Tanh(), Identity(inputs))
        risk = Risk(neuron, NTK(), Squared(), Dataset(numbers[:, :-1], numbers[:, -1]))
        cloud = GaussianLaw(neuron).sample(masses=masses.uniform(count), seed=0)
        return cls(risk, cloud.to(dtype=dtype))

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The hidden weights, s_j a_j, phi(x_i) and y_i."""
        data = self.risk.prepared(self.cloud)
        hidden = self.risk.network.neuron.hidden
        outputs = self.risk.scaling.factor(self.cloud.masses) * self.cloud.positions[:, hidden]
        return self.cloud.positions[:, :hidden].contiguous(), outputs, data.phi, data.targets[:, 0]


@dataclass(frozen=True)
class Timing:
    """The wall seconds of every round of one method at one size, with ratios of wall and processor time to ours."""

    method: str
    seconds: tuple[float, ...]
    ratios: tuple[float, ...]
    work: tuple[float, ...]
    error: float

    @property
    def line(self) -> str:
        """One line of the table: medians, the range of the ratio, and the largest relative difference from ours."""
        spread = f"{statistics.median(self.ratios):6.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})"
        work = f"{statistics.median(self.work):6.2f}"
        return (
            f"{self.method:16}{1e3 * statistics.median(self.seconds):10.1f} ms{spread:>26}{work:>10}{self.error:12.1e}"
        )


def plain(problem: TimedRisk) -> Callable[[Tensor], Tensor]:
    """The risk as a function of the hidden weights, in the obvious code."""
    _, outputs, phi, targets = problem.tensors
    sigma = problem.risk.network.neuron.activation.value

    def risk(weights: Tensor) -> Tensor:
        return 0.5 * (outputs @ sigma(weights @ phi.T) - targets).square().mean()

    return risk


def ours(problem: TimedRisk) -> Velocity:
    """Our velocity, each time of a new cloud, since a risk computes the predictions of one cloud only once."""
    cloud = problem.cloud
    return lambda: problem.risk.velocity(cloud.moved(cloud.positions))


def unfused(problem: TimedRisk) -> Velocity:
    """Our velocity by plain torch instead of the kernels."""
    return ours(TimedRisk(replace(problem.risk, fused=False), problem.cloud))


def autograd(problem: TimedRisk) -> Velocity:
    """-grad of the plain risk by autograd."""
    return _differentiated(plain(problem), problem)


def compiled(problem: TimedRisk) -> Velocity:
    """-grad of the plain risk after torch.compile."""
    return _differentiated(torch.compile(plain(problem)), problem)


def _differentiated(risk: Callable[[Tensor], Tensor], problem: TimedRisk) -> Velocity:
    weights = problem.tensors[0].requires_grad_()

    def velocity() -> Tensor:
        (slope,) = torch.autograd.grad(risk(weights), weights)
        return -slope

    return velocity


def jax_jit(problem: TimedRisk) -> Velocity:
    """-grad of the same risk by JAX, compiled by its jit."""
    jax = importlib.import_module("jax")
    weights, outputs, phi, targets = (jax.numpy.asarray(tensor.numpy()) for tensor in problem.tensors)

    def risk(weights: Any, outputs: Any, phi: Any, targets: Any) -> Any:
        return 0.5 * jax.numpy.mean((outputs @ jax.numpy.tanh(weights @ phi.T) - targets) ** 2)

    slope = jax.jit(jax.grad(risk))
    return lambda: -slope(weights, outputs, phi, targets).block_until_ready()


def methods() -> dict[str, Callable[[TimedRisk], Velocity]]:
    """The methods that this machine can run, by name; the first is ours."""
    found: dict[str, Callable[[TimedRisk], Velocity]] = {
        "ours": ours,
        "autograd": autograd,
    }
    if shutil.which("g++"):
        found["torch.compile"] = compiled
    if installed("jax"):
        found["JAX jit"] = jax_jit
    return found


def measured(
    problem: TimedRisk, chosen: dict[str, Callable[[TimedRisk], Velocity]], rounds: int = ROUNDS
) -> list[Timing]:
    """Time every method `rounds` times in turn, after one call to warm up."""
    velocities = {name: make(problem) for name, make in chosen.items()}
    hidden = problem.risk.network.neuron.hidden
    ends = {name: torch.as_tensor(_array(velocity()))[:, :hidden] for name, velocity in velocities.items()}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in velocities}
    for _ in range(rounds):
        for name, velocity in velocities.items():
            taken[name].append(timed(velocity))
    ours = ends["ours"]
    return [
        Timing(
            name,
            tuple(wall for wall, _ in times),
            tuple(theirs / mine for (theirs, _), (mine, _) in zip(times, taken["ours"], strict=True)),
            tuple(theirs / max(mine, 1e-9) for (_, theirs), (_, mine) in zip(times, taken["ours"], strict=True)),
            float((ends[name] - ours).abs().max() / ours.abs().max()),
        )
        for name, times in taken.items()
    ]


def timed(velocity: Velocity) -> tuple[float, float]:
    """The wall seconds and the processor seconds of one call."""
    began, worked = perf_counter(), process_time()
    velocity()
    return perf_counter() - began, process_time() - worked


def work(count: int, data: int, inputs: int) -> Work:
    """The work of our kernels: m n (4 d + TANH + 4) operations if sigma is kept, and m n (6 d + 2 TANH + 4) otherwise.

    Of the operations z takes 2 d, the pull 2 d, predictions 2 and sigma' 2. The bytes are those of sigma, written and
    read if it is kept, of positions and factors, read twice, and of the velocity, written once.
    """
    entries = count * data
    kept = count * data <= KEPT_ENTRIES
    operations = 4 * inputs + TANH + 4 if kept else 6 * inputs + 2 * TANH + 4
    return Work(entries * operations, 4 * (2 * entries * kept + count * (3 * (inputs + 1) + 2)))


def share(work: Work, ceilings: Ceilings, taken: float) -> str:
    """A sentence on the part of the roofline that a velocity of so many seconds reached."""
    amount = f"{work.operations / 1e9:.2f} GFLOP, {work.traffic / 1e6:.0f} MB"
    rates = f"{ceilings.operations / 1e9:.0f} GFLOP/s, {ceilings.traffic / 1e9:.1f} GB/s"
    return f"{amount}; ceilings: {rates}; reached {ceilings.seconds(work) / taken:.0%} of the roofline"


def main(sizes: Sequence[tuple[int, int, int]] = SIZES, rounds: int = ROUNDS) -> list[Timing]:
    """Measure every size and print a table."""
    results = []
    ceilings = ceilings_of(torch.device("cpu"))
    for count, data, inputs in sizes:
        print(f"m = {count:,}, n = {data}, d = {inputs}, float32, {torch.get_num_threads()} thread(s)")
        print(f"{'method':16}{'median':>13}{'times ours (range)':>26}{'its work':>10}{'difference':>12}")
        found = measured(TimedRisk.of(count, data, inputs), methods(), rounds)
        for result in found:
            results.append(result)
            print(result.line, flush=True)
        print(share(work(count, data, inputs), ceilings, min(found[0].seconds)), flush=True)
    return results


def activations(
    size: tuple[int, int, int] = SIZE, kinds: Sequence[type] = ACTIVATIONS, rounds: int = 5
) -> list[Timing]:
    """Measure ours, plain torch and autograd for every activation in both dtypes, and print the lines of each."""
    results = []
    chosen = {"ours": ours, "plain torch": unfused, "autograd": autograd}
    for dtype in (torch.float32, torch.float64):
        for activation in (kind() for kind in kinds):
            print(f"{activation}, {str(dtype).removeprefix('torch.')}")
            for result in measured(TimedRisk.of(*size, activation, dtype), chosen, rounds):
                results.append(result)
                print(result.line, flush=True)
    return results


def grid(
    axes: tuple[Sequence[int], ...] = GRID, rounds: int = ROUNDS, between: tuple[float, float] = (0.0, ALLOWED)
) -> list[Timing]:
    """Measure autograd beside ours at every size whose matrices take so many bytes, and print a line for each."""
    results = []
    print(f"autograd, in times ours: wall (range), processor time; {torch.get_num_threads()} thread(s)")
    for count, data, inputs in itertools.product(*axes):
        name = f"{count:>10,}{data:>6}{inputs:>5}"
        held = 4.0 * count * (MATRICES * data + 4 * inputs)
        if not between[0] < held <= between[1]:
            print(f"{name}  left out: {held / 1e9:.3g} GB", flush=True)
            continue
        repeated = max(2, min(rounds, int(2e10 / (count * data * (inputs + 20)))))
        results.append(
            measured(TimedRisk.of(count, data, inputs), {"ours": methods()["ours"], "autograd": autograd}, repeated)[1]
        )
        print(f"{name}{results[-1].line[16:]}", flush=True)
    return results


def _array(velocity: object) -> object:
    """A tensor itself, or an array of JAX as an array of NumPy."""
    return velocity if isinstance(velocity, Tensor) else np.array(velocity)


if __name__ == "__main__":
    if sys.argv[1:] == ["activations"]:
        activations()
    elif sys.argv[1:2] != ["grid"]:
        main()
    elif len(sys.argv) == 2:
        grid()
    else:
        grid(between=(ALLOWED, 1e9 * float(sys.argv[2])))
