"""The error of the densities themselves, against the cells of their grid."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from limits.theorems import Result, Statement, slope_within
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.mean_field_laws.config import Config
from runs.studies.mean_field_laws.problem import TEMPERATURE, Problem
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Methods, the cold one being a conservation law.
WARM, COLD, GIBBS = f"Fokker-Planck, T = {TEMPERATURE}", "Fokker-Planck, T = 0", "Gibbs"


@dataclass(frozen=True)
class Grids(Experiment):
    """Errors in total variation that the methods report of themselves; seed 0, as nothing is random."""

    name = "grids"
    title = "Error of the grid, total variation"

    def about(self, config: Config) -> str:
        """Which grids."""
        return f"{config.refinements[0]} to {config.refinements[-1]} cells"

    def cases(self, config: Config) -> list[Case]:
        """One a grid."""
        return [Case(f"{cells}cells", 0, 1, cells) for cells in config.refinements]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """By all methods."""
        problem = Problem(config)
        with torch.no_grad():
            found = {
                WARM: problem.on_the_way(case.what)[1],
                COLD: problem.on_the_way(case.what, 0.0)[1],
                GIBBS: problem.at_rest(case.what)[1],
            }
        for method, error in found.items():
            yield Row(self.name, "error", method, 0, float(case.what), error)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Second order with temperature."""
        for method in (WARM, GIBBS):
            statement = Statement(f"{method}: the error falls as cells^(-2), to a fifth", "our methods", proven=False)
            yield slope_within(statement, (), table.at(self.name, "error", method).slope, least=-2.2, most=-1.8)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """All methods."""
        pairs = zip((WARM, COLD, GIBBS), COLOURS, strict=False)
        lines = tuple(Line.of(method, colour, table.at(self.name, "error", method)) for method, colour in pairs)
        return [Panel("grids.png", "", "cells", lines)]
