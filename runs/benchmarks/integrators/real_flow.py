"""Integrators on a real flow: concrete (n = 412, d = 8), m = 2000, ReLU, asymmetrical masses, 100,000 unit steps.

Run as `OMP_NUM_THREADS=1 python -m runs.benchmarks.integrators.real_flow [FIGURE]`; it takes a quarter of an hour, most
of it for gradient descent and CVODE. The data are read from `$MEANFIELD_DATA/uci` or downloaded.
"""

import sys
from pathlib import Path

import torch

from flows import BDF, Adaptive, Euler, GradientFlow
from particles import NTK, Dataset, GaussianLaw, Identity, ParticleCloud, Perceptron, ReLU, Risk, Squared, masses
from runs.benchmarks.integrators.work_precision import PEER, Method, Ours, Point, run
from runs.benchmarks.peers import Outcome, cvode
from runs.benchmarks.timed_flows import TimedFlow
from runs.datasets import load

#: The paper's learning rate is 1 for the mean of squares, so a step is 2 in our time.
PAPER_STEP, PAPER_STEPS = 2.0, 100_000
GAMMA, ALPHA = 0.5, 0.7


def real_flow(count: int = 2000, data: str = "concrete", steps: int = PAPER_STEPS) -> TimedFlow:
    """The flow of Caron et al. (2023) on a table of the UCI repository, which is split and standardised as there."""
    train = load(data).train
    neuron = Perceptron(ReLU(), Identity(train.inputs.shape[1]))
    risk = Risk(neuron, NTK(), Squared(), Dataset(train.inputs, train.targets, train.weights))
    cloud = GaussianLaw(neuron).sample(masses=masses.asymmetrical(count, gamma=GAMMA, alpha=ALPHA), seed=0)
    return TimedFlow(data, GradientFlow(risk), cloud, PAPER_STEP * steps)


def gradient_descent(problem: TimedFlow, step: float) -> Outcome:
    """A run by Euler steps of this size."""
    return Ours(lambda size: Euler(step=size))(problem, step)


def methods() -> list[Method]:
    """The methods: `Adaptive` and CVODE at several tolerances, and gradient descent with the paper's steps."""
    return [
        Method("Adaptive", Ours(Adaptive), (5e-3, 2.5e-3, 1.2e-3, 6e-4), repeats=3),
        Method(PEER, cvode, (1e-2, 1e-3), repeats=1, needs="sksundae"),
        Method("gradient descent", gradient_descent, (PAPER_STEP,), repeats=1),
    ]


def reference(problem: TimedFlow) -> ParticleCloud:
    """The end by our BDF at rtol 2e-4, which takes about a thousand steps.

    Its risk is known to about 0.4 %: by so much that of a run of 4000 steps differs, in which no neuron slides.
    """
    return Ours(BDF)(problem, 2e-4).cloud


def main(figure: Path | None = None) -> list[Point]:
    """Measure risks against an accurate run, since kinks make single particles sensitive, but not risks."""
    problem = real_flow()
    with torch.no_grad():
        return run(problem, reference(problem), methods(), figure=figure, risk=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
