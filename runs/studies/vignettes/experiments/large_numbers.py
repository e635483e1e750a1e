"""E3.8: how far online SGD of N particles with step s is from its mean-field limit, against N and against s."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from flows import RK4, GradientFlow, Online, evolve
from limits.theorems import Result, particle_rate, slope_within, step_rate
from limits.theorems.base import Statement
from limits.theorems.vignettes.large_numbers import SOURCE
from particles import Dataset, GaussianLaw, ParticleCloud, Risk, Sobol, generator, masses
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.online import NOISE, OUTPUTS, PAPERS, Task, descended
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

SAME, LIMIT, STEPS = "same data", "mean-field flow", "flow of the same particles"
#: Steps of RK4 along the mean-field flow, in flow time.
FINE = 0.4


@dataclass(frozen=True, eq=False)
class Pool:
    """A law of data of which the expected risk is a finite sum: x is one of some inputs, y the teacher with noise."""

    task: Task

    @property
    def config(self) -> Config:
        """That of the task."""
        return self.task.config

    @cached_property
    def risk(self) -> Risk:
        """The expected risk, less the part of the noise."""
        shape = (self.config.large_pool, self.config.online_inputs)
        inputs = torch.from_numpy(generator(0, "pool").standard_normal(shape))
        return self.task.risk.on(Dataset(inputs, self.task.target(inputs)))

    def sample(self, seed: int, number: int) -> Dataset:
        """The batch of this number."""
        draw, data = generator(seed, f"batch {number}"), self.risk.data
        rows = torch.from_numpy(draw.integers(data.count, size=self.config.online_batch))
        noise = torch.from_numpy(draw.standard_normal((len(rows), 1)))
        return Dataset(data.inputs[rows], data.targets[rows] + NOISE * noise)

    def even(self, count: int) -> ParticleCloud:
        """A cloud that stands for the initial law, of points that are more even than random ones."""
        law = GaussianLaw(self.risk.neuron, OUTPUTS, 1.0 / self.config.online_inputs, Sobol())
        return law.sample(masses=masses.uniform(count), seed=0).to(self.config.device)

    def descended(self, start: ParticleCloud, seed: int, step: float | None = None) -> Tensor:
        """The outputs at all inputs after online descent with the data of a seed."""
        batches = Online(self.sample, seed)
        return self.risk.predictions(
            descended(self.risk, batches, start, self.config, step, until=self.config.large_until)
        )

    def flown(self, start: ParticleCloud) -> Tensor:
        """The same after the gradient flow of the expected risk."""
        with torch.no_grad():
            end = evolve(GradientFlow(self.risk), start, RK4(FINE), until=PAPERS * self.config.large_until)
        return self.risk.predictions(end)


def distance(one: Tensor, other: Tensor) -> float:
    """Root mean square of a difference of outputs."""
    return float((one - other).square().mean().sqrt())


@dataclass(frozen=True)
class LargeNumbers(Experiment):
    """RMS over x of f_N - f, f of many particles with the same data, of their flow, and of the flow of the same N."""

    name = "E3.8"
    title = "Online SGD against its mean-field limit"
    words: ClassVar[Mapping[str, str]] = {
        "particles": "distance at the largest N",
        "steps": "distance at the largest step",
        SAME: SAME,
        LIMIT: LIMIT,
        STEPS: STEPS,
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"T = {config.large_until:g}, N = {config.large_reference} for the limit, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """All particles in one, since they share the limit; steps seed by seed."""
        seeds = range(config.seeds)
        return [Case(f"particles-{config.seeds}seeds"), *(Case(f"steps-seed{seed}", seed, what=True) for seed in seeds)]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of a case."""
        pool = Pool(Task(config))
        yield from self._steps(pool, case.seed) if case.what else self._particles(pool)

    def _particles(self, pool: Pool) -> Iterator[Row]:
        config, start = pool.config, pool.even(pool.config.large_reference)
        limits = {SAME: pool.descended(start, 0), LIMIT: pool.flown(start)}
        for seed in range(config.seeds):
            for count in config.large_counts:
                found = pool.descended(pool.task.start(count, seed), 0)
                for curve, limit in limits.items():
                    yield Row(self.name, "particles", curve, seed, float(count), distance(found, limit))

    def _steps(self, pool: Pool, seed: int) -> Iterator[Row]:
        """Mean squares are over several streams of data."""
        config = pool.config
        start = pool.task.start(config.large_particles, seed)
        flow, streams = pool.flown(start), config.large_streams
        for step in config.large_steps:
            runs = [pool.descended(start, streams * seed + stream, step) for stream in range(streams)]
            value = distance(torch.stack(runs), flow)
            yield Row(self.name, "steps", STEPS, seed, step, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The two slopes."""
        same, limit = (table.at(self.name, "particles", curve).slope for curve in (SAME, LIMIT))
        yield particle_rate(same, "RMS of outputs to the limit of many particles, with the same data")
        band = Statement("the slope of that in N lies in [-0.6, -0.4]", SOURCE, proven=False)
        yield slope_within(band, (), same, least=-0.6, most=-0.4)
        falls = Statement("RMS of outputs to the mean-field flow falls with N", SOURCE, proven=False)
        yield slope_within(falls, (), limit, most=0.0)
        yield step_rate(table.at(self.name, "steps", STEPS).slope, "RMS of outputs to the flow of the same particles")

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Against N, and against the step."""
        names = ((SAME, "to many particles, same data"), (LIMIT, "to the mean-field flow"))
        lines = tuple(
            Line.of(words, colour, table.at(self.name, "particles", curve))
            for (curve, words), colour in zip(names, COLOURS, strict=False)
        )
        steps = Line.of(f"N = {config.large_particles}", COLOURS[2], table.at(self.name, "steps", STEPS))
        return [
            Panel("large_numbers.png", f"Distance, s = {config.online_step:g}", "particles N", lines, "RMS"),
            Panel("large_numbers.png", "Distance to the same particles' flow", "step s", (steps,)),
        ]
