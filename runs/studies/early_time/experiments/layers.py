"""Figure 1: losses of the network and of its linear model, outputs on single inputs, and who is better in the end."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from flows import GradientFlow
from limits.theorems import Result, Statement, from_above
from particles import Erf
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.early_time.config import Config
from runs.studies.early_time.problem import LAYERS, Data, Start, descent, frames, gap, loss
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

#: Test inputs whose outputs are shown.
SHOWN = 3
#: Relative mean square difference up to which network and model agree; part of its best loss that the model reaches.
AGREE, REACHED = 0.05, 1.05
PAPER = "Hu et al. 2020"


@dataclass(frozen=True)
class Layers(Experiment):
    """R = (1/2n) sum (f - y)^2 of network and model against time, for the first, the second and both layers trained."""

    name = "E2.1"
    title = "Losses of network and linear model"
    figure = "Fig. 1"
    words: ClassVar[Mapping[str, str]] = {
        "gap at test inputs": "relative gap at the end",
        **{f"{layer}, {who}": f"{layer}, {who}" for layer in LAYERS.values() for who in ("network", "model")},
        "train loss": "train loss at the end",
        "test loss": "test loss at the end",
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"erf, d = {config.dim}, m = {config.width}, n = {config.rows}, η = {config.step:g}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every choice of layers and seed."""
        pairs = [(trained, seed) for seed in range(config.networks) for trained in LAYERS]
        return [Case(f"{trained}-seed{seed}", seed, what=trained) for trained, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """At log-spaced steps."""
        data = Data.of_teacher(config.dim, config.rows, config.test_rows, case.seed)
        start = Start.of(Erf(), case.what, config.width, data.train, case.seed)
        run = frames(GradientFlow(start.risk), start.single, config.step, round(config.until / config.step))
        flow, times = descent(start.model, data.train, config.step), [time for time, _ in run]
        train, test = flow.predictions(times), flow.predictions(times, data.test.inputs)
        layer = LAYERS[case.what]
        best = loss(flow.predictions(math.inf), data.train)
        for place, (time, cloud) in enumerate(run):
            found = start.risk.predictions(cloud), start.risk.predictions(cloud, data.test.inputs.float())
            pairs = {"network": found, "model": (train[place], test[place])}
            for who, (at_data, elsewhere) in pairs.items():
                curve = f"{layer}, {who}"
                yield Row(self.name, "train loss", curve, case.seed, time, loss(at_data, data.train))
                yield Row(self.name, "test loss", curve, case.seed, time, loss(elsewhere, data.test))
                for number in range(SHOWN):
                    value = float(elsewhere[number, 0])
                    yield Row(self.name, f"output {number + 1}", curve, case.seed, time, value)
            yield Row(self.name, "train loss", f"{layer}, best", case.seed, time, best)
            for where, one, other in zip(("data", "test inputs"), found, (train[place], test[place]), strict=True):
                yield Row(self.name, f"gap at {where}", layer, case.seed, time, gap(one, other))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Agreement until d log d, the least-squares optimum, and the network below it in the end."""
        horizon = config.dim * math.log(config.dim)
        for trained, layer in LAYERS.items():
            theorem = {"hidden": "theorem 3.2", "output": "theorem 3.5", "both": "theorem D.1"}[trained]
            for where in ("data", "test inputs"):
                curve = table.at(self.name, f"gap at {where}", layer)
                early = curve.x <= horizon
                said = f"{layer}, {where}: relative mean square difference below {AGREE:g} until t = d log d"
                statement = Statement(said, f"{PAPER}, {theorem} and figure 1", proven=False)
                yield from_above(statement, (), AGREE, torch.from_numpy(curve.values[early].max(axis=1)))
            network, model, best = (
                table.at(self.name, "train loss", f"{layer}, {who}") for who in ("network", "model", "best")
            )
            said = f"{layer}: the model's loss is within {REACHED - 1.0:.0%} of its least-squares optimum at the end"
            statement = Statement(said, f"{PAPER}, corollary 3.3", proven=False)
            yield from_above(statement, (), torch.from_numpy(REACHED * best.last), torch.from_numpy(model.last))
            said = f"{layer}: the network's train loss falls below the best one of the linear model"
            statement = Statement(said, f"{PAPER}, figure 1 and section 3", proven=False)
            yield from_above(statement, (), torch.from_numpy(best.last), torch.from_numpy(network.last))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Losses, gaps, and outputs on single test inputs of the first seed."""
        shown = []
        for layer in LAYERS.values():
            lines = [
                Line.of("network", COLOURS[0], table.at(self.name, "train loss", f"{layer}, network"), "band"),
                Line.of("model", COLOURS[3], table.at(self.name, "train loss", f"{layer}, model"), "dashed"),
                Line.of("best linear fit", "black", table.at(self.name, "train loss", f"{layer}, best"), "dashed"),
            ]
            shown.append(Panel("losses.png", f"Train loss, {layer}", "time (steps times η)", tuple(lines)))
        for layer in LAYERS.values():
            lines = []
            for number, colour in zip(range(SHOWN), COLOURS, strict=False):
                for who, kind in (("network", "line"), ("model", "dashed")):
                    curve = first_seed(table.at(self.name, f"output {number + 1}", f"{layer}, {who}"))
                    label = who if number == 0 else ""
                    lines.append(Line.of(label, colour, curve, kind))  # type: ignore[arg-type]
            title = f"Outputs at {SHOWN} test inputs, {layer}"
            shown.append(Panel("losses.png", title, "time (steps times η)", tuple(lines), log_y=False))
        gaps = tuple(
            Line.of(layer, colour, table.at(self.name, "gap at test inputs", layer), "band")
            for layer, colour in zip(LAYERS.values(), COLOURS, strict=False)
        )
        return [*shown, Panel("losses.png", "Relative gap at test inputs", "time (steps times η)", gaps)]


def first_seed(curve: Curve) -> Curve:
    """The curve of one seed alone."""
    part = np.s_[:, :1]
    return Curve(curve.x, curve.values[part], curve.errors[part], curve.seeds[:1]) if curve.values.size else curve
