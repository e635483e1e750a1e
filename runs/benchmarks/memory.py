"""Peak memory of one velocity on the CPU: ours beside autograd, torch.compile and JAX jit, each in a fresh process.

Problems and methods are those of `velocity.py`. A process first computes the velocity of a small cloud, which loads
libraries and compilers. Then it makes the problem and computes two velocities. The result is the resident memory at the
peak of the second one minus that before the first one, as Linux gives it under /proc. Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.memory
"""

import ctypes
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from runs.benchmarks.velocity import SIZES, TimedRisk, methods

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
#: The text that resets the peak when it is written to `CLEAR`.
FORGET = "5"
MEBIBYTE = 2**20
#: Number of particles of the small cloud, large enough that the fused kernels are loaded.
SMALL = 5000


@dataclass(frozen=True)
class Peak:
    """The bytes at the peak of one method's velocity, of the positions, and of one [particles, data] matrix."""

    method: str
    bytes: int
    positions: int
    matrix: int

    @property
    def line(self) -> str:
        """One line of the table, in MiB and in matrices."""
        return f"{self.method:16}{self.bytes / MEBIBYTE:10.0f} MiB{self.bytes / self.matrix:10.2f} matrices"


def resident(which: str) -> int:
    """The resident memory of this process in bytes, now (VmRSS) or at its peak (VmHWM)."""
    [line] = [line for line in STATUS.read_text().splitlines() if line.startswith(f"{which}:")]
    return 1024 * int(line.split()[1])


def peak_here(method: str, size: tuple[int, int, int]) -> int:
    """The memory of this process at the peak of a second velocity, minus that before the first one, in bytes."""
    methods()[method](TimedRisk.of(SMALL, *size[1:]))()
    velocity = methods()[method](TimedRisk.of(*size))
    trimmed()
    before = resident("VmRSS")
    velocity()
    trimmed()
    CLEAR.write_text(FORGET)
    velocity()
    return resident("VmHWM") - before


def trimmed() -> None:
    """Return freed memory to the system."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def peak(method: str, size: tuple[int, int, int]) -> Peak:
    """The peak of one method at one size, measured in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, method, *map(str, size)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    count, data, inputs = size
    return Peak(method, int(json.loads(said.splitlines()[-1])), 4 * count * (inputs + 1), 4 * count * data)


def main(sizes: Sequence[tuple[int, int, int]] = SIZES) -> list[Peak]:
    """Measure every method at every size and print a table."""
    results = []
    for size in sizes:
        print("m = {:,}, n = {}, d = {}, float32".format(*size), flush=True)
        for method in methods():
            results.append(peak(method, size))
            print(results[-1].line, flush=True)
    return results


if __name__ == "__main__":
    if len(sys.argv) > 1:
        torch.set_num_threads(1)
        print(json.dumps(peak_here(sys.argv[1], (int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))))
    else:
        main()
