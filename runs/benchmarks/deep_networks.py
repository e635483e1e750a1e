"""Deep networks on the CPU: velocity, Gram matrix and training, ours beside torch's own modules and torch.func.

The dense network has four layers of 512 units on 64 inputs, the convolutional one four circular 3 x 3 convolutions of
64 channels on 3 x 8 x 8 inputs; both are tanh networks with one output and all weights trained. The peer of a velocity
is a backward pass of the same torch module, of a Gram matrix vmap(jacrev) of its outputs, of training a loop of
torch.optim.SGD. Repetitions go round both methods, and ratios are taken within a round, in processor time, which other
programs disturb less. Peaks of resident memory are those of a process of its own, beyond what it holds before. Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.deep_networks
    OMP_NUM_THREADS=1 python -m runs.benchmarks.deep_networks training 1000 dense
    OMP_NUM_THREADS=1 python -m runs.benchmarks.deep_networks eigenvalue 1600

The second line trains for so many steps, the third computes the smallest eigenvalue of the tangent kernel of a ReLU
network of widths (8 n, 100, 1) at n data of 100 inputs, with He's initial weights.
"""

import json
import math
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from flows import Euler, GradientFlow, evolve
from particles import (
    NTK,
    Convolution,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    ParticleCloud,
    ReLU,
    Risk,
    Squared,
    Tanh,
    tangent_gram,
    to_module,
)
from particles.numerics.randomness import generator
from runs.benchmarks.memory import CLEAR, FORGET, MEBIBYTE, resident, trimmed

DATA, ROUNDS, STEP = 1000, 5, 1e-3
NETWORKS = {
    "dense": Deep(64, [Dense(512)] * 4 + [Dense(1)], Tanh(), "standard"),
    "convolution": Deep((3, 8, 8), [Convolution(64, 3)] * 4 + [Dense(1)], Tanh(), "standard"),
}
DTYPES = {"float32": torch.float32, "float64": torch.float64}
#: Numbers of data at which Gram matrices are compared; the peer's Jacobian has as many rows.
COMPARED = {"dense": 200, "convolution": 200}

Work = Callable[[], Tensor]


@dataclass(frozen=True, eq=False)
class Problem:
    """A risk of a deep network at its start, and the same network as a torch module."""

    net: Deep
    risk: Risk
    cloud: ParticleCloud

    @classmethod
    def of(cls, name: str, data: int, dtype: torch.dtype) -> "Problem":
        """One of the networks, with normal inputs and targets."""
        net = NETWORKS[name]
        count = math.prod(net.chain.inputs)
        numbers = torch.from_numpy(generator(0, "data").standard_normal((data, count + 1))).to(dtype)
        risk = Risk(net, NTK(), Squared(), Dataset(numbers[:, :-1], numbers[:, -1]))
        return cls(net, risk, DeepLaw(net).sample(seed=0).to(dtype=dtype))

    @property
    def module(self) -> nn.Module:
        """The torch module, of torch's own layers."""
        return to_module(self.risk.network, self.cloud)

    @property
    def inputs(self) -> Tensor:
        """The data in the shape that the module reads."""
        inputs = self.risk.data.inputs
        return inputs.reshape(len(inputs), *self.net.chain.inputs)


def our_velocity(problem: Problem) -> Work:
    """Our velocity [dim], each time of a new cloud, since a risk computes the predictions of one cloud only once."""
    return lambda: problem.risk.velocity(problem.cloud.moved(problem.cloud.positions))[0]


def backward(problem: Problem) -> Work:
    """Minus the gradient [dim] by a forward and a backward pass of the module."""
    module, inputs, targets = problem.module, problem.inputs, problem.risk.data.targets

    def velocity() -> Tensor:
        module.zero_grad()
        (0.5 * (module(inputs) - targets).square().mean()).backward()
        return -torch.cat([parameter.grad.flatten() for parameter in module.parameters() if parameter.grad is not None])

    return velocity


def our_gram(problem: Problem) -> Work:
    """Our Gram matrix."""
    return lambda: tangent_gram(problem.risk, problem.cloud.moved(problem.cloud.positions))


def func_gram(problem: Problem) -> Work:
    """The Gram matrix of the Jacobian that torch.func maps over data."""
    module, inputs = problem.module, problem.inputs
    parameters = {name: parameter.detach() for name, parameter in module.named_parameters()}

    def one(held: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(module, held, (x[None],))[0, 0]  # type: ignore[no-any-return]

    def gram() -> Tensor:
        rows = vmap(jacrev(one), in_dims=(None, 0))(parameters, inputs)
        return sum((row.flatten(1) @ row.flatten(1).T for row in rows.values()), start=torch.zeros(()))

    return gram


def our_training(problem: Problem, steps: int) -> Work:
    """Positions after so many steps of Euler's method."""
    flow = GradientFlow(problem.risk)
    return lambda: evolve(flow, problem.cloud, Euler(STEP), until=steps * STEP).positions[0]


def torch_training(problem: Problem, steps: int) -> Work:
    """Parameters after so many steps of torch.optim.SGD of a fresh module."""

    def trained() -> Tensor:
        module, inputs, targets = problem.module, problem.inputs, problem.risk.data.targets
        optimiser = torch.optim.SGD(module.parameters(), lr=STEP)
        for _ in range(steps):
            optimiser.zero_grad()
            (0.5 * (module(inputs) - targets).square().mean()).backward()
            optimiser.step()
        return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])

    return trained


