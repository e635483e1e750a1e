"""One part of the study: the clouds of one flow, and either their observables or their distances from the limit."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import torch

from flows import EulerMaruyama, Flow, GradientFlow, Heun, LangevinFlow, NTKFlow, evolve
from limits.chaos import STAND_INS, Maker, StandIn, approach, sampled
from particles import (
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    masses,
    tangent_gram,
)
from particles.shapes import Scalar
from runs.batch.crew import Report
from runs.batch.output_folder import replace_text
from runs.datasets import load
from runs.studies.propagation_of_chaos.config import Config

#: What a part records of each cloud.
COLUMNS = {"observables": ("prediction", "second_moment", "kernel"), "distances": ("square", "floor")}


@dataclass(frozen=True)
class Part:
    """One flow and one kind of record; its samples lie in the study's folder."""

    config: Config
    flow: str
    kind: str

    @property
    def name(self) -> str:
        """Also the name of the file."""
        return f"{self.flow}-{self.kind}"

    @property
    def path(self) -> Path:
        """Where the samples lie."""
        return self.config.out / f"{self.name}.csv"

    @property
    def counts(self) -> tuple[int, ...]:
        """Counts of its clouds."""
        return self.config.counts if self.kind == "observables" else self.config.distance_counts

    @property
    def repetitions(self) -> int:
        """Clouds of each count."""
        return self.config.seeds if self.kind == "observables" else self.config.distance_seeds

    @property
    def size(self) -> int:
        """Clouds to be made, the unit of progress."""
        stand_ins = 0 if self.kind == "observables" else 1 + self.repetitions
        return len(self.counts) * self.repetitions + stand_ins


@dataclass(frozen=True, eq=False)
class Experiment:
    """The network, its data and its flow."""

    config: Config
    name: str

    @cached_property
    def risk(self) -> Risk:
        """R = (1/2n) sum_i (f(x_i) - y_i)^2 of f(x) = sum_j lambda_j a_j tanh(w_j . x / sqrt(d)), w and a trained."""
        train, config = load(self.config.data).train, self.config
        data = Dataset(train.inputs[: config.rows, : config.inputs], train.targets[: config.rows])
        neuron = Perceptron(Tanh(), Identity(data.inputs.shape[1]), trained="both")
        return Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=data)

    @cached_property
    def flow(self) -> Flow:
        """The gradient flow, the Langevin flow, or the same cloud read in NTK scaling."""
        if self.name == "langevin":
            return LangevinFlow(self.risk, self.config.temperature, self.config.confinement)
        return NTKFlow(self.risk) if self.name == "ntk" else GradientFlow(self.risk)

    def clouds(self, count: int, seed: int) -> tuple[ParticleCloud, ...]:
        """One cloud of this count and seed, w ~ N(0, I) and a ~ N(0, 1) at the start, at each of the times."""
        config, time, found = self.config, 0.0, []
        law = GaussianLaw(self.risk.neuron, outputs=GaussianOutputs())
        cloud = law.sample(masses=masses.uniform(count), seed=seed).to(config.device)
        integrator = EulerMaruyama(config.step) if self.name == "langevin" else Heun(config.step)
        for until in config.times:
            index = round(time / config.step)
            cloud = evolve(self.flow, cloud, integrator, until=until, time=time, index=index, seed=seed)
            time = until
            found.append(cloud)
        return tuple(found)

    def observables(self) -> Mapping[str, Callable[[ParticleCloud], Scalar]]:
        """The prediction at the first datum, sum_j lambda_j |theta_j|^2, and the tangent kernel's entry there."""
        risk = self.flow.risk if isinstance(self.flow, NTKFlow) else self.risk
        first = risk.data.inputs[:1]
        return {
            "prediction": lambda cloud: risk.predictions(cloud, first)[0, 0],
            "second_moment": lambda cloud: cloud.masses @ cloud.positions.square().sum(dim=1),
            "kernel": lambda cloud: tangent_gram(risk, cloud, first)[0, 0],
        }


def perform(part: Part, report: Report) -> None:
    """Make the clouds of the part and write its samples, whole or not at all."""
    experiment, done = Experiment(part.config, part.flow), 0

    @cache
    def clouds(count: int, seed: int) -> tuple[ParticleCloud, ...]:
        nonlocal done
        done += 1
        report(min(done, part.size))
        return experiment.clouds(count, seed)

    def at(number: int) -> Maker:
        return lambda count, seed: clouds(count, seed)[number]

    with torch.no_grad():
        times = enumerate(part.config.times)
        rows = [[time, *row] for number, time in times for row in _samples(part, experiment, at(number))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([["time", "count", *COLUMNS[part.kind]], *rows])
    replace_text(part.path, text.getvalue())
    report(part.size)


def _samples(part: Part, experiment: Experiment, make: Maker) -> Iterator[list[float]]:
    """Rows (count, values) of one time; distances end with (limit count, squared error of the stand-in, the same)."""
    counts, repetitions = part.counts, part.repetitions
    if part.kind == "observables":
        values = [sampled(make, observable, counts, repetitions) for observable in experiment.observables().values()]
    else:
        large = part.config.limit_count
        limit = StandIn(tuple(make(large, STAND_INS + number) for number in range(1 + repetitions)))
        found = approach(make, limit, counts, repetitions)
        values = [found.squares, found.floors]
    for row, count in enumerate(counts):
        for column in range(repetitions):
            yield [count, *(float(table[row, column]) for table in values)]
    if part.kind == "distances":
        own = limit.error() ** 2
        yield [part.config.limit_count, own, own]
