"""The cost of a step of `Adam` and `HeavyBall`, beside the same step by autograd and `torch.optim` in a plain loop.

The network has tanh neurons with both layers trained, NTK scaling, 100 normal data in 50 inputs, float64. The kinds of
step take turns in one process, and ratios are taken within each round. Seconds are processor time, which other programs
disturb less, after one round that is not counted. "fused" is torch's own kernel for all of an optimiser's step at once.
Run as

    OMP_NUM_THREADS=1 python -m runs.benchmarks.integrators.optimisers
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import torch

from flows import Adam, GradientFlow, HeavyBall, Integrator, evolve
from particles import NTK, Dataset, GaussianLaw, Identity, ParticleCloud, Perceptron, Risk, Squared, Tanh, masses
from particles.numerics.randomness import generator

DATA, INPUTS, RATE = 100, 50, 1e-3
#: Numbers of particles, with the number of steps in a round.
CASES = ((2_000, 100), (100_000, 4))
ROUNDS = 7

#: Does so many steps from the start.
Run = Callable[[int], torch.Tensor]


@dataclass(frozen=True)
class Line:
    """What one kind of step costs, and its ratios to the plain loop of its optimiser, round by round."""

    name: str
    count: int
    seconds: float
    ratios: Sequence[float]

    @property
    def line(self) -> str:
        """One line of the table: milliseconds a step, and the median, least and largest ratio."""
        low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
        return f"{self.name:20}{self.count:>9,}{1e3 * self.seconds:11.3f}{middle:9.2f}   [{low:.2f}, {high:.2f}]"


def problem(count: int) -> tuple[Risk, ParticleCloud]:
    """The risk, and a cloud of particles of equal masses."""
    numbers = torch.from_numpy(generator(0, "data").standard_normal((DATA, INPUTS + 1)))
    neuron = Perceptron(Tanh(), Identity(INPUTS), trained="both")
    risk = Risk(neuron, NTK(), Squared(), Dataset(numbers[:, :-1], numbers[:, -1]))
    return risk, GaussianLaw(neuron).sample(masses=masses.uniform(count), seed=0)


def ours(risk: Risk, cloud: ParticleCloud, make: Callable[[float], Integrator[Any]]) -> Run:
    """The run of an integrator of ours."""

    def run(steps: int) -> torch.Tensor:
        return evolve(GradientFlow(risk), cloud, make(RATE), until=steps * RATE).positions

    return run


def torch_loop(risk: Risk, cloud: ParticleCloud, make: Callable[..., torch.optim.Optimizer], **settings: Any) -> Run:
    """The run of a plain loop: f(x) = sum_j a_j tanh(w_j . x / sqrt(d)) / sqrt(m), backward, step."""
    inputs, targets = risk.data.inputs, risk.data.targets[:, 0]

    def run(steps: int) -> torch.Tensor:
        hidden = cloud.positions[:, :INPUTS].clone().requires_grad_()
        output = cloud.positions[:, INPUTS].clone().requires_grad_()
        optimiser = make([hidden, output], lr=RATE, **settings)
        for _ in range(steps):
            optimiser.zero_grad()
            features = torch.tanh(inputs @ hidden.T / math.sqrt(INPUTS))
            residual = features @ output / math.sqrt(cloud.count) - targets
            loss = 0.5 * residual.square().mean()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return torch.cat([hidden, output[:, None]], dim=1).detach()

    return run


def runs_of(risk: Risk, cloud: ParticleCloud) -> dict[str, Run]:
    """Every kind of step by name; the name of what it is compared with begins with the same word."""
    return {
        "adam torch": torch_loop(risk, cloud, torch.optim.Adam),
        "adam torch fused": torch_loop(risk, cloud, torch.optim.Adam, fused=True),
        "adam ours": ours(risk, cloud, Adam),
        "momentum torch": torch_loop(risk, cloud, torch.optim.SGD, momentum=0.9),
        "momentum torch fused": torch_loop(risk, cloud, torch.optim.SGD, momentum=0.9, fused=True),
        "momentum ours": ours(risk, cloud, HeavyBall),
    }


def measured(count: int, steps: int, rounds: int = ROUNDS) -> list[Line]:
    """All kinds of step in turn, so many rounds and one before that is not counted."""
    runs = runs_of(*problem(count))
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            began = process_time()
            run(steps)
            seconds[name].append((process_time() - began) / steps)
    return [_line(name, count, seconds) for name in runs]


def _line(name: str, count: int, seconds: dict[str, list[float]]) -> Line:
    own, plain = seconds[name][1:], seconds[f"{name.split()[0]} torch"][1:]
    return Line(name, count, statistics.median(own), [one / other for one, other in zip(own, plain, strict=True)])


def main(cases: Sequence[tuple[int, int]] = CASES, rounds: int = ROUNDS) -> list[Line]:
    """Measure all and print the table."""
    print(f"{DATA} data, {INPUTS} inputs, float64, {torch.get_num_threads()} thread(s), {rounds} rounds")
    print(f"{'step':20}{'neurons':>9}{'ms a step':>11}{'ratio':>9}   [least, largest]")
    lines = []
    for count, steps in cases:
        for line in measured(count, steps, rounds):
            lines.append(line)
            print(line.line, flush=True)
    return lines


if __name__ == "__main__":
    main()
