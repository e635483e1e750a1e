"""How observables fluctuate over independent clouds, against the number of particles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from limits.chaos import deviation, sampled, slope
from limits.theorems import Result, Statement, as_slope
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS, GREY
from runs.studies.propagation_of_chaos.clouds import Clouds, Kept
from runs.studies.propagation_of_chaos.config import FIGURE, FLOWS, Config, moment
from runs.studies.propagation_of_chaos.slopes import slope_at, slope_rows
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

OBSERVABLES = {"prediction": "prediction", "second_moment": "second moment", "kernel": "kernel"}


@dataclass(frozen=True)
class Fluctuations(Experiment):
    """Deviations over clouds of the prediction, the second moment and the kernel, and their slopes; seed 0 is all."""

    name = "fluctuations"
    title = "Deviations over clouds, and their slopes in the number of particles"
    words: ClassVar[Mapping[str, str]] = {f"{name}: slope": words for name, words in OBSERVABLES.items()} | FLOWS

    def cases(self, config: Config) -> list[Case]:
        """One a flow; the seeds of its clouds depend on how many there are."""
        size = len(config.counts) * config.seeds
        return [Case(f"{flow}-{config.seeds}clouds", 0, size, flow) for flow in FLOWS]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of all clouds of a flow."""
        clouds = Clouds(config, case.what)
        kept = Kept(clouds, report)
        for number, time in enumerate(config.times):
            for name, observable in clouds.observables().items():
                with torch.no_grad():
                    samples = sampled(kept.at(number), observable, config.counts, config.seeds)
                for count, value in zip(config.counts, deviation(samples), strict=True):
                    yield Row(self.name, name, moment(case.what, time), 0, float(count), float(value))
                yield from slope_rows(self.name, name, case.what, time, slope(config.counts, samples, deviation))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """m^(-1/2) for what is a mean over particles, under all flows; for predictions in the mean field alone."""
        for flow, words in FLOWS.items():
            for name, called in OBSERVABLES.items():
                found = slope_at(table, self.name, name, flow, config.times[-1])
                exact = 0.0 if (flow, name) == ("ntk", "prediction") else -0.5
                said = f"{words}: the deviation of the {called} goes as m^({exact:g})"
                statement = Statement(said, "Sznitman 1991; Mei, Montanari and Nguyen 2018", proven=False)
                yield as_slope(statement, (), exact, found, rival=-0.5 - exact)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """One panel a flow at the last time, with m^(-1/2) through the first point of the second moment."""
        shown: list[Panel] = []
        last = config.times[-1]
        for flow, words in FLOWS.items():
            curves = {name: table.at(self.name, name, moment(flow, last)) for name in OBSERVABLES}
            pairs = zip(curves.items(), COLOURS, strict=False)
            lines = [Line.of(OBSERVABLES[name], colour, curve) for (name, curve), colour in pairs]
            second = curves["second_moment"]
            if second.x.size:
                law = second.values[0] * np.sqrt(second.x[0] / second.x)[:, None]
                lines.append(Line(r"$m^{-1/2}$", GREY, second.x, law, "dashed"))
            label = f"deviation over {config.seeds} clouds, time {last:g}" if not shown else ""
            shown.append(Panel(FIGURE, words, "particles, m", tuple(lines), y_label=label))
        return shown
