"""How far clouds are from their limit in W_2, beside the floor that independent particles have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from limits.chaos import STAND_INS, StandIn, approach, root_mean, slope
from limits.theorems import Result, Statement, as_value
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.propagation_of_chaos.clouds import Clouds, Kept
from runs.studies.propagation_of_chaos.config import FIGURE, FLOWS, Config, moment
from runs.studies.propagation_of_chaos.slopes import slope_rows
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table


@dataclass(frozen=True)
class Distances(Experiment):
    """Root mean W_2 from a stand-in for the limit, its floor, the excess of the squares, and slopes; seed 0 is all.

    The quantity `stand-in` is W_2 between the first two stand-ins.
    """

    name = "distances"
    title = "Distances from the limit, slopes in the number of particles"
    words: ClassVar[Mapping[str, str]] = {"W2: slope": "W2", "floor: slope": "floor of W2"} | FLOWS

    def cases(self, config: Config) -> list[Case]:
        """One a flow."""
        size = (len(config.distance_counts) + 1) * config.distance_seeds + 1
        return [Case(flow, 0, size, flow) for flow in FLOWS]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of all clouds of a flow; distances are exact."""
        kept, counts, repetitions = (
            Kept(Clouds(config, case.what), report),
            config.distance_counts,
            config.distance_seeds,
        )
        for number, time in enumerate(config.times):
            make, curve = kept.at(number), moment(case.what, time)
            limit = StandIn(tuple(make(config.limit_count, STAND_INS + each) for each in range(1 + repetitions)))
            with torch.no_grad():
                found = approach(make, limit, counts, repetitions)
                own = limit.error()
            for quantity, squares in (("W2", found.squares), ("floor", found.floors)):
                for count, value in zip(counts, root_mean(squares), strict=True):
                    yield Row(self.name, quantity, curve, 0, float(count), float(value))
                yield from slope_rows(self.name, quantity, case.what, time, slope(counts, squares, root_mean))
            for count, excess in zip(counts, found.excess, strict=True):
                yield Row(self.name, "excess", curve, 0, float(count), excess.value, excess.error)
            yield Row(self.name, "stand-in", curve, 0, float(config.limit_count), own)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Particles are as far from their limit as independent ones are."""
        for flow, words in FLOWS.items():
            found = table.at(self.name, "excess", moment(flow, config.times[-1]))
            said = f"{words}, m = {found.x[-1]:g}: W_2^2 is that of independent particles"
            statement = Statement(said, "Sznitman 1991", proven=False)
            yield as_value(statement, (), 0.0, float(found.values[-1, 0]), float(found.errors[-1, 0]))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """One panel a flow, W_2 and its floor at all times."""
        shown: list[Panel] = []
        for flow in FLOWS:
            lines = []
            for time, colour in zip(config.times, COLOURS, strict=False):
                curve, floor = (table.at(self.name, name, moment(flow, time)) for name in ("W2", "floor"))
                lines.append(Line.of(rf"$W_2$, time {time:g}", colour, curve, "points"))
                lines.append(Line.of(f"independent particles, time {time:g}", colour, floor, "dashed"))
            label = f"distance from {config.limit_count:,} particles" if not shown else ""
            shown.append(Panel(FIGURE, "", "particles, m", tuple(lines), y_label=label))
        return shown
