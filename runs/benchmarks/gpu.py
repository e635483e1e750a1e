"""One velocity on a GPU: the fused kernels beside plain torch, CUDA graphs, autograd, torch.compile, JAX jit and KeOps.

The problem is that of `velocity.py` (tanh neurons, hidden weights trained, float32). Clouds range from ones so small
that launches cost more than arithmetic to 10^8 particles. The table shows for every method its seconds, their ratio to
those of the fused kernels, the part of the roofline that the fused kernels' own work would reach in that time, the
memory that one velocity takes beyond its arguments, and the difference from float64 on the CPU. The two ceilings of the
roofline are measured in the same run. The benchmark has not yet been run on a GPU. Peers are measured where they are
installed (`pip install pykeops "jax[cuda12]"`). Run as

    XLA_PYTHON_CLIENT_PREALLOCATE=false python -m runs.benchmarks.gpu
"""

import importlib
import math
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from particles.compute.cuda_graphs import GRAPH_ENTRIES, REPEATS
from runs.benchmarks.ceilings import Ceilings, Work, ceilings_of, seconds_of, wait
from runs.benchmarks.peers import installed
from runs.benchmarks.velocity import TimedRisk, Velocity, autograd, compiled, jax_jit

#: Numbers of particles, data and inputs.
SIZES = (
    *((1_000, 100, 20), (100_000, 100, 20), (20_000, 1000, 50), (1_000_000, 100, 2), (1_000_000, 1000, 10)),
    (100_000_000, 100, 2),
)
ROUNDS = 7
#: Largest number of entries of the [particles, data] matrix for which the CPU computes the velocity too.
CHECKED_ENTRIES = 2 * 10**8
#: Number of operations of one tanh in float32 in `particles.compute.triton_activations`; a quotient counts as four, an
#: exponential as two.
TANH = 24
#: Side of the matrices and length of the vector with which the ceilings are measured.
SIDE = 8192
LENGTH = 2**28

Method = Callable[[TimedRisk], Velocity]


def work(count: int, data: int, inputs: int) -> Work:
    """The work of the fused kernels: m n (6 d + 5 + 2 TANH) operations and 4 m (4 (d + 1) + 2) bytes.

    Of the operations z takes 2 d twice, the pull 2 d more, predictions 2, c . a 1, and sigma' with its product 2.
    Positions and factors are read twice, and the result is cleared and written.
    """
    return Work(count * data * (6 * inputs + 5 + 2 * TANH), 4 * count * (4 * (inputs + 1) + 2))


@dataclass(frozen=True)
class Line:
    """The result of one method at one size; unknown numbers are NaN, and `failure` says why a method failed."""

    method: str
    seconds: tuple[float, ...] = ()
    ratios: tuple[float, ...] = ()
    roofline: float = math.nan
    mebibytes: float = math.nan
    difference: float = math.nan
    failure: str = ""

    @property
    def line(self) -> str:
        """One line of the table: medians, with the range of the ratio."""
        if self.failure:
            return f"{self.method:16}{self.failure}"
        median = f"{1e3 * statistics.median(self.seconds):11.3f} ms"
        spread = f"{statistics.median(self.ratios):.2f} ({min(self.ratios):.2f} to {max(self.ratios):.2f})"
        rest = f"{self.roofline:10.1%}{self.mebibytes:12.0f} MiB{self.difference:12.1e}"
        return f"{self.method:16}{median}{spread:>26}{rest}"


HEADER = f"{'method':16}{'median':>14}{'times the first (range)':>26}{'roofline':>10}{'memory':>16}{'difference':>12}"


def fused(problem: TimedRisk) -> Velocity:
    """Our velocity by the fused kernels, at any size."""
    risk = replace(problem.risk, fused=True)
    cloud = problem.cloud
    return lambda: risk.at(cloud.moved(cloud.positions)).velocity


def plain(problem: TimedRisk) -> Velocity:
    """Our velocity by plain torch, tile by tile."""
    risk = replace(problem.risk, fused=False)
    cloud = problem.cloud
    return lambda: risk.at(cloud.moved(cloud.positions)).velocity


def graph(problem: TimedRisk) -> Velocity:
    """Plain torch as a recorded CUDA graph; raises RuntimeError for a cloud that is too large to be recorded."""
    risk = replace(problem.risk, fused=False)
    cloud = problem.cloud
    if cloud.count * risk.data.targets.numel() > GRAPH_ENTRIES:
        raise RuntimeError(f"not recorded, above {GRAPH_ENTRIES} entries")
    for _ in range(REPEATS):
        risk.velocity(cloud)
    return lambda: risk.velocity(cloud.moved(cloud.positions))


def keops(problem: TimedRisk) -> Velocity:
    """-grad of the risk, with the sum over particles by KeOps, which lacks tanh z = 2 / (1 + exp(-2 z)) - 1."""
    lazy = importlib.import_module("pykeops.torch").LazyTensor
    weights, outputs, phi, targets = problem.tensors
    weights.requires_grad_()
    data = lazy(phi[:, None, :].contiguous())
    lazy_outputs = lazy(outputs[None, :, None].contiguous())

    def velocity() -> Tensor:
        z = (data * lazy(weights[None, :, :])).sum(-1)
        f = ((2.0 / (1.0 + (-2.0 * z).exp()) - 1.0) * lazy_outputs).sum(dim=1)[:, 0]
        (slope,) = torch.autograd.grad(0.5 * (f - targets).square().mean(), weights)
        return -slope

    return velocity


