"""What is measured for one seed, and what the limits predict: rows of numbers, one per point of the figure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from flows import RK4, GradientFlow, LogSpaced, evolve
from limits import KernelFlow, RandomKernel, TangentKernel, lazy_gap, tangent_kernel, total_variance, zipf_departure
from limits.kernels.random_kernel import variance_of_one
from particles import (
    Dataset,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    masses,
    tangent_gram,
)
from particles.shapes import Gram, Inputs, Masses
from runs.datasets import load
from runs.studies.kernel_limits.config import ALPHAS, KERNELS, NETWORKS, Config, Setting

#: Seeds of clouds: those of one seed of the study lie in a block of their own.
BLOCK = 100_000
#: Particles of the clouds whose masses are purely Zipf.
ZIPF_WIDTH = 1000


@dataclass(frozen=True)
class Row:
    """One number: in which panel and on which curve, for which seed (none where it is predicted), at which x."""

    panel: str
    curve: str
    seed: int | None
    x: float
    value: float


@dataclass(frozen=True, eq=False)
class Frames:
    """Clouds with their times, kept in memory as an open trajectory would give them."""

    times: list[float] = field(default_factory=list)
    clouds: list[ParticleCloud] = field(default_factory=list)

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Keep one more."""
        self.times.append(time)
        self.clouds.append(cloud)

    def __iter__(self) -> Iterator[ParticleCloud]:
        return iter(self.clouds)


@dataclass(frozen=True, eq=False)
class Problem:
    """The first rows of the data, and the limit kernel of tanh neurons whose hidden weights are trained."""

    config: Config
    train: Dataset
    test: Dataset
    kernel: TangentKernel

    @classmethod
    def of(cls, config: Config) -> "Problem":
        """The problem on the configured device."""
        data = load(config.data).to(device=config.device)
        train, test = (
            Dataset(part.inputs[: config.rows], part.targets[: config.rows]) for part in (data.train, data.test)
        )
        neuron = Perceptron(Tanh(), Identity(train.inputs.shape[1]))
        return cls(config, train, test, tangent_kernel(neuron, GaussianLaw(neuron)))

    def cloud(self, weights: Masses, seed: int) -> ParticleCloud:
        """A cloud of the law."""
        return self.kernel.law.sample(masses=weights, seed=seed).to(device=self.config.device)

    def squared_distance(self, weights: Masses, mean: Gram, seed: int) -> float:
        """The mean of |K_m - K|_F^2 over the clouds of one seed."""
        seeds = range(BLOCK * seed, BLOCK * seed + self.config.clouds)
        draws = [self.kernel.sampled(self.cloud(weights, number), self.train.inputs) - mean for number in seeds]
        return math.fsum(float(draw.square().sum()) for draw in draws) / len(draws)


def measured(problem: Problem, seed: int) -> Iterator[Row]:
    """Every row of one seed."""
    yield from kernels(problem, seed)
    yield from constants(problem, seed)
    yield from spectra(problem, seed)
    for setting in NETWORKS:
        for width in problem.config.widths:
            for time, gap in gaps(problem, setting, width, seed):
                yield Row(f"gap-{setting.name}", f"{width}", seed, time, gap)


def kernels(problem: Problem, seed: int) -> Iterator[Row]:
    """sqrt(E |K_m - K|_F^2) / |K|_F for all masses and widths."""
    mean = problem.kernel(problem.train.inputs)
    for setting in KERNELS:
        for width in problem.config.widths:
            squares = problem.squared_distance(setting.masses(width), mean, seed)
            yield Row("kernel", setting.name, seed, float(width), math.sqrt(squares) / float(mean.norm()))


def constants(problem: Problem, seed: int) -> Iterator[Row]:
    """E |K_m - K|_F^2 / C0 of Zipf masses, which is sum_j lambda_j^2, for all alpha."""
    inputs = problem.train.inputs
    mean, one = problem.kernel(inputs), variance_of_one(problem.kernel, inputs)
    for alpha in ALPHAS:
        squares = problem.squared_distance(masses.zipf(ZIPF_WIDTH, alpha), mean, seed)
        yield Row("constant", "finite", seed, alpha, squares / one)


def spectra(problem: Problem, seed: int) -> Iterator[Row]:
    """Eigenvalues of a draw of the limit for all unequal masses."""
    for setting in KERNELS[1:]:
        limit = RandomKernel(problem.kernel, setting.gamma, setting.alpha)
        yield from _spectrum(setting.name, limit.sample(problem.train.inputs, seed=BLOCK * seed).gram, seed)


def gaps(problem: Problem, setting: Setting, width: int, seed: int) -> list[tuple[float, float]]:
    """Times but zero, and gaps at the test inputs between a training network and the flow of its initial kernel."""
    config = problem.config
    risk = Risk(problem.kernel.neuron, setting.scaling, Squared(), problem.train)
    start, frames = problem.cloud(setting.masses(width), BLOCK * seed), Frames()
    times = LogSpaced(config.step, config.until, config.frames, frames)
    evolve(GradientFlow(risk), start, RK4(step=config.step), until=config.until, observers=[times])

    def own(x1: Inputs, x2: Inputs | None) -> Gram:
        return tangent_gram(risk, start, x1, x2)

    flow = KernelFlow(own, risk.data, start=lambda x: risk.predictions(start, x))
    gap = lazy_gap(frames, flow, risk, problem.test.inputs)
    return [(time, value) for time, value in zip(frames.times, gap.tolist(), strict=True) if time > 0.0]


def predicted(problem: Problem) -> Iterator[Row]:
    """The same numbers in the limit of infinitely many particles, or exact at finite width, by closed forms."""
    inputs = problem.train.inputs
    mean = problem.kernel(inputs)
    for setting in KERNELS:
        for width in problem.config.widths:
            squares = total_variance(problem.kernel, inputs, setting.masses(width))
            yield Row("kernel", setting.name, None, float(width), math.sqrt(squares) / float(mean.norm()))
    for alpha in torch.linspace(0.05, 0.95, 37, dtype=torch.float64).tolist():
        yield Row("constant", "finite", None, alpha, float(masses.zipf(ZIPF_WIDTH, alpha).square().sum()))
        yield Row("constant", "limit", None, alpha, zipf_departure(0.0, alpha))
    yield from _spectrum(KERNELS[0].name, mean, None)


def _spectrum(curve: str, gram: Gram, seed: int | None) -> Iterator[Row]:
    values = torch.linalg.eigvalsh(gram.double()).flip(0).clamp_min(0.0).tolist()
    for place, value in enumerate(values, start=1):
        yield Row("spectrum", curve, seed, float(place), value)
