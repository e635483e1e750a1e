"""The time of one cloud that is held by one and by two ranks of one thread, in turn within the same two processes.

The run is Euler steps of a gradient flow (tanh, hidden weights, NTK scaling, asymmetrical masses, n = 100). While the
first rank works alone, the second waits for a message, which takes no processor time. The table shows, round by round,
the efficiency t_1 / (2 t_2), where t_2 is the time of the slower rank. It also shows the processor time of one rank
over that of both, which is the efficiency without waiting and holds on a busy machine too; the time of a cloud that is
not shared in units of t_1; and whether the end clouds have the same bits. Two idle cores are needed. Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.ranks
"""

import json
import multiprocessing
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import torch

from flows import Euler, GradientFlow, evolve
from particles import (
    NTK,
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    Ranks,
    Risk,
    SharedCloud,
    Squared,
    Tanh,
    masses,
)
from particles.numerics.randomness import generator

COUNT, DATA, STEPS, ROUNDS = 1_000_000, 100, 1, 7
#: Numbers of inputs, and dtypes.
SIZES = ((2, "float64"), (2, "float32"), (20, "float64"), (20, "float32"))
RANKS = 2


@dataclass(frozen=True)
class Task:
    """The run that is timed: particles, inputs, dtype, steps and rounds."""

    count: int
    inputs: int
    dtype: str
    steps: int
    rounds: int

    def problem(self) -> tuple[GradientFlow, ParticleCloud]:
        """A flow on normal inputs and targets, and a cloud; they are the same in every process."""
        numbers = torch.from_numpy(generator(0, "data").standard_normal((DATA, self.inputs + 1)))
        neuron = Perceptron(Tanh(), Identity(self.inputs))
        risk = Risk(neuron, NTK(), Squared(), Dataset(numbers[:, :-1], numbers[:, -1]))
        cloud = GaussianLaw(neuron).sample(masses=masses.asymmetrical(self.count, 0.5, 0.7), seed=0)
        return GradientFlow(risk), cloud.to(dtype=torch.float32 if self.dtype == "float32" else torch.float64)


@dataclass(frozen=True)
class Timing:
    """The seconds of every round for a cloud that is not shared (`plain`), on one rank (`one`) and on all (`all`).

    `work` is the processor time of one rank over that of all together, and `identical` says whether the end clouds have
    the same bits.
    """

    task: Task
    plain: tuple[float, ...]
    one: tuple[float, ...]
    all: tuple[float, ...]
    work: tuple[float, ...]
    identical: bool

    @property
    def efficiencies(self) -> list[float]:
        """The efficiency t_1 / (2 t_2) of every round."""
        return [alone / (RANKS * together) for alone, together in zip(self.one, self.all, strict=True)]

    @property
    def line(self) -> str:
        """One line of the table, with medians and ranges."""
        beside = [plain / one for plain, one in zip(self.plain, self.one, strict=True)]
        return (
            f"{self.task.inputs:4}  {self.task.dtype:9}{statistics.median(self.one):9.3f} s"
            f"{statistics.median(self.all):9.3f} s   {_spread(self.efficiencies)}   {_spread(self.work)}   "
            f"{_spread(beside)}   "
            f"{'same' if self.identical else 'OTHER'}"
        )


def _spread(numbers: Sequence[float]) -> str:
    return f"{statistics.median(numbers):.2f} ({min(numbers):.2f} to {max(numbers):.2f})"


def work(ranks: Ranks, task: Task) -> Timing:
    """Do the task on one rank of the group; the timing of the first rank is the result."""
    flow, cloud = task.problem()
    shared = SharedCloud.of(cloud, ranks)
    alone = SharedCloud.of(cloud, Ranks()) if ranks.is_first else shared

    times: dict[str, list[tuple[float, float]]] = {"plain": [], "one": [], "all": []}

    def timed(name: str, start: ParticleCloud, here: bool) -> ParticleCloud:
        ranks.number()
        start = start.moved(start.positions)  # a new cloud, so that nothing is cached from the round before
        began = perf_counter()
        worked = process_time()
        end = start
        if here:
            end = evolve(flow, start, Euler(0.5), until=0.5 * task.steps)
        own = torch.tensor([perf_counter() - began, (process_time() - worked) if here else 0.0], dtype=torch.float64)
        found = torch.stack(ranks.gathered(own))
        times[name].append((float(found[:, 0].max()), float(found[:, 1].sum())))
        return end

    for _ in range(task.rounds + 1):
        timed("plain", cloud, ranks.is_first)
        whole = timed("one", alone, ranks.is_first)
        part = timed("all", shared, True)
    identical = ranks.at_first(_compared(whole, part), [part.positions], shared.share.spans)
    taken = {name: tuple(clock for clock, _ in rounds[1:]) for name, rounds in times.items()}  # the first one warms up
    work_done = tuple(one / both for (_, one), (_, both) in zip(times["one"][1:], times["all"][1:], strict=True))
    return Timing(task, taken["plain"], taken["one"], taken["all"], work_done, bool(identical))


def _compared(whole: ParticleCloud, part: ParticleCloud) -> Callable[[], bool]:
    return lambda: all(torch.equal(rows, whole.positions[place]) for place, rows in part.rows(part.positions))


def _process(rank: int, folder: str, task: Task) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=RANKS)
    try:
        result = work(Ranks.of_group(), task)
        if rank == 0:
            Path(folder, "result.json").write_text(json.dumps(asdict(result)))
    finally:
        torch.distributed.destroy_process_group()


def measured(task: Task, start: str = "spawn") -> Timing:
    """Do the task by two processes, which multiprocessing creates by the method `start`."""
    with tempfile.TemporaryDirectory() as folder:
        context: Any = multiprocessing.get_context(start)
        workers = [context.Process(target=_process, args=(rank, folder, task)) for rank in range(RANKS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        held = json.loads(Path(folder, "result.json").read_text())
    times = {name: tuple(held[name]) for name in ("plain", "one", "all", "work")}
    return Timing(task, **times, identical=held["identical"])


def main(
    count: int = COUNT,
    sizes: Sequence[tuple[int, str]] = SIZES,
    steps: int = STEPS,
    rounds: int = ROUNDS,
    start: str = "spawn",
) -> list[Timing]:
    """Measure every size and print a table."""
    print(f"m = {count:,}, n = {DATA}, {steps} Euler step(s), {RANKS} ranks of one thread")
    print(
        "   d  dtype         1 rank    2 ranks   efficiency (range)    processor time        not shared / 1        bits"
    )
    results = []
    for inputs, dtype in sizes:
        results.append(measured(Task(count, inputs, dtype, steps, rounds), start))
        print(results[-1].line, flush=True)
    return results


if __name__ == "__main__":
    main()