def jax_there(problem: TimedRisk) -> Velocity:
    """The velocity by JAX's jit, on the device that JAX uses by default."""
    return jax_jit(TimedRisk(problem.risk, problem.cloud.to(device="cpu")))


def methods(device: torch.device) -> dict[str, Method]:
    """The methods that this machine can run; the first is the one with which others are compared."""
    found: dict[str, Method] = {"fused": fused} if device.type == "cuda" else {}
    found |= {"plain torch": plain, "autograd": autograd}
    found |= {"CUDA graph": graph} if device.type == "cuda" else {}
    if shutil.which("g++"):
        found["torch.compile"] = compiled
    if installed("jax"):
        found["JAX jit"] = jax_there
    if installed("pykeops"):
        found["KeOps"] = keops
    return found


def measured(problem: TimedRisk, chosen: dict[str, Method], ceilings: Ceilings, rounds: int = ROUNDS) -> list[Line]:
    """Time every method `rounds` times in turn, after a first call that gives its memory, its result or its failure."""
    device, (data, inputs) = problem.cloud.device, problem.risk.data.inputs.shape
    bound = ceilings.seconds(work(problem.cloud.count, data, inputs))
    truth = _truth(problem)
    velocities: dict[str, Velocity] = {}
    results: dict[str, Line] = {}
    for name, make in chosen.items():
        try:
            velocity = make(problem)
            velocity()
            mebibytes, found = _memory(velocity, device)
        except (RuntimeError, MemoryError) as error:
            results[name] = Line(name, failure=f"{type(error).__name__}: {str(error).partition(chr(10))[0][:80]}")
            continue
        velocities[name] = velocity
        difference = math.nan if truth is None else _difference(found, truth)
        results[name] = Line(name, mebibytes=mebibytes, difference=difference)
        del found
    seconds: dict[str, list[float]] = {name: [] for name in velocities}
    for _ in range(rounds):
        for name, velocity in velocities.items():
            seconds[name].append(seconds_of(velocity, device))
    first = next(iter(seconds.values()), [])
    for name, taken in seconds.items():
        ratios = tuple(theirs / mine for theirs, mine in zip(taken, first, strict=True))
        roofline = bound / statistics.median(taken)
        results[name] = replace(results[name], seconds=tuple(taken), ratios=ratios, roofline=roofline)
    return list(results.values())


def waits(velocity: Velocity) -> bool:
    """Whether a velocity on CUDA makes the host wait for the device."""
    mode = torch.cuda.get_sync_debug_mode()
    torch.cuda.set_sync_debug_mode("error")
    try:
        velocity()
    except RuntimeError:
        return True
    finally:
        torch.cuda.set_sync_debug_mode(mode)
    return False


def main(device: str = "cuda", sizes: Sequence[tuple[int, int, int]] = SIZES, rounds: int = ROUNDS) -> int:
    """Measure every size and print a table; returns 2 after one sentence where there is no such device."""
    if device == "cuda" and not torch.cuda.is_available():
        print(
            "This benchmark needs a CUDA device, and torch finds none; run it on a machine with one.", file=sys.stderr
        )
        return 2
    there = torch.device(device)
    name = torch.cuda.get_device_name(there) if there.type == "cuda" else device
    ceilings = ceilings_of(there, SIDE, LENGTH) if there.type == "cuda" else ceilings_of(there, 256, 2**20)
    print(f"{name}, torch {torch.__version__}: {ceilings.operations / 1e12:.2f} TFLOP/s in float32 (matrix product),")
    print(f"{ceilings.traffic / 1e9:.0f} GB/s (copy)")
    for count, data, inputs in sizes:
        cpu = TimedRisk.of(count, data, inputs)
        problem = TimedRisk(cpu.risk, cpu.cloud.to(device=there))
        del cpu
        print(f"\nm = {count:,}, n = {data}, d = {inputs}, float32\n{HEADER}")
        for result in measured(problem, methods(there), ceilings, rounds):
            print(result.line, flush=True)
        if there.type == "cuda":
            print(f"the host waits for the device inside a fused velocity: {'yes' if waits(fused(problem)) else 'no'}")
    return 0


def _memory(velocity: Velocity, device: torch.device) -> tuple[float, object]:
    """The largest additional memory of torch in MiB (NaN on the CPU), and the result."""
    if device.type != "cuda":
        return math.nan, velocity()
    wait(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    found = velocity()
    wait(device)
    return (torch.cuda.max_memory_allocated(device) - before) / 2**20, found


def _truth(problem: TimedRisk) -> Tensor | None:
    """The velocity of the hidden weights in float64 on the CPU, or None where that takes more than seconds."""
    if problem.cloud.count * problem.risk.data.count > CHECKED_ENTRIES:
        return None
    cloud = problem.cloud.to(device="cpu", dtype=torch.float64)
    return replace(problem.risk, fused=False).velocity(cloud)[:, : problem.risk.network.neuron.hidden]


def _difference(found: object, truth: Tensor) -> float:
    """The largest difference, relative to the largest velocity."""
    tensor = found.cpu() if isinstance(found, Tensor) else torch.from_numpy(np.array(found))
    return float((tensor[:, : truth.shape[1]].double() - truth).abs().max() / truth.abs().max())


if __name__ == "__main__":
    sys.exit(main())
