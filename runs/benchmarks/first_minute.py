"""What a user waits for at first: imports, commands that only look, and the main job of the README without a cache.

Each is a process of its own. Seconds are those of the wall, and of processors in it and in all that it starts, its
workers and their server included; of several rounds the middle is shown, and the range. The first line is the time
until something stands on standard error. The main job has an empty cache of compiled kernels. Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.first_minute
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import runs

#: Runs a command and prints its exit code, its seconds, those until its first line, and those of processors. On Linux
#: it waits for processes whose parent has ended, too.
PROGRAM = """
import ctypes, json, os, resource, subprocess, sys, threading, time
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
first = process.stderr.readline()
seen = time.perf_counter() - began
rest = []
reader = threading.Thread(target=lambda: rest.append(process.stderr.read()))
reader.start()
code, wall = process.wait(), time.perf_counter() - began
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
reader.join()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
said = (first + rest[0]).decode()
print(json.dumps([code, wall, seen if first else None, used.ru_utime + used.ru_stime, said]))
"""
IMPORTS = ("torch", "particles", "flows", "limits", "runs", "runs.study.running")
ROOT = Path(runs.__file__).parents[1]


@dataclass(frozen=True)
class Timing:
    """Seconds of every round of one command: wall, processors, and until the first line where there was one."""

    what: str
    wall: tuple[float, ...]
    processors: tuple[float, ...]
    first_line: float | None = None

    @property
    def line(self) -> str:
        """One line of the table."""
        first = "-" if self.first_line is None else f"{self.first_line:.2f}"
        return f"{self.what:34}{_spread(self.wall):>24}{_spread(self.processors):>24}{first:>12}"


def _spread(seconds: Sequence[float]) -> str:
    middle = f"{median(seconds):.2f}"
    return middle if len(seconds) == 1 else f"{middle} ({min(seconds):.2f} to {max(seconds):.2f})"


def measured(what: str, command: Sequence[str], rounds: int = 1, added: Mapping[str, str] | None = None) -> Timing:
    """The seconds of a command, with variables `added` to the environment; raises RuntimeError where it fails."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, **(added or {})}
    found = []
    for _ in range(rounds):
        call = [sys.executable, "-c", PROGRAM, *command]
        done = subprocess.run(call, capture_output=True, text=True, env=environment, check=True)
        code, *seconds, said = json.loads(done.stdout)
        if code != 0:
            raise RuntimeError(f"{what} ended with code {code}: {said.strip()}")
        found.append(seconds)
    wall, first, processors = zip(*found, strict=True)
    return Timing(what, wall, processors, None if None in first else median(first))


def meanfield(*words: str) -> list[str]:
    """The command line with these words."""
    return [sys.executable, "-m", "runs", *words]


def main(rounds: int = 5, scale: str = "laptop", imports: Sequence[str] = IMPORTS) -> list[Timing]:
    """Measure everything, the main job once at a scale, and print a table."""
    results = []

    def show(timing: Timing) -> None:
        results.append(timing)
        print(timing.line, flush=True)

    print(f"{'':34}{'wall, s':>24}{'processors, s':>24}{'first line':>12}")
    for module in imports:
        show(measured(f"import {module}", [sys.executable, "-c", f"import {module}"], rounds))
    with tempfile.TemporaryDirectory() as held:
        out, cache = Path(held, "results"), {"NUMBA_CACHE_DIR": str(Path(held, "kernels"))}
        job = meanfield("run", "asymmetric-scaling", "--scale", scale, "--workers", "2", "--out", str(out))
        show(measured(f"meanfield run, {scale}", job, added=cache))
        show(measured("meanfield run, once more", job, added=cache))
        some = str(min(out.glob("*.h5")))
        for words in (("--version",), ("list",), ("info", some), ("status", str(out))):
            show(measured(f"meanfield {words[0]}", meanfield(*words), rounds))
    return results


if __name__ == "__main__":
    main()
