"""What noise costs: steps of noisy integrators beside a step of gradient descent, and a normal number beside torch's.

The network has tanh neurons with both layers trained, mean-field scaling, 100 normal data, float32. All kinds of step
take turns in one process, and ratios are taken within each round; each integrator is compared with an `Euler` step and
has a flow of its own. Seconds are processor time, after one round that is not counted. Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.integrators.noise_cost
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import torch

from flows import (
    BAOAB,
    Euler,
    EulerMaruyama,
    Flow,
    GradientFlow,
    Integrator,
    LangevinFlow,
    LeimkuhlerMatthews,
    LinearSplitting,
    StepNoise,
    UnderdampedFlow,
    evolve,
)
from particles import Dataset, GaussianLaw, Identity, MeanField, ParticleCloud, Perceptron, Risk, Squared, Tanh, masses
from particles.numerics.randomness import generator

DATA, STEP, TEMPERATURE = 100, 1e-3, 0.01
#: Numbers of particles and of inputs, with the number of steps in a round.
CASES = ((100_000, 20, 4), (1_000_000, 2, 2), (2_000, 50, 200))
ROUNDS = 5
EULER, NUMBERS, TORCH = "Euler", "normals, ours", "normals, torch.randn"

#: Does so many steps, or draws as many numbers as so many steps need.
Work = Callable[[int], object]


@dataclass(frozen=True)
class Line:
    """What one kind of work costs for a step, and its ratios to a step of `Euler`, round by round."""

    name: str
    seconds: float
    ratios: Sequence[float]
    numbers: int

    @property
    def line(self) -> str:
        """One line of the table: milliseconds a step, nanoseconds a number, the median, least and largest ratio."""
        low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
        each = 1e9 * self.seconds / self.numbers
        return f"{self.name:24}{1e3 * self.seconds:11.2f}{each:11.1f}{middle:9.2f}   [{low:.2f}, {high:.2f}]"


def problem(count: int, inputs: int) -> tuple[Risk, ParticleCloud]:
    """The risk, and a cloud of particles of equal masses."""
    numbers = torch.from_numpy(generator(0, "data").standard_normal((DATA, inputs + 1))).float()
    neuron = Perceptron(Tanh(), Identity(inputs), trained="both")
    risk = Risk(neuron, MeanField(), Squared(), Dataset(numbers[:, :-1], numbers[:, -1]))
    return risk, GaussianLaw(neuron).sample(masses=masses.uniform(count), seed=0).to(dtype=torch.float32)


def works(risk: Risk, cloud: ParticleCloud) -> Mapping[str, Work]:
    """Every kind of work by its name."""
    shaken, inert = LangevinFlow(risk, TEMPERATURE), UnderdampedFlow(risk, TEMPERATURE, friction=1.0)
    flows: dict[str, tuple[Flow, Integrator[Any]]] = {
        EULER: (GradientFlow(risk), Euler(STEP)),
        "Euler-Maruyama": (shaken, EulerMaruyama(STEP)),
        "Leimkuhler-Matthews": (shaken, LeimkuhlerMatthews(STEP)),
        "LinearSplitting": (shaken, LinearSplitting(STEP)),
        "BAOAB": (inert, BAOAB(STEP)),
    }

    def steps(name: str) -> Work:
        flow, integrator = flows[name]
        return lambda count: evolve(flow, cloud, integrator, until=count * STEP, seed=1)

    def ours(count: int) -> None:
        for step in range(count):
            StepNoise(0, step).normals(cloud.positions)

    torchs_own = torch.Generator().manual_seed(0)

    def torchs(count: int) -> None:
        for _ in range(count):
            torch.randn(cloud.positions.shape, generator=torchs_own)

    return {name: steps(name) for name in flows} | {NUMBERS: ours, TORCH: torchs}


def measured(count: int, inputs: int, steps: int, rounds: int = ROUNDS) -> list[Line]:
    """All kinds of work in turn, so many rounds and one before that is not counted."""
    risk, cloud = problem(count, inputs)
    seconds: dict[str, list[float]] = {name: [] for name in works(risk, cloud)}
    for _ in range(rounds + 1):
        for name, work in works(risk, cloud).items():
            began = process_time()
            work(steps)
            seconds[name].append((process_time() - began) / steps)
    own, numbers = seconds[EULER][1:], cloud.positions.numel()
    ratios = {name: [one / other for one, other in zip(times[1:], own, strict=True)] for name, times in seconds.items()}
    return [Line(name, statistics.median(times[1:]), ratios[name], numbers) for name, times in seconds.items()]


def main(cases: Sequence[tuple[int, int, int]] = CASES, rounds: int = ROUNDS) -> list[Line]:
    """Measure all and print the tables."""
    lines = []
    for count, inputs, steps in cases:
        print(f"m = {count:,}, n = {DATA}, d = {inputs}, float32, {torch.get_num_threads()} thread(s), {rounds} rounds")
        print(f"{'a step':24}{'ms':>11}{'ns a number':>12}{'ratio':>8}   [least, largest]")
        for line in measured(count, inputs, steps, rounds):
            lines.append(line)
            print(line.line, flush=True)
    return lines


if __name__ == "__main__":
    main()
