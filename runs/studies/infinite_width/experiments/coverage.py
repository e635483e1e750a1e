"""How often intervals of small estimates hold the limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
import torch

from limits.theorems import Result, Statement, as_value
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS, GREY
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import CONVERGED, curve
from runs.studies.infinite_width.problems.every import KNOWN, filed
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

SCORE = "distance over half the interval"
#: What should hold the limit so often, and the width of the lowest level.
CONFIDENCE, NARROW = 0.95, 16
#: Steps are so many times longer, since errors of steps are far below those of small estimates.
LONGER = 2.0
#: Limits of which small estimates are made, with their quantities: of a gradient flow, a noisy one, and a random one.
LIMITS = {
    "GaussianFlow": ("f", "movement"),
    "FokkerPlanck, one dimension": ("f", "E w^2"),
    "RandomKernel": ("E K", "E exp(-4 K / c)"),
}


@dataclass(frozen=True)
class Coverage(Experiment):
    """Of `seeds` estimates of each limit, how far the limit is from them in units of half their intervals."""

    name = "coverage"
    title = "Intervals that hold the limit"

    def about(self, config: Config) -> str:
        """How many."""
        return f"{config.seeds} estimates of each limit, standard errors of {100.0 * config.small:g} %"

    def cases(self, config: Config) -> list[Case]:
        """One a limit; with another number of estimates there are more of the same."""
        return [Case(f"{filed(limit)}-{config.seeds}", 0, config.seeds, limit) for limit in LIMITS]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of every estimate and quantity, how far the limit is in units of half the interval."""
        question = KNOWN[case.what]().at(config).small(NARROW, LONGER, LIMITS[case.what])
        with torch.no_grad():
            exact = question.exact()
            for seed in range(config.seeds):
                found = question.estimate(config.small, seed)
                for value in found.values:
                    far = (value.value - exact[value.name]) / (0.5 * (value.high - value.low))
                    yield Row(self.name, SCORE, curve(case.what, value.name), seed, 0.0, far)
                yield Row(self.name, CONVERGED, case.what, seed, 0.0, float(found.converged))
                report(seed)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Intervals of 95 % hold the limit as often."""
        for name, held in _held(table).items():
            statement = Statement(f"{name}: intervals of 95 % hold the limit so often", "our estimates", proven=False)
            spread = (CONFIDENCE * (1.0 - CONFIDENCE) / len(held)) ** 0.5
            yield as_value(statement, (), CONFIDENCE, float(held.mean()), spread)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Fractions with their binomial intervals."""
        found = _held(table)
        if not found:
            return []
        fractions = np.array([[held.mean()] for held in found.values()])
        reaches = [_interval(held) for held in found.values()]
        errors = np.array([[0.25 * (high - low)] for low, high in reaches])
        places = np.arange(1.0, len(found) + 1.0)
        lines = (
            Line("fraction, with its binomial interval", COLOURS[0], places, fractions, "points", errors),
            Line("95 %", GREY, places, np.full((len(found), 1), CONFIDENCE), "dashed"),
        )
        return [Panel("coverage.png", "", "quantity", lines, log_x=False, log_y=False)]


def _held(table: Table) -> dict[str, np.ndarray]:
    """Whether each interval holds the limit, of every quantity."""
    rows = [row for row in table.of(Coverage.name) if row.quantity == SCORE]
    names = dict.fromkeys(row.curve for row in rows)
    return {name: abs(table.at(Coverage.name, SCORE, name).values[0]) <= 1.0 for name in names}


def _interval(held: np.ndarray) -> tuple[float, float]:
    """The interval of 95 % of a frequency (Clopper and Pearson 1934)."""
    found = scipy.stats.binomtest(int(held.sum()), len(held)).proportion_ci(CONFIDENCE)
    return float(found.low), float(found.high)
