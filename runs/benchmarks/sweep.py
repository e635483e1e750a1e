"""The time of a sweep of many small runs by one local worker, by two, and by a Dask cluster of two.

The study has 64 runs, 8 values of gamma times 8 seeds, on simulated data. Seconds are those of the whole batch with the
start of its processes; the start of the cluster is given separately. The files must have the same bits. Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.sweep
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from rich.console import Console

from particles.trajectory.content.comparison import differing
from runs.batch.dask_cluster import cluster_here
from runs.batch.jobs import Crew
from runs.batch.processes import Processes
from runs.benchmarks.peers import installed
from runs.studyfile.model.reading import read_study
from runs.studyfile.study import jobs_of, run_study

STUDY = """
until = {until}
seeds = {seeds}
scaling = "ntk"
observables = ["risk", "largest_movement"]
frames = {{ time = {apart} }}
[data]
source = "simulated"
[neuron]
kind = "perceptron"
activation = "tanh"
[masses]
kind = "asymmetrical"
count = {count}
gamma = 0.5
alpha = 0.7
[sweep.over]
"masses.gamma" = {gammas}
"""


@dataclass(frozen=True)
class Size:
    """The numbers of values of gamma, seeds and particles of the sweep, and the flow time of a run."""

    gammas: int = 8
    seeds: int = 8
    count: int = 500
    until: float = 200.0

    @property
    def study(self) -> str:
        """The text of the study file."""
        gammas = [(number + 1) / self.gammas for number in range(self.gammas)]
        return STUDY.format(until=self.until, apart=self.until / 8, seeds=self.seeds, count=self.count, gammas=gammas)


@dataclass(frozen=True)
class Timing:
    """The seconds to start a crew and to do the batch, and the number of files with the bits of the first crew's."""

    arm: str
    start: float
    seconds: float
    runs: int
    identical: int

    @property
    def line(self) -> str:
        """One line of the table."""
        return f"{self.arm:24}{self.start:8.1f} s{self.seconds:8.1f} s{self.identical:>8} of {self.runs}"


def crews() -> dict[str, Callable[[Path], AbstractContextManager[Crew]]]:
    """The crews that this machine can have, by name; the first has one worker."""
    found: dict[str, Callable[[Path], AbstractContextManager[Crew]]] = {
        "1 worker": lambda folder: nullcontext(Processes(1)),
        "2 workers": lambda folder: nullcontext(Processes(2)),
    }
    if installed("distributed"):
        found["Dask cluster of 2"] = partial(cluster_here, 2)
    return found


def measured(size: Size, folder: Path) -> list[Timing]:
    """Do the sweep by every crew, each in a folder of its own, and compare its files with those of the first crew."""
    path = folder / "sweep.toml"
    path.write_text(size.study)
    study = read_study(path)
    first = folder / "1 worker"
    results = []
    for arm, made in crews().items():
        jobs = jobs_of(study, folder / arm)
        began = perf_counter()
        with made(folder / arm) as crew:
            ready = perf_counter()
            done = run_study(jobs, Console(quiet=True), crew)
            ended = perf_counter()
        whole = [job for job in jobs if job.config.digest not in done.failures]
        same = sum(not differing(job.path, first / job.config.digest / "run.h5") for job in whole)
        results.append(Timing(arm, ready - began, ended - ready, len(jobs), same))
    return results


def main(sizes: Sequence[Size] = (Size(),)) -> list[Timing]:
    """Measure every size and print a table."""
    results = []
    for size in sizes:
        print(f"{size.gammas * size.seeds} runs of {size.count} particles until {size.until:g}")
        print(f"{'by':24}{'start':>10}{'batch':>10}{'identical':>12}")
        with tempfile.TemporaryDirectory() as folder:
            for result in measured(size, Path(folder)):
                results.append(result)
                print(result.line, flush=True)
    return results


if __name__ == "__main__":
    main()
