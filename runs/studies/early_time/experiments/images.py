"""Figures 3 and 4: deep networks on images agree with a linear model first, and then learn what is not linear."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from limits.theorems import Result, Statement, from_above
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.early_time.config import Config
from runs.studies.early_time.deep import NETWORKS, DeepStart
from runs.studies.early_time.experiments.layers import SHOWN, first_seed
from runs.studies.early_time.problem import frames, gap
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Steps until which network and model agree, and by how much of the model's outputs, and of the targets.
AGREED, RELATIVE, ABSOLUTE = 1000, 0.1, 0.05
#: Parts of the test residual, and who has them.
PARTS, WHO = ("along", "across"), ("network", "model")
PAPER = "Hu et al. 2020, section 4"


@dataclass(frozen=True)
class Images(Experiment):
    """Test residual along the span of the test inputs and across it, of deep networks and of their linear model."""

    name = "E2.3"
    title = "Deep networks on images"
    figure = "Figs. 3 and 4"
    words: ClassVar[Mapping[str, str]] = {
        "along": "residual in the span of inputs",
        "across": "residual in its complement",
        "gap": "relative mean square difference",
        "difference": "mean square difference over that of targets",
        **{f"{network}, {who}": f"{network}, {who}" for network in NETWORKS for who in WHO},
    }

    def about(self, config: Config) -> str:
        """For titles."""
        sizes = f"n = {config.image_rows}, 4 x {config.units} and 4 x {config.channels}"
        return f"{config.images}, {sizes}, batches of {config.batch}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for each network."""
        return [Case(f"{network}-{config.images}", what=network) for network in NETWORKS]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """At log-spaced steps."""
        start, network = DeepStart.of(config, case.what, case.seed), case.what
        run = frames(start.flow, start.cloud, start.step, config.steps)
        linear = start.modelled([round(time / start.step) for time, _ in run])
        for (time, cloud), model in zip(run, linear, strict=True):
            step, found = float(round(time / start.step)), start.outputs(cloud)
            for who, outputs in zip(WHO, (found, model), strict=True):
                yield from self._rows(start, f"{network}, {who}", step, outputs, case.seed)
            difference = float((found - model).square().mean() / start.test.targets.square().mean())
            yield Row(self.name, "gap", f"{network}, network", case.seed, step, gap(found, model))
            yield Row(self.name, "difference", f"{network}, network", case.seed, step, difference)

    def _rows(self, start: DeepStart, curve: str, step: float, outputs: Tensor, seed: int) -> Iterator[Row]:
        for part, value in zip(PARTS, start.split(outputs), strict=True):
            yield Row(self.name, part, curve, seed, step, value)
        for number in range(SHOWN):
            yield Row(self.name, f"output {number + 1}", curve, seed, step, float(outputs[number, 0]))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Agreement early, and progress in the complement alone late, where the model makes none."""
        for network in NETWORKS:
            for quantity, most, words in (
                ("gap", RELATIVE, "the model's outputs"),
                ("difference", ABSOLUTE, "the targets"),
            ):
                curve = table.at(self.name, quantity, f"{network}, network")
                differences = torch.from_numpy(curve.values[curve.x <= AGREED])
                said = f"{network}: mean square difference to the model below {most:g} of {words} until step {AGREED}"
                statement = Statement(said, f"{PAPER}, figures 3 and 4", proven=False)
                yield from_above(statement, (), most, differences)
            along, across = (table.at(self.name, part, f"{network}, network") for part in PARTS)
            middle = int((along.x <= AGREED).sum()) - 1
            early, late = (
                [torch.from_numpy(curve.values[first] - curve.values[last]) for curve in (along, across)]
                for first, last in ((0, middle), (middle, -1))
            )
            said = f"{network}: until step {AGREED} there is more progress in the span of inputs than in its complement"
            statement = Statement(said, f"{PAPER}, figures 3 and 4", proven=False)
            yield from_above(statement, (), early[0], early[1])
            said = f"{network}: after step {AGREED} there is more progress in the complement than in the span of inputs"
            statement = Statement(said, f"{PAPER}, figures 3 and 4", proven=False)
            yield from_above(statement, (), late[1], late[0])
            model = table.at(self.name, "across", f"{network}, model")
            said = f"{network}: in the end the network is ahead of the model by a tenth in the complement"
            statement = Statement(said, f"{PAPER}, figures 3 and 4", proven=False)
            yield from_above(statement, (), torch.from_numpy(0.9 * model.last), torch.from_numpy(across.last))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Residuals, differences, and outputs at single test images."""
        shown = []
        for network in NETWORKS:
            lines = []
            for part, colour in zip(PARTS, COLOURS, strict=False):
                for who in WHO:
                    curve = table.at(self.name, part, f"{network}, {who}")
                    words = {"along": "in the span of inputs", "across": "in its complement"}[part]
                    label = words if who == "network" else ""
                    lines.append(Line.of(label, colour, curve, "line" if who == "network" else "dashed"))
            title = f"Test residual, {network} (dashed: model)"
            shown.append(Panel("images.png", title, "steps", tuple(lines)))
            lines = []
            for number, colour in zip(range(SHOWN), COLOURS, strict=False):
                for who in WHO:
                    curve = first_seed(table.at(self.name, f"output {number + 1}", f"{network}, {who}"))
                    lines.append(Line.of("", colour, curve, "line" if who == "network" else "dashed"))
            title = f"Outputs at {SHOWN} test images, {network}"
            shown.append(Panel("images.png", title, "steps", tuple(lines), log_y=False))
            differences = tuple(
                Line.of(label, colour, table.at(self.name, quantity, f"{network}, network"))
                for (quantity, label), colour in zip(
                    {"gap": "over that of outputs", "difference": "over that of targets"}.items(), COLOURS, strict=False
                )
            )
            shown.append(Panel("images.png", f"Mean square difference, {network}", "steps", differences))
        return shown
