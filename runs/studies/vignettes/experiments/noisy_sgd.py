"""E3.5b: particles under noisy SGD, full batch and online, beside the stationary law that they should have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from flows import Draws, EulerMaruyama, Every, LangevinFlow, Minibatches, evolve
from limits import ReLUGibbs, ReLULaw, piecewise_linear
from limits.theorems import Result, Statement, as_value, from_above, virial_identity
from limits.theorems.stationarity import IDENTITY, error_of_mean
from particles import ParticleCloud, Risk, generator
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS, GREY
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.experiments.knots import rectifiers
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

SOURCE = "our row 3d"
#: The three points whose law is known to eight digits, and warmer and colder laws on them: (T, lambda).
INPUTS, TARGETS = (-1.0, 0.0, 1.0), (0.5, -0.3, 0.4)
LAWS = {"warm": (0.25, 0.3), "cold": (0.02, 0.1)}
BATCHES = {"full batch": None, "online": 1}
#: How often a run at rest is looked at; how far its means may be off; how much longer online runs are.
EVERY, NEAR, LONGER = 0.5, 0.03, 2.0
#: Where predictors are drawn.
PLACES = torch.linspace(-2.0, 2.0, 81, dtype=torch.float64)[:, None]


@dataclass(frozen=True, eq=False)
class Watched:
    """What is averaged over the time of a run: f at the data and at places, and second moments; its frames are kept."""

    risk: Risk
    rested: float

    @cached_property
    def frames(self) -> list[tuple[float, ParticleCloud]]:
        """The clouds at rest."""
        return []

    def __call__(self, step: int, time: float, cloud: ParticleCloud) -> None:
        """Keep a cloud that has rested."""
        if time >= self.rested:
            self.frames.append((time, cloud))

    @cached_property
    def series(self) -> dict[str, Tensor]:
        """Of each quantity its values [frames]."""
        network, inputs = self.risk.network, self.risk.data.inputs
        clouds = [cloud for _, cloud in self.frames]
        predictions = torch.stack([network(cloud, inputs)[:, 0] for cloud in clouds])
        squares = torch.stack([cloud.masses @ cloud.positions.square() for cloud in clouds])
        found = {f"f({x:g})": predictions[:, number] for number, x in enumerate(INPUTS)}
        return {**found, "E a^2": squares[:, 2], "E (w^2 + b^2)": squares[:, :2].sum(dim=1)}

    @property
    def function(self) -> Tensor:
        """f at the places, averaged over time [places]."""
        return torch.stack([self.risk.network(cloud, PLACES)[:, 0] for _, cloud in self.frames[::4]]).mean(dim=0)


@dataclass(frozen=True)
class NoisySGD(Experiment):
    """theta <- theta - s grad psi(theta) + sqrt(2 s T) N(0, I) from a normal start, averaged over time at rest.

    Three points, a warm law (T = 1/4, lambda = .3) and a colder one (T = .02, lambda = .1). Means are taken after
    `noisy_rests` times 1 / (2 (lambda - max |g|)), in which second moments come to rest; x is the number of particles.
    Online, each step has the gradient of one datum.
    """

    name = "E3.5b"
    title = "Noisy SGD and its stationary law"
    figure = ""
    words: ClassVar[Mapping[str, str]] = {"largest": "largest relative distance from the law"}

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"N = {config.noisy_count:,}, s = {config.noisy_step:g}"

    def cases(self, config: Config) -> list[Case]:
        """One a law and kind of batch."""
        return [Case(f"{law}-{batch.replace(' ', '-')}", 0, 1, (law, batch)) for law in LAWS for batch in BATCHES]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The run, its means over time with their errors, and its virial."""
        name, batch = case.what
        temperature, confinement = LAWS[name]
        risk, size, step = _points(), BATCHES[batch], config.noisy_step
        batches = None if size is None else Minibatches(Draws(size, seed=1), step)
        flow = LangevinFlow(risk, temperature, confinement, batches=batches)
        start = ParticleCloud(torch.from_numpy(generator(case.seed, "noisy").standard_normal((config.noisy_count, 3))))
        law, curve = ReLUGibbs(risk, temperature, confinement).solve(), f"{name}, {batch}"
        watched = Watched(risk, 0.5 * config.noisy_rests / law.slowest_rate)
        until = watched.rested + config.noisy_time * (1.0 if size is None else LONGER)
        look = Every(steps=max(round(EVERY / step), 1), observer=watched)
        evolve(flow, start, EulerMaruyama(step), until=round(until / step) * step, seed=case.seed, observers=[look])
        for quantity, values in watched.series.items():
            exact = _exact(law)[quantity]
            mean, error = float(values.mean()) / exact - 1.0, error_of_mean(values) / abs(exact)
            yield Row(self.name, f"relative {quantity}", curve, case.seed, float(config.noisy_count), mean, error)
        if len(watched.frames) >= 64:
            found = virial_identity(flow, watched.frames, step=step)
            ratio = found.measured / found.bound, found.error / found.bound
            yield Row(self.name, "virial / T", curve, case.seed, float(config.noisy_count), *ratio)
        for place, value in zip(PLACES[:, 0].tolist(), watched.function.tolist(), strict=True):
            yield Row(self.name, "f", curve, case.seed, place, value)

    def predicted(self, config: Config) -> Iterator[Row]:
        """The predictors of the laws, and of their piecewise linear limits."""
        for name, (temperature, confinement) in LAWS.items():
            law = ReLUGibbs(_points(), temperature, confinement).solve()
            limit = piecewise_linear(_points(), confinement)
            for curve, values in ((name, law(PLACES)), (f"{name}, limit", limit(PLACES))):
                for place, value in zip(PLACES[:, 0].tolist(), values[:, 0].tolist(), strict=True):
                    yield Row(self.name, "f", curve, None, place, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Means over time within 3 %, and the virial identity of the scheme."""
        names = [f"f({x:g})" for x in INPUTS] + ["E a^2", "E (w^2 + b^2)"]
        for law in LAWS:
            for batch in BATCHES:
                for quantity in names:
                    curve = table.at(self.name, f"relative {quantity}", f"{law}, {batch}")
                    words = f"{law} law, {batch}: mean of {quantity} over time within 3 % of the stationary law"
                    value, error = abs(float(curve.values[0, 0])), float(curve.errors[0, 0])
                    yield from_above(Statement(words, SOURCE, proven=False), (), NEAR, value, error=error)
                virial = table.at(self.name, "virial / T", f"{law}, {batch}")
                if virial.values.size:
                    said = Statement(f"{law} law, {batch}: {IDENTITY.text}", IDENTITY.source)
                    yield as_value(said, (), 1.0, float(virial.values[0, 0]), float(virial.errors[0, 0]))

    def panels(self, config: Config, table: Table) -> Sequence[Panel]:
        """Predictors of laws and of particles."""
        shown = []
        for name, (temperature, confinement) in LAWS.items():
            law, limit = (table.at(self.name, "f", curve, predicted=True) for curve in (name, f"{name}, limit"))
            particles = [table.at(self.name, "f", f"{name}, {batch}") for batch in BATCHES]
            data = np.array(INPUTS), np.array(TARGETS)[:, None]
            lines = (
                Line.of("law", "black", law, "line"),
                *(Line.of(*pair, "dashed") for pair in zip(BATCHES, COLOURS, particles, strict=False)),
                Line.of("limit T = 0", COLOURS[3], limit, "line"),
                Line("data", GREY, *data, "points"),
            )
            title = f"T = {temperature:g}, $\\lambda$ = {confinement:g}"
            shown.append(Panel("noisy_sgd.png", title, "input x", lines, "f(x)", log_x=False, log_y=False))
        return shown


def _points() -> Risk:
    return rectifiers(np.array(INPUTS)[:, None], np.array(TARGETS))


def _exact(law: ReLULaw) -> dict[str, float]:
    """What the law has of every quantity."""
    found = {f"f({x:g})": float(value) for x, value in zip(INPUTS, law.predictions[:, 0], strict=True)}
    return {**found, "E a^2": law.output_square, "E (w^2 + b^2)": law.hidden_square}
