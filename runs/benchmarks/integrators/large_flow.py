"""Integrators on many data: n = 8000, m = 500, d = 20, tanh, inputs of decaying spectrum, until time 2e4.

Run as `OMP_NUM_THREADS=1 python -m runs.benchmarks.integrators.large_flow [FIGURE]`; it takes about five minutes, most
of it for CVODE. With `memory` in place of the figure it prints the peak memory of steps at the size of MNIST.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import torch

from flows import BDF, Adaptive, Chebyshev, GradientFlow, StepNoise
from particles import (
    CrossEntropy,
    Dataset,
    GaussianLaw,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Tanh,
    masses,
)
from particles.numerics.randomness import generator
from runs.benchmarks.integrators.work_precision import PEER, Method, Ours, Point, run
from runs.benchmarks.memory import MEBIBYTE, resident
from runs.benchmarks.peers import cvode
from runs.benchmarks.timed_flows import TimedFlow, stiff_flow

COUNT, DATA, UNTIL = 500, 8000, 2e4
#: Errors of the positions, relative to the distance moved, at which seconds are compared.
ERRORS = (2e-4, 5e-5)
#: Data, inputs and outputs of the steps whose memory is measured, and how many steps there are.
MNIST, STEPS = (60_000, 64, 10), 30


def large_flow(count: int = COUNT, data: int = DATA) -> TimedFlow:
    """The stiff flow with many data and tanh, its end time for the loss with the factor 1/n."""
    return replace(stiff_flow(count, data, activation=Tanh()), name="large", until=UNTIL)


def reference(problem: TimedFlow, rtol: float = 1e-8) -> ParticleCloud:
    """The end by our own BDF at a tight tolerance, near which CVODE ends too where its tolerance is tight."""
    return Ours(BDF)(problem, rtol).cloud


def methods(repeats: int = 5) -> list[Method]:
    """The methods: what is taken by default, the one it took before there was a matrix-free BDF, and the peer."""
    return [
        Method("Adaptive", Ours(Adaptive), (1e-2, 1e-3, 1e-4, 1e-5), repeats),
        Method("Chebyshev", Ours(Chebyshev), (1e-3, 1e-4), 1),
        Method(PEER, cvode, (1e-3, 1e-4, 1e-5), repeats, "sksundae"),
    ]


@dataclass(frozen=True)
class Stepped:
    """The steps of a run: their seconds of processor time, the time reached, the peak memory in bytes, and the risk."""

    seconds: tuple[float, ...]
    reached: float
    peak: int
    risk: float

    @property
    def line(self) -> str:
        """One line of the table."""
        steps = f"{len(self.seconds)} steps until {self.reached:.3g}, risk {self.risk:.4f}"
        times = f"{sum(self.seconds):.1f} s, {min(self.seconds):.2f} to {max(self.seconds):.2f} s each"
        return f"{steps}: {times}, peak {self.peak / MEBIBYTE:.0f} MiB resident"


def images_flow(count: int, data: int, inputs: int, outputs: int) -> TimedFlow:
    """Cross-entropy of random inputs with labels that a random matrix gives; both layers are trained."""
    numbers = generator(0, "data")
    x, w = (torch.from_numpy(numbers.standard_normal(shape)) for shape in ((data, inputs), (inputs, outputs)))
    labels = torch.nn.functional.one_hot((torch.tanh(x) @ w).argmax(dim=1), outputs).double()
    neuron = Perceptron(Tanh(), Identity(inputs), outputs, trained="both")
    risk = Risk(neuron, MeanField(), CrossEntropy(), Dataset(x, labels))
    return TimedFlow(
        "images", GradientFlow(risk), GaussianLaw(neuron).sample(masses=masses.uniform(count), seed=0), 1e3
    )


def stepped(problem: TimedFlow, rtol: float, most: int) -> Stepped:
    """At most so many steps of Adaptive."""
    integrator, cloud, time, seconds = Adaptive(rtol), problem.cloud, 0.0, list[float]()
    state: Any = integrator.init(problem.flow, cloud)
    while time < problem.until and len(seconds) < most:
        began = process_time()
        taken = integrator.step(problem.flow, cloud, state, time, problem.until, StepNoise(0, len(seconds)))
        cloud, state, time = taken.cloud, taken.state, taken.time
        seconds.append(process_time() - began)
    return Stepped(tuple(seconds), time, resident("VmHWM"), float(problem.flow.risk(cloud)))


def main(figure: Path | None = None, repeats: int = 5) -> list[Point]:
    """Measure every method on the large flow, in seconds of processor time."""
    problem = large_flow()
    return run(problem, reference(problem), methods(repeats), errors=ERRORS, figure=figure, clock=process_time)


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory"]:
        count = int(sys.argv[2]) if len(sys.argv) > 2 else COUNT
        print("m = {}, n = {:,}, d = {}, k = {}, rtol 1e-3, float64".format(count, *MNIST), flush=True)
        print(stepped(images_flow(count, *MNIST), 1e-3, STEPS).line)
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
