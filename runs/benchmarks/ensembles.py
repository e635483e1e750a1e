"""An ensemble against the loop over its members: the same runs, evolved side by side and one by one, in one process.

Run as `OMP_NUM_THREADS=1 taskset -c 0 python -m runs.benchmarks.ensembles`; it takes about three minutes. A number
after it is the number of threads.
"""

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch

from flows import BDF, RK4, Chebyshev, DormandPrince, Euler, GradientFlow, Integrator, evolve, evolve_all
from particles import (
    NTK,
    Dataset,
    Ensemble,
    GaussianLaw,
    Identity,
    Perceptron,
    RademacherOutputs,
    Risk,
    Squared,
    Tanh,
    masses,
)
from particles.numerics.randomness import generator

ROUNDS = 3


@dataclass(frozen=True)
class Size:
    """The numbers of members, particles, data and inputs of an ensemble, and of members evolved together.

    With `together` None the program chooses that number.
    """

    members: int
    count: int
    data: int
    inputs: int
    together: int | None = None


@dataclass(frozen=True)
class Method:
    """An integrator and the flow time of its run."""

    integrator: Integrator[Any]
    until: float


#: The seeds of an experiment at m = 500, also all at once, and ensembles of smaller networks.
SIZES = (Size(64, 500, 100, 15), Size(64, 500, 100, 15, 64), Size(64, 250, 50, 10), Size(64, 100, 40, 10))
#: Some steps of each integrator, or a whole run for those that choose their steps.
METHODS = (
    *(Method(Euler(1.0), 6.0), Method(RK4(1.0), 2.0), Method(DormandPrince(1e-4), 20.0)),
    *(Method(Chebyshev(1e-3), 100.0), Method(BDF(1e-3), 100.0)),
)


@dataclass(frozen=True)
class Timing:
    """The seconds of the ensemble and of the loop in every round.

    `difference` is the largest difference between the two ends, relative to the distance moved.
    """

    size: Size
    method: str
    together: tuple[float, ...]
    loop: tuple[float, ...]
    difference: float

    @property
    def line(self) -> str:
        """One line of the table: the medians, and the ratio with its range."""
        ratios = [alone / all_ for alone, all_ in zip(self.loop, self.together, strict=True)]
        group = "chosen" if self.size.together is None else f"{self.size.together}"
        return (
            f"{self.size.count:6}{self.size.data:5}{group:>8}  {self.method:15}"
            f"{statistics.median(self.together):9.2f} s{statistics.median(self.loop):9.2f} s"
            f"{statistics.median(ratios):8.2f} ({min(ratios):.2f} to {max(ratios):.2f}){self.difference:10.1e}"
        )


def problem(size: Size) -> tuple[GradientFlow, Ensemble]:
    """A flow of tanh neurons with asymmetrical masses on one data set, and an ensemble of its starts by seeds."""
    numbers = generator(0, "data")
    inputs = torch.from_numpy(numbers.standard_normal((size.data, size.inputs)))
    targets = torch.sin(inputs[:, 0]) * inputs[:, 1]
    neuron = Perceptron(Tanh(), Identity(size.inputs))
    law = GaussianLaw(neuron, outputs=RademacherOutputs())
    weights = masses.asymmetrical(size.count, gamma=0.5, alpha=0.7)
    clouds = [law.sample(masses=weights, seed=seed) for seed in range(size.members)]
    return GradientFlow(Risk(neuron, NTK(), Squared(), Dataset(inputs, targets))), Ensemble.of(clouds)


def measured(size: Size, method: Method, rounds: int = ROUNDS) -> Timing:
    """Time both ways `rounds` times in turn, after a run of a few members to warm up."""
    flow, ensemble = problem(size)

    def together(some: Ensemble) -> Ensemble:
        return evolve_all(flow, some, method.integrator, until=method.until, together=size.together)

    def loop(some: Ensemble) -> Ensemble:
        return Ensemble.of([evolve(flow, cloud, method.integrator, until=method.until) for cloud in some])

    few = Ensemble(ensemble.positions[:2], ensemble.masses[:2])
    together(few), loop(few)
    seconds: dict[Callable[[Ensemble], Ensemble], list[float]] = {together: [], loop: []}
    for _ in range(rounds):
        for way, taken in seconds.items():
            began = perf_counter()
            end = way(ensemble)
            taken.append(perf_counter() - began)
            if way is together:
                shared = end
    moved = torch.linalg.vector_norm(end.positions - ensemble.positions, dim=(1, 2))
    apart = torch.linalg.vector_norm(end.positions - shared.positions, dim=(1, 2))
    name = type(method.integrator).__name__
    return Timing(size, name, tuple(seconds[together]), tuple(seconds[loop]), float((apart / moved).max()))


def main(sizes: Sequence[Size] = SIZES, methods: Sequence[Method] = METHODS, rounds: int = ROUNDS) -> list[Timing]:
    """Measure every method at every size and print a table."""
    print(f"{sizes[0].members} members, float64, {torch.get_num_threads()} thread(s)")
    print(
        f"{'m':>6}{'n':>5}{'together':>9} {'method':15}{'ensemble':>11}{'loop':>11}{'loop / ensemble':>24}{'apart':>10}"
    )
    results = []
    for size in sizes:
        for method in methods:
            results.append(measured(size, method, rounds))
            print(results[-1].line, flush=True)
    return results


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    main()
