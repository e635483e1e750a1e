"""The cost of recording: a frame and ten observables at every step, beside the same run without recording.

The run has tanh neurons on normal inputs under `NTK()`, float64, and asymmetrical masses, in a process with the
settings of `meanfield run`. The kinds of recording take turns in one process, and the ratio to the bare run is taken
within each round. Seconds are processor time, which other programs disturb less, from the first step to the last, so
the creation of the file is not included. Nothing waits for the disk, since HDF5 flushes to the system's cache. Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.recording
"""

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import torch

from flows import Adaptive, Euler, GradientFlow, Integrator, Observer, evolve
from particles import (
    NTK,
    Accuracy,
    Dataset,
    GaussianLaw,
    GramChange,
    Identity,
    LargestMovement,
    MassWeightedMovement,
    MeanMovement,
    ParticleCloud,
    Perceptron,
    Risk,
    SmallestEigenvalue,
    Squared,
    Tanh,
    Trajectory,
    effective_count,
    masses,
)
from particles.numerics.randomness import generator
from runs.batch.processes import settle

COUNT, STEPS, ROUNDS = 20_000, 10, 5
#: Numbers of data and inputs, and integrator; an adaptive step takes about ten velocities and a Gram matrix.
CASES = ((200, 10, "euler"), (1000, 10, "euler"), (1000, 50, "euler"), (200, 10, "adaptive"))
#: Number of rows for which tangent Gram matrices are computed, as in study files.
GRAM_ROWS = 50

Observables = Mapping[str, Callable[[ParticleCloud], Any]]


@dataclass(frozen=True, eq=False)
class RecordedFlow:
    """A risk, the same risk on test data, and the start of its flow."""

    risk: Risk
    test: Risk
    start: ParticleCloud

    @classmethod
    def of(cls, count: int, data: int, inputs: int) -> "RecordedFlow":
        """A risk on normal inputs whose targets are signs of normal numbers, with as many test data."""
        numbers = torch.from_numpy(generator(0, "data").standard_normal((2 * data, inputs + 1)))
        x = numbers[:, :-1]
        y = numbers[:, -1].sign()
        neuron = Perceptron(Tanh(), Identity(inputs))
        risk = Risk(neuron, NTK(), Squared(), Dataset(x[:data], y[:data]))
        cloud = GaussianLaw(neuron).sample(masses=masses.asymmetrical(count, gamma=0.5, alpha=0.7), seed=0)
        return cls(risk, risk.on(Dataset(x[data:], y[data:])), cloud)

    def cheap(self) -> Observables:
        """Ten observables that need only the positions or the predictions on the training data."""
        return {
            "risk": self.risk,
            "residual": lambda cloud: self.risk.residual(cloud).square().mean(),
            "largest_residual": lambda cloud: self.risk.residual(cloud).abs().max(),
            "accuracy": Accuracy(self.risk),
            "mean_movement": MeanMovement(self.start),
            "mass_weighted_movement": MassWeightedMovement(self.start),
            "largest_movement": LargestMovement(self.start),
            "effective_count": effective_count,
            "mean": lambda cloud: cloud.masses @ cloud.positions,
            "largest_position": lambda cloud: cloud.positions.abs().max(),
        }

    def costly(self) -> Observables:
        """Ten observables of study files, with predictions on test data and two tangent Gram matrices."""
        rows = self.risk.data.inputs[:GRAM_ROWS]
        some = ("risk", "accuracy", "mean_movement", "mass_weighted_movement", "largest_movement", "effective_count")
        return {name: self.cheap()[name] for name in some} | {
            "test_risk": self.test,
            "test_accuracy": Accuracy(self.test),
            "gram_change": GramChange(self.risk, self.start, rows),
            "smallest_eigenvalue": SmallestEigenvalue(self.risk, rows),
        }


#: The kinds of recording: whether frames are recorded, and which observables.
ARMS: dict[str, tuple[bool, Callable[[RecordedFlow], Observables] | None]] = {
    "bare": (False, None),
    "frames": (True, None),
    "ten cheap": (False, RecordedFlow.cheap),
    "frames, ten cheap": (True, RecordedFlow.cheap),
    "frames, ten costly": (True, RecordedFlow.costly),
}


@dataclass(frozen=True)
class Timing:
    """The seconds of a step in every round of one kind of recording, and their ratios to those of the bare run."""

    arm: str
    seconds: tuple[float, ...]
    ratios: tuple[float, ...]

    @property
    def line(self) -> str:
        """One line of the table: medians, and the range of the ratio."""
        spread = f"{statistics.median(self.ratios):6.3f} ({min(self.ratios):.3f} to {max(self.ratios):.3f})"
        return f"{self.arm:20}{1e3 * statistics.median(self.seconds):10.1f} ms{spread:>28}"


def integrator_of(name: str) -> Integrator[Any]:
    """The integrator of this name: Euler with step 0.1, or the default adaptive one."""
    return Euler(0.1) if name == "euler" else Adaptive(rtol=1e-4)


def timed(problem: RecordedFlow, integrator: Integrator[Any], steps: int, arm: str, folder: Path) -> float:
    """The seconds of one step of a run with this kind of recording."""
    has_frames, choose = ARMS[arm]
    made = Trajectory.create(folder / "run.h5") if has_frames or choose else nullcontext()
    moments: list[float] = []

    def count(step: int, time: float, cloud: ParticleCloud) -> bool:
        moments.append(process_time())
        return step > steps

    with made as writer:
        observers: list[Observer] = [count]
        if writer is not None and choose is not None:
            observers.append(writer.trace(**choose(problem)))
        if writer is not None and has_frames:
            observers.append(writer)
        evolve(GradientFlow(problem.risk), problem.start, integrator, until=1e6, observers=observers)
    (folder / "run.h5").unlink(missing_ok=True)
    return (moments[-1] - moments[1]) / (len(moments) - 2)


def measured(problem: RecordedFlow, integrator: Integrator[Any], steps: int, rounds: int) -> list[Timing]:
    """Time every kind of recording `rounds` times in turn, after one run to warm up."""
    seconds: dict[str, list[float]] = {arm: [] for arm in ARMS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            for arm, taken in seconds.items():
                one = timed(problem, integrator, steps, arm, Path(folder))
                if number:
                    taken.append(one)
    bare = seconds["bare"]
    return [
        Timing(arm, tuple(taken), tuple(mine / plain for mine, plain in zip(taken, bare, strict=True)))
        for arm, taken in seconds.items()
    ]


def main(
    cases: Sequence[tuple[int, int, str]] = CASES, count: int = COUNT, steps: int = STEPS, rounds: int = ROUNDS
) -> list[Timing]:
    """Measure every case and print a table."""
    settle()
    results = []
    for data, inputs, name in cases:
        print(f"m = {count:,}, n = {data}, d = {inputs}, {name}, {torch.get_num_threads()} thread(s)")
        print(f"{'recorded':20}{'a step':>13}{'times bare (range)':>28}")
        for result in measured(RecordedFlow.of(count, data, inputs), integrator_of(name), steps, rounds):
            results.append(result)
            print(result.line, flush=True)
    return results


if __name__ == "__main__":
    main()
