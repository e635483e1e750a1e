"""The roofline: the largest rates of a device, measured in the same run, and the least time for some work."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import torch

#: Side of the matrices and length of the vector on which the ceilings of a CPU are measured.
SIDE = 1024
LENGTH = 2**25
REPEATED = 7


@dataclass(frozen=True)
class Work:
    """An amount of work: floating-point operations, and bytes to and from memory."""

    operations: float
    traffic: float


@dataclass(frozen=True)
class Ceilings:
    """The largest rates of a device: operations and bytes a second."""

    operations: float
    traffic: float

    def seconds(self, work: Work) -> float:
        """The least time for some work in seconds: the longer one of its operations and its traffic."""
        return max(work.operations / self.operations, work.traffic / self.traffic)


def ceilings_of(device: torch.device, side: int = SIDE, length: int = LENGTH, rounds: int = REPEATED) -> Ceilings:
    """The rates of the fastest of some float32 matrix products without TF32, and of some copies of a long vector."""
    matrix = torch.ones(side, side, device=device)
    vector = torch.ones(length, device=device)
    product, copy = torch.empty_like(matrix), torch.empty_like(vector)
    tf32, torch.backends.cuda.matmul.allow_tf32 = torch.backends.cuda.matmul.allow_tf32, False
    operations = 2 * side**3 / fastest(lambda: torch.matmul(matrix, matrix, out=product), device, rounds)
    torch.backends.cuda.matmul.allow_tf32 = tf32
    return Ceilings(operations, 8 * length / fastest(lambda: copy.copy_(vector), device, rounds))


def fastest(work: Callable[[], object], device: torch.device, rounds: int = REPEATED) -> float:
    """The seconds of the fastest of some repetitions, after one to warm up."""
    work()
    return min(seconds_of(work, device) for _ in range(rounds))


def seconds_of(work: Callable[[], object], device: torch.device) -> float:
    """The wall time until the device has done the work, in seconds."""
    wait(device)
    began = perf_counter()
    work()
    wait(device)
    return perf_counter() - began


def wait(device: torch.device) -> None:
    """Wait until a CUDA device has done all its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