METHODS: dict[str, Callable[[Problem], Work]] = {
    "our velocity": our_velocity,
    "backward": backward,
    "our gram": our_gram,
    "torch.func gram": func_gram,
}


@dataclass(frozen=True)
class Compared:
    """Processor seconds of every round of ours and of the peer, and the largest relative difference."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]
    error: float

    @classmethod
    def of(cls, ours: Work, peer: Work, rounds: int = ROUNDS) -> "Compared":
        """Time both in turn, after one call of each."""
        mine, its = ours(), peer()
        times = [(_timed(ours)[0], _timed(peer)[0]) for _ in range(rounds)]
        error = float((mine - its).abs().max() / its.abs().max())
        return cls(tuple(one for one, _ in times), tuple(two for _, two in times), error)

    @property
    def line(self) -> str:
        """Medians in milliseconds, the ratio of the peer's time to ours with its range, and the difference."""
        ratios = [peer / mine for mine, peer in zip(self.ours, self.peer, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        ours, peer = (1e3 * statistics.median(times) for times in (self.ours, self.peer))
        return f"ours {ours:9.1f} ms, peer {peer:9.1f} ms, peer in ours {spread}, difference {self.error:.1e}"


def _timed(work: Work) -> tuple[float, Tensor]:
    """The processor seconds of one call, and its result."""
    began = process_time()
    found = work()
    return process_time() - began, found


def peak_here(method: str, name: str, dtype: str, data: int) -> int:
    """The peak of the second call of a method, minus what was resident before the first, in bytes."""
    METHODS[method](Problem.of(name, 2, DTYPES[dtype]))()
    work = METHODS[method](Problem.of(name, data, DTYPES[dtype]))
    trimmed()
    before = resident("VmRSS")
    work()
    trimmed()
    CLEAR.write_text(FORGET)
    work()
    return resident("VmHWM") - before


def peak(method: str, name: str, dtype: str, data: int) -> int:
    """The same, in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "peak", method, name, dtype, str(data)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(json.loads(said.splitlines()[-1]))


def smallest_eigenvalue(data: int, inputs: int = 100, width: int = 100) -> tuple[float, float, float]:
    """The smallest eigenvalue of the tangent kernel, and the seconds of the kernel and of its eigenvalues."""
    net = Deep(inputs, [Dense(8 * data), Dense(width), Dense(1)], ReLU(), "standard", weight_variance=2.0)
    numbers = torch.from_numpy(generator(0, "data").standard_normal((data, inputs)))
    risk = Risk(net, NTK(), Squared(), Dataset(numbers, numbers[:, :1]))
    cloud = DeepLaw(net).sample(seed=0)
    began = perf_counter()
    gram = tangent_gram(risk, cloud)
    made = perf_counter()
    return float(torch.linalg.eigvalsh(gram)[0]), made - began, perf_counter() - made


def main(data: int = DATA, rounds: int = ROUNDS, dtypes: Sequence[str] = tuple(DTYPES)) -> list[Compared]:
    """Measure velocities and Gram matrices, and print a table."""
    results = []
    for name in NETWORKS:
        for dtype in dtypes:
            fewer = min(data, COMPARED[name])
            for what, count, ours, peer in (
                ("velocity", data, our_velocity, backward),
                ("gram", fewer, our_gram, func_gram),
            ):
                problem = Problem.of(name, count, DTYPES[dtype])
                results.append(Compared.of(ours(problem), peer(problem), rounds))
                print(f"{name:12}{dtype}  {what:9} n = {count:5}: {results[-1].line}", flush=True)
            work = our_gram(Problem.of(name, data, DTYPES[dtype]))
            print(f"{name:12}{dtype}  gram      n = {data:5}: ours {1e3 * _timed(work)[0]:9.1f} ms", flush=True)
            for method, count in (("our velocity", data), ("backward", data), ("our gram", data)):
                peaked = peak(method, name, dtype, count) / MEBIBYTE
                print(f"{name:12}{dtype}  {method:16} n = {count:5}: {peaked:7.0f} MiB", flush=True)
            for method in ("our gram", "torch.func gram"):
                peaked = peak(method, name, dtype, fewer) / MEBIBYTE
                print(f"{name:12}{dtype}  {method:16} n = {fewer:5}: {peaked:7.0f} MiB", flush=True)
    return results


def training(steps: int, name: str, dtype: str = "float32", rounds: int = 1) -> Compared:
    """Train both for so many steps, and print how long that took."""
    problem = Problem.of(name, DATA, DTYPES[dtype])
    ours, peer = our_training(problem, steps), torch_training(problem, steps)
    times = [(_timed(ours), _timed(peer)) for _ in range(rounds)]
    (_, mine), (_, its) = times[-1]
    error = float((mine - its).abs().max() / its.abs().max())
    found = Compared(tuple(one for (one, _), _ in times), tuple(two for _, (two, _) in times), error)
    print(f"{name}, {dtype}, {steps} steps: {found.line}", flush=True)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1:2] == ["peak"]:
        print(json.dumps(peak_here(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))))
    elif sys.argv[1:2] == ["training"]:
        training(int(sys.argv[2]), sys.argv[3])
    elif sys.argv[1:2] == ["eigenvalue"]:
        least, made, solved = smallest_eigenvalue(int(sys.argv[2]))
        print(f"smallest eigenvalue {least:.1f}; kernel {made:.1f} s, eigenvalues {solved:.1f} s")
        print(f"peak of the process {resident('VmHWM') / MEBIBYTE:.0f} MiB")
    else:
        main()
