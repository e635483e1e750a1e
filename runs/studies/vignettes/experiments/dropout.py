"""E3.1: what is lost where a trained network keeps some of its particles, against their number."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from limits import dropout_risk, mean_dropout_risk
from limits.theorems import Result, Statement, as_slope, as_value, dropout_rate, kept_alone
from limits.theorems.vignettes.dropout import PAPER, SUBSETS
from particles import ParticleCloud, generator
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.vignettes.config import Config
from runs.studies.vignettes.online import PAPERS, Task
from runs.studies.vignettes.over_seeds import slope_of_means
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table, log_slope

FIRST, MEAN = "first ones", "mean over subsets"


@dataclass(frozen=True)
class DropoutStability(Experiment):
    """|L_M - L_N| of the first M particles and of the mean over random ones, M = N/2 and M fixed."""

    name = "E3.1"
    title = "Dropout of particles after online SGD"
    words: ClassVar[Mapping[str, str]] = {
        "loss": "L_N",
        "half": "|L_M - L_N|, M = N/2",
        "fixed": "|L_M - L_N|, M fixed",
        "": "whole network",
        FIRST: FIRST,
        MEAN: MEAN,
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"d = {config.online_inputs}, tanh, {config.about}"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every N and seed."""
        pairs = [(count, seed) for seed in range(config.seeds) for count in config.dropout_counts]
        return [Case(f"N{count}-seed{seed}", seed, what=count) for count, seed in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of one run, by the paper's loss; subsets are drawn where that costs little."""
        task, count = Task(config), case.what
        cloud = task.trained(count, 2 * case.seed)
        whole = PAPERS * float(task.risk(cloud))
        yield Row(self.name, "loss", "", case.seed, float(count), whole)
        for quantity, kept in (("half", count // 2), ("fixed", config.dropout_kept)):
            first = PAPERS * float(dropout_risk(cloud, task.risk, kept)) - whole
            mean = PAPERS * mean_dropout_risk(cloud, task.risk, kept).value - whole
            yield Row(self.name, quantity, FIRST, case.seed, float(count), abs(first))
            yield Row(self.name, quantity, MEAN, case.seed, float(count), mean)
        if count == min(config.dropout_counts):
            value, error = self._drawn(task, cloud, config.dropout_subsets, case.seed)
            yield Row(self.name, "half", "drawn", case.seed, float(count), PAPERS * value - whole, PAPERS * error)

    def _drawn(self, task: Task, cloud: ParticleCloud, subsets: int, seed: int) -> tuple[float, float]:
        """The mean risk of random subsets of half of the particles, and its standard error."""
        draw = generator(seed, "drawn subsets")
        rows = (draw.permutation(cloud.count)[: cloud.count // 2].tolist() for _ in range(subsets))
        risks = np.array([float(dropout_risk(cloud, task.risk, each)) for each in rows])
        return float(risks.mean()), float(risks.std(ddof=1)) / math.sqrt(subsets)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The identity, the falls of halves, and that what is fixed stays."""
        drawn, exact = (table.at(self.name, "half", curve) for curve in ("drawn", MEAN))
        least = list(exact.x).index(min(config.dropout_counts))
        ratios = drawn.values[0] / exact.values[least]
        error = math.hypot(*(drawn.errors[0] / exact.values[least])) / len(ratios)
        yield as_value(SUBSETS, (), 1.0, float(ratios.mean()), error)
        yield dropout_rate(slope_of_means(table.at(self.name, "half", FIRST)))
        said = "the mean of L_(N/2) over subsets, less L_N, falls as 1/N"
        yield as_slope(Statement(said, "the identity at a fixed variance", proven=False), (), -1.0, exact.slope)
        kept = f"M = {config.dropout_kept}"
        for curve, which in ((FIRST, "the first ones"), (MEAN, "in the mean over subsets")):
            slope = table.at(self.name, "fixed", curve).slope
            yield kept_alone(slope, config.dropout_counts, f"{kept}, {which}: |L_M - L_N|")
        means = table.at(self.name, "fixed", MEAN)
        said = f"{kept}, in the mean over subsets: |L_M - L_N| (N - 1)/(N - M) does not depend on N"
        drawn_back = means.values * ((means.x - 1.0) / (means.x - config.dropout_kept))[:, None]
        yield as_slope(Statement(said, PAPER, proven=False), (), 0.0, log_slope(means.x, drawn_back), rival=-0.5)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Halves, and a fixed number."""
        shown = []
        for quantity, words in (("half", "Half of the particles kept"), ("fixed", f"M = {config.dropout_kept} kept")):
            lines = tuple(
                Line.of(curve, colour, table.at(self.name, quantity, curve))
                for curve, colour in zip((FIRST, MEAN), COLOURS, strict=False)
            )
            shown.append(Panel("dropout.png", words, "particles N", lines, "|L_M - L_N|"))
        return shown
