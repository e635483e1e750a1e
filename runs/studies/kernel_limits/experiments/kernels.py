"""How far the kernel of a finite network is from that of infinitely many particles, against width and masses."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from limits import total_variance
from limits.theorems import Result, Statement, as_slope, as_value
from runs.batch.jobs import Report
from runs.studies.kernel_limits.config import FIGURE, KERNELS, Config
from runs.studies.kernel_limits.problem import Problem
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table


@dataclass(frozen=True)
class Kernels(Experiment):
    """sqrt(E |K_m - K|_F^2) / |K|_F for all masses and widths; exactly sqrt(C0 sum_j lambda_j^2) / |K|_F."""

    name = "kernel"
    title = "Distance of finite kernels from their mean, root mean square"
    words: ClassVar[Mapping[str, str]] = {
        "distance": "|K_m - K| / |K|",
        **{setting.name: setting.label for setting in KERNELS},
    }

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """By the clouds of one seed."""
        problem = Problem.of(config)
        mean = problem.kernel(problem.train.inputs)
        for setting in KERNELS:
            for width in config.widths:
                squares = problem.squared_distance(setting.masses(width), mean, case.seed)
                value = math.sqrt(squares) / float(mean.norm())
                yield Row(self.name, "distance", setting.name, case.seed, float(width), value)

    def predicted(self, config: Config) -> Iterator[Row]:
        """In closed form."""
        problem = Problem.of(config)
        inputs = problem.train.inputs
        norm = float(problem.kernel(inputs).norm())
        for setting in KERNELS:
            for width in config.widths:
                squares = total_variance(problem.kernel, inputs, setting.masses(width))
                yield Row(self.name, "distance", setting.name, None, float(width), math.sqrt(squares) / norm)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The closed form at the largest width, and that only the kernel of equal masses becomes deterministic."""
        for setting in KERNELS:
            found = table.at(self.name, "distance", setting.name)
            exact = table.at(self.name, "distance", setting.name, predicted=True)
            said = f"{setting.label}, m = {config.widths[-1]}: E |K_m - K|^2 = C0 sum_j lambda_j^2"
            statement = Statement(said, "Caron et al. 2023, proposition 3.3, measured over few seeds", proven=False)
            yield as_value(statement, (), float(exact.mean[-1]), float(found.mean[-1]), float(found.uncertain[-1]))
        statement = Statement("γ = 1: |K_m - K| falls as m^(-1/2)", "Caron et al. 2023, section 3", proven=False)
        yield as_slope(statement, (), -0.5, table.at(self.name, "distance", KERNELS[0].name).slope)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Measured beside predicted."""
        lines = []
        for setting in KERNELS:
            lines.append(Line.of(setting.label, setting.colour, table.at(self.name, "distance", setting.name)))
            exact = table.at(self.name, "distance", setting.name, predicted=True)
            lines.append(Line.of("", setting.colour, exact, "dashed"))
        return [Panel(FIGURE, r"$|K_m - K| \,/\, |K|$, root mean square", "width m", tuple(lines))]
