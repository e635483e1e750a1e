"""Section VI: data that a target of two directions takes in d inputs, in the mean-field regime and by its kernel."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from flows import Euler, Every, GradientFlow, evolve
from limits import tangent_kernel
from limits.theorems import Result, Statement, as_slope, from_above, kernel_data
from limits.theorems.one_axis.few_directions import harmonics
from particles import (
    L2,
    Dataset,
    GaussianLaw,
    MeanField,
    ParticleCloud,
    Perceptron,
    Plain,
    RademacherOutputs,
    ReLU,
    Risk,
    Squared,
    SymmetricPairs,
    masses,
)
from particles.numerics.randomness import generator
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.one_axis.config import Config
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table, student_reach

#: Relative test error for which data are counted, by what their number grows, and where the walk begins and ends.
WANTED, GROWTH, FIRST, LOW = 0.5, 2**0.5, 3.0, 0.4
#: Ridges of kernel regression, relative to the largest eigenvalue of the Gram matrix.
RIDGES = np.logspace(-8.0, 1.0, 37)
#: Strengths of L2 in the mean-field regime, step and end of training, and steps between two looks at the test error.
STRENGTHS, STEP, UNTIL, LOOK = (0.01, 0.03), 0.5, 150.0, 8
#: The part of B, the dimension of the forms that a kernel knows, up to which n is compared with it.
PART = 2.0 / 3.0
#: Test inputs.
TEST = 2000
MEAN_FIELD, KERNEL = LEARNERS = ("mean field", "kernel")
#: Powers of d that the paper states.
POWERS = {MEAN_FIELD: 1.0, KERNEL: 2.0}
PAPER = "Fang, Dong and Zhang 2020, section VI"


@dataclass(frozen=True)
class FewDirections(Experiment):
    """Test error of y = x1 x2 against n, and the n at which it is a half, against d."""

    name = "E4.9"
    title = "Data that a target of two directions takes"
    words: ClassVar[Mapping[str, str]] = {
        "data": f"data for an error of {WANTED:g} at the largest d",
        **{learner: learner for learner in LEARNERS},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"y = x1 x2, ReLU, m = {config.few_count}, {config.few_seeds} seeds"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every d, seed and learner."""
        found = [(dim, seed) for seed in range(config.few_seeds) for dim in config.few_dims]
        names = [(dim, seed, learner) for dim, seed in found for learner in LEARNERS]
        return [
            Case(f"{learner.replace(' ', '-')}-d{dim}-seed{seed}", seed, what=(learner, dim))
            for dim, seed, learner in names
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """More and more data until the error is well below a half."""
        learner, dim = case.what
        error: Callable[[Task], float] = kernel_error if learner == KERNEL else mean_field_error
        counts: list[int] = []
        errors: list[float] = []
        while not errors or errors[-1] > LOW:
            counts.append(round(FIRST * dim * GROWTH ** len(counts)))
            errors.append(error(Task(dim, counts[-1], config.few_count, case.seed)))
            yield Row(self.name, "test error", f"{learner}, d = {dim}", case.seed, float(counts[-1]), errors[-1])
        yield Row(self.name, "data", learner, case.seed, float(dim), crossing(counts, errors))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The powers of d, who needs fewer data, and what no kernel does."""
        needed = {learner: table.at(self.name, "data", learner) for learner in LEARNERS}
        for learner, power in POWERS.items():
            said = f"{learner}: the data needed for an error of {WANTED:g} grow as d^{power:g}"
            statement = Statement(said, PAPER, proven=False)
            yield as_slope(statement, (), power, needed[learner].slope, rival=3.0 - power)
        fewer = Statement("the mean-field regime needs fewer data than the kernel, at every d and seed", PAPER, False)
        more, less = (torch.from_numpy(needed[learner].values) for learner in (KERNEL, MEAN_FIELD))
        yield from_above(fewer, (), more, less)
        for dim in config.few_dims:
            count, draws = self._errors(table, KERNEL, dim)
            yield kernel_data(draws, count, dim)
        count, draws = self._errors(table, MEAN_FIELD, dim)
        said = f"the mean-field regime errs less than any kernel on average, d = {dim}, n = {count}"
        bound, error = 1.0 - count / harmonics(dim), float(draws.std()) / len(draws) ** 0.5 * student_reach(len(draws))
        yield from_above(Statement(said, PAPER, proven=False), (), bound, float(draws.mean()), error=error)

    def _errors(self, table: Table, learner: str, dim: int) -> tuple[int, Tensor]:
        """The largest n of which every seed has an error, up to a part of B where there is one, and these errors."""
        curve = table.at(self.name, "test error", f"{learner}, d = {dim}")
        whole = np.flatnonzero(~np.isnan(curve.values).any(axis=1))
        small = whole[curve.x[whole] <= PART * harmonics(dim)]
        place = (small if small.size else whole[:1])[-1]
        return round(curve.x[place]), torch.from_numpy(curve.values[place])

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Errors against n for each learner, and data needed against d."""
        shown = []
        for learner in LEARNERS:
            lines = tuple(
                Line.of(f"d = {dim}", colour, table.at(self.name, "test error", f"{learner}, d = {dim}"))
                for dim, colour in zip(self._shown(config), COLOURS, strict=False)
            )
            title = f"Test error, {learner}"
            shown.append(Panel("few_directions.png", title, "data n", lines, log_y=False))
        needed: list[Line] = []
        for learner, colour in zip(LEARNERS, COLOURS, strict=False):
            curve = table.at(self.name, "data", learner)
            needed.append(Line.of(learner, colour, curve))
            ends = np.array([curve.x[0], curve.x[-1]])
            guide = curve.mean[-1] * (ends / ends[-1]) ** POWERS[learner]
            needed.append(Line(f"d^{POWERS[learner]:g}", colour, ends, guide[:, None], "dashed"))
        title = f"Data for an error of {WANTED:g}"
        shown.append(Panel("few_directions.png", title, "inputs d", tuple(needed)))
        return shown

    def _shown(self, config: Config) -> tuple[int, ...]:
        places = np.linspace(0, len(config.few_dims) - 1, min(len(COLOURS), len(config.few_dims))).round().astype(int)
        return tuple(config.few_dims[place] for place in places)


@dataclass(frozen=True, eq=False)
class Task:
    """n data and test inputs x ~ N(0, I) of y = x1 x2, and a network of m neurons u relu(theta . x).

    theta ~ N(0, I / d) and u = 1 or -1, in pairs of which the network is zero at the start.
    """

    dim: int
    count: int
    width: int
    seed: int

    @cached_property
    def _data(self) -> tuple[Dataset, Dataset]:
        random = generator(self.seed, "data")
        parts = []
        for rows in (TEST, self.count):
            x = torch.from_numpy(random.standard_normal((rows, self.dim)))
            parts.append(Dataset(x, x[:, :1] * x[:, 1:2]))
        return parts[1], parts[0]

    @property
    def train(self) -> Dataset:
        """The first n of an endless sequence of data."""
        return self._data[0]

    @property
    def test(self) -> Dataset:
        """The same test data for every n."""
        return self._data[1]

    @property
    def neuron(self) -> Perceptron:
        """Both layers are trained."""
        return Perceptron(ReLU(), Plain(self.dim), 1, "both")

    @property
    def law(self) -> GaussianLaw:
        """Of theta and u."""
        return GaussianLaw(self.neuron, RademacherOutputs(), 1.0 / self.dim)

    def error(self, outputs: Tensor) -> float:
        """sum_i (f_i - y_i)^2 / sum_i y_i^2 over the test inputs."""
        y = self.test.targets.to(outputs)
        return float((outputs - y).square().sum() / y.square().sum())


def kernel_error(task: Task) -> float:
    """Of kernel regression with the network's tangent kernel at infinite width, at the best of all ridges."""
    kernel = tangent_kernel(task.neuron, task.law)
    values, modes = torch.linalg.eigh(kernel(task.train.inputs))
    parts, cross = modes.T @ task.train.targets, kernel(task.test.inputs, task.train.inputs) @ modes
    ridges = torch.from_numpy(RIDGES) * values[-1]
    return min(task.error(cross @ (parts / (values[:, None] + ridge))) for ridge in ridges)


def mean_field_error(task: Task) -> float:
    """Of full gradient descent with alpha = 1 and L2 on both layers, at the best of some strengths and of all times."""
    start = SymmetricPairs(task.law).sample(masses=masses.uniform(task.width), seed=task.seed).to(dtype=torch.float32)
    plain = Risk(task.neuron, MeanField(), Squared(), task.train.to(dtype=torch.float32))
    inputs, errors = task.test.inputs.float(), []

    def look(number: int, time: float, cloud: ParticleCloud) -> None:
        errors.append(task.error(plain.predictions(cloud, inputs)))

    for strength in STRENGTHS:
        flow = GradientFlow(replace(plain, regulariser=L2(strength)))
        evolve(flow, start, Euler(STEP), until=UNTIL, observers=[Every(steps=LOOK, observer=look)])
    return min(errors)


def crossing(counts: Sequence[int], errors: Sequence[float]) -> float:
    """The n from which the error is below `WANTED`, on lines between neighbours in log n; the first n at least."""
    above = [place for place, error in enumerate(errors) if error > WANTED]
    if not above:
        return float(counts[0])
    last = above[-1]
    share = (errors[last] - WANTED) / (errors[last] - errors[last + 1])
    return math.exp(math.log(counts[last]) + share * math.log(counts[last + 1] / counts[last]))
