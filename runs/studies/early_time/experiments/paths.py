"""Theorem C.2 along runs, and claim C.1: a network is as near its linear model as the kernels of its path say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from flows import GradientFlow
from limits.theorems import Result, from_above
from limits.theorems.early_time.linear_dynamics import ROUNDING
from limits.theorems.early_time.linear_dynamics import STATEMENT as DYNAMICS
from limits.theorems.early_time.linearisation import STATEMENT, path_of
from particles import Activation, Erf, Tanh
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.early_time.config import Config
from runs.studies.early_time.problem import LAYERS, Data, Start, descent, frames
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Runs: activation and what is trained. Inputs, particles, and steps of length one.
RUNS: tuple[tuple[Activation, str], ...] = ((Erf(), "hidden"), (Tanh(), "both"), (Erf(), "both"))
DIM, WIDTH, STEPS = 10, 400, 30


@dataclass(frozen=True)
class Paths(Experiment):
    """|u_t - u_t^lin| / |r_0| of erf and tanh networks beside its bound; descent of the model beside its formula."""

    name = "theorem-C.2"
    title = "Gap to the linear model along a run, and its bound"
    words: ClassVar[Mapping[str, str]] = {
        **{quantity: f"{quantity} at the end" for quantity in ("gap", "bound", "recursion")},
        **{
            f"{type(one).__name__}, {LAYERS[trained]}": f"{type(one).__name__}, {LAYERS[trained]}"
            for one, trained in RUNS
        },
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"d = {DIM}, m = {WIDTH}, n = {config.path_rows}, {STEPS} steps"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every run."""
        return [Case(f"{type(one).__name__}-{trained}", what=(one, trained)) for one, trained in RUNS]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """At every step."""
        activation, trained = case.what
        curve = f"{type(activation).__name__}, {LAYERS[trained]}"
        data = Data.of_teacher(DIM, config.path_rows, 1, case.seed)
        start = Start.of(activation, trained, WIDTH, data.train, case.seed)
        steps = frames(GradientFlow(start.risk), start.cloud, 1.0, STEPS, STEPS**2)
        run = [(0.0, start.cloud), *steps]
        path = path_of(start.risk, run, start.model)
        for place, time in enumerate(path.times.tolist()):
            yield Row(self.name, "gap", curve, case.seed, time, float(path.gaps[place]) / path.first)
            yield Row(self.name, "bound", curve, case.seed, time, float(path.bounds[place]) / path.first)
        for time, left in descended(start, data):
            yield Row(self.name, "recursion", curve, case.seed, time, left)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """No step of any run exceeds the bound; the model's descent is its closed form to rounding."""
        for activation, trained in RUNS:
            curve = f"{type(activation).__name__}, {LAYERS[trained]}"
            gaps, bounds, left = (
                torch.from_numpy(table.at(self.name, name, curve).values) for name in ("gap", "bound", "recursion")
            )
            yield from_above(STATEMENT, (), bounds, gaps, 2.0)
            yield from_above(DYNAMICS, (), ROUNDING, left)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Relative to the residual at the start."""
        lines = []
        for (activation, trained), colour in zip(RUNS, COLOURS, strict=False):
            curve = f"{type(activation).__name__}, {LAYERS[trained]}"
            lines.append(Line.of(curve, colour, table.at(self.name, "gap", curve), "line"))
            lines.append(Line.of("", colour, table.at(self.name, "bound", curve), "dashed"))
        title = "Gap over first residual (dashed: bound)"
        return [Panel("paths.png", title, "steps", tuple(lines))]


def descended(start: Start, data: Data) -> Iterator[tuple[float, float]]:
    """Steps, and |u_t - y - (I - (eta/n) K)^t (u_0 - y)| over |y|, of the model's weights in gradient descent."""
    psi, y = start.model.features(data.train.inputs), data.train.targets
    flow, theta = descent(start.model, data.train, 1.0), torch.zeros(psi.shape[1], 1, dtype=torch.float64)
    for step in range(1, STEPS + 1):
        theta = theta - psi.T @ (psi @ theta - y) / len(y)
        yield float(step), float((psi @ theta - flow.predictions(float(step))).norm() / y.norm())
