"""The constant of the random kernel: how much is left of one particle's variance in infinitely many Zipf masses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from limits import zipf_departure
from limits.kernels.random_kernel import variance_of_one
from limits.theorems import Result, Statement, as_value
from particles import masses
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.kernel_limits.config import FIGURE, Config
from runs.studies.kernel_limits.problem import Problem
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Zipf indices at which the constant is sampled, and particles of the clouds.
ALPHAS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
WIDTH = 1000


@dataclass(frozen=True)
class Constants(Experiment):
    """E |K_m - K|_F^2 / C0 of a thousand Zipf masses, which is sum_j lambda_j^2, against alpha."""

    name = "constant"
    title = "Constant of the random kernel"
    words: ClassVar[Mapping[str, str]] = {"variance": "at α = 0.9", "finite": f"m = {WIDTH}"}

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """By the clouds of one seed."""
        problem = Problem.of(config)
        inputs = problem.train.inputs
        mean, one = problem.kernel(inputs), variance_of_one(problem.kernel, inputs)
        for alpha in ALPHAS:
            squares = problem.squared_distance(masses.zipf(WIDTH, alpha), mean, case.seed)
            yield Row(self.name, "variance", "finite", case.seed, alpha, squares / one)

    def predicted(self, config: Config) -> Iterator[Row]:
        """At this width, and zeta(2/alpha) / zeta(1/alpha)^2 for infinitely many."""
        for alpha in torch.linspace(0.05, 0.95, 37, dtype=torch.float64).tolist():
            finite = float(masses.zipf(WIDTH, alpha).square().sum())
            yield Row(self.name, "variance", "finite", None, alpha, finite)
            yield Row(self.name, "variance", "limit", None, alpha, zipf_departure(0.0, alpha))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """sum_j lambda_j^2 at every alpha."""
        found = table.at(self.name, "variance", "finite")
        for alpha, mean, error in zip(found.x, found.mean, found.uncertain, strict=True):
            said = f"α = {alpha:g}, m = {WIDTH}: E |K_m - K|^2 / C0 = sum_j lambda_j^2"
            statement = Statement(said, "Caron et al. 2023, proposition 3.3, measured over few seeds", proven=False)
            exact = float(masses.zipf(WIDTH, float(alpha)).square().sum())
            yield as_value(statement, (), exact, float(mean), float(error))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Measured, at finite width, and in the limit."""
        finite, limit = (table.at(self.name, "variance", name, predicted=True) for name in ("finite", "limit"))
        lines = (
            Line.of(f"m = {WIDTH}", COLOURS[0], table.at(self.name, "variance", "finite")),
            Line.of("", COLOURS[0], finite, "dashed"),
            Line.of("m to infinity", COLOURS[3], limit, "dashed"),
        )
        title = r"Random-kernel constant $\Sigma_j\,\lambda_j^2$, $\gamma = 0$"
        return [Panel(FIGURE, title, "Zipf index α", lines, log_x=False, log_y=False)]
