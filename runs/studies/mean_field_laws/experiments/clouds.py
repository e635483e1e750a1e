"""Distance of clouds from the density of infinitely many, on the way and at rest, beside independent draws."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from limits.theorems import Assumption, Result, Statement, as_slope, unchecked
from limits.theorems.base import fails
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS, GREY
from runs.studies.mean_field_laws.config import Config
from runs.studies.mean_field_laws.problem import ON_THE_WAY, Problem, distances
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: What is compared, with its colour.
CURVES = {"on the way": COLOURS[0], "at rest": COLOURS[1], "independent": GREY}
#: When clouds have come to rest, to what can be seen.
RESTED = 10.0
#: Edges of the bars of the largest clouds.
EDGES = np.linspace(-4.0, 4.0, 81)


@dataclass(frozen=True)
class Clouds(Experiment):
    """W1 and W2 by quantiles; clouds at rest come closer than independent ones, as the potential pushes back."""

    name = "clouds"
    title = "Particles and the density of infinitely many"
    words: ClassVar[Mapping[str, str]] = {name: name for name in ("W1", "W2", *CURVES)}

    def cases(self, config: Config) -> list[Case]:
        """One a count; the seeds of its clouds depend on how many there are, and none is used twice."""
        return [
            Case(f"m{count}-{config.seeds}clouds", 0, config.seeds, (level, count))
            for level, count in enumerate(config.counts)
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """All clouds of a count; of the last one of the largest count its bars too."""
        level, count = case.what
        problem = Problem(config)
        with torch.no_grad():
            (way, _), (rest, _) = problem.on_the_way(config.cells), problem.at_rest(config.cells)
            for number in range(config.seeds):
                seed = level * config.seeds + number
                shown = problem.clouds(count, seed)
                pairs = ((shown[0], way), (shown[1], rest), (rest.sample(count, seed), rest))
                for curve, pair in zip(CURVES, pairs, strict=True):
                    for quantity, value in zip(("W1", "W2"), distances(*pair), strict=True):
                        yield Row(self.name, quantity, curve, number, float(count), value)
                report(number)
        if count == config.counts[-1]:
            for curve, cloud in zip(CURVES, shown, strict=False):
                heights, _ = np.histogram(cloud.positions[:, 0].numpy(), bins=EDGES)
                for edge, height in zip(EDGES, heights / (count * np.diff(EDGES)), strict=False):
                    yield Row(self.name, "density", curve, 0, float(edge), float(height))

    def predicted(self, config: Config) -> Iterator[Row]:
        """The densities."""
        problem = Problem(config)
        with torch.no_grad():
            found = {"on the way": problem.on_the_way(config.cells)[0], "at rest": problem.at_rest(config.cells)[0]}
        for curve, law in found.items():
            for place, value in zip(law.grid.centres[:, 0].tolist(), law.values.tolist(), strict=True):
                yield Row(self.name, "density", curve, None, place, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Distances fall as m^(-1/2), at rest where clouds have had the time to come there."""
        for curve in CURVES:
            statement = Statement(f"{curve}: W1 falls as m^(-1/2)", "Sznitman 1991", proven=False)
            rested = Assumption(f"clouds are at rest (time {config.rest:g})", config.rest >= RESTED)
            assumptions = (rested,) if curve == "at rest" else ()
            if fails(assumptions):
                yield unchecked(statement, assumptions)
            else:
                yield as_slope(statement, assumptions, -0.5, table.at(self.name, "W1", curve).slope)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """The largest clouds on the densities, and distances against count."""
        shown = []
        times = {"on the way": ON_THE_WAY, "at rest": config.rest}
        for curve, time in times.items():
            density = table.at(self.name, "density", curve, predicted=True)
            start = np.exp(-0.5 * density.x**2)[:, None] / np.sqrt(2.0 * np.pi)
            lines = (
                Line.of("particles", "0.82", table.at(self.name, "density", curve), "bars"),
                Line.of("density", CURVES[curve], density, "line"),
                Line("start", GREY, density.x, start, "dashed"),
            )
            title = f"{curve}, time {time:g}, {config.counts[-1]:,} particles"
            shown.append(Panel("laws.png", title, "hidden weight w", lines, log_x=False, log_y=False))
        found = tuple(Line.of(curve, colour, table.at(self.name, "W1", curve)) for curve, colour in CURVES.items())
        return [*shown, Panel("laws.png", "W1 to the density", "particles, m", found)]
