"""Estimates beside every limit that is known, with the errors of their steps."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import scipy
import torch

from limits.theorems import Assumption, Result, Statement, as_value
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import CONVERGED, COST, ERROR, LIMIT, curve, granted, rows_of
from runs.studies.infinite_width.problems.every import KNOWN, filed
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table, student_reach

STEP = "error of the step"
#: The schemes are of order two or more: twice the step changes by three errors of the step, or more.
ORDER_TWO = 3.0


@dataclass(frozen=True)
class Checks(Experiment):
    """Estimates, and what the step may add to them: a third of what doubling it changes."""

    name = "check"
    title = "Estimates beside limits that are known"
    words: ClassVar[Mapping[str, str]] = {COST: COST, CONVERGED: CONVERGED, **{name: name for name in KNOWN}}

    def about(self, config: Config) -> str:
        """Accuracy."""
        return f"standard errors of {100.0 * config.accuracy:g} %"

    def cases(self, config: Config) -> list[Case]:
        """One a limit."""
        return [Case(filed(name), what=name) for name in KNOWN]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The estimate, and errors of the step from clouds of `stepped` particles."""
        question, (width, clouds) = KNOWN[case.what]().at(config), config.stepped
        with torch.no_grad():
            found = question.estimate(config.accuracy, seed=0)
            changes = torch.stack([question.doubled(width, seed) for seed in range(clouds)]) / ORDER_TWO
        yield from rows_of(self.name, case.what, found)
        errors = changes.std(dim=0) / math.sqrt(clouds) * student_reach(clouds)
        for name, value, error in zip(question.names, changes.mean(dim=0).tolist(), errors.tolist(), strict=True):
            yield Row(self.name, STEP, curve(case.what, name), 0, float(width), value, error)

    def predicted(self, config: Config) -> Iterator[Row]:
        """What is known."""
        with torch.no_grad():
            for limit, made in KNOWN.items():
                for name, value in made().exact().items():
                    yield Row(self.name, LIMIT, curve(limit, name), None, 0.0, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The estimate is the limit's, by intervals that hold for all of them at once.

        That is asked where the step changes less than a standard error does.
        """
        names = _curves(table)
        reach = float(scipy.stats.norm.isf(0.025 / len(names)) / scipy.stats.norm.isf(0.025))
        for name in names:
            found, exact = (table.at(self.name, LIMIT, name, predicted=known) for known in (False, True))
            step, noise = (float(table.at(self.name, quantity, name).values[0, 0]) for quantity in (STEP, ERROR))
            statement = Statement(f"{name}: the estimate is the limit's", "our estimate", proven=False)
            assumptions = (Assumption("the error of the step is below the standard error", abs(step) <= noise),)
            value, error = float(found.values[0, 0]), reach * float(found.errors[0, 0])
            yield granted(as_value(statement, assumptions, float(exact.values[0, 0]), value, error))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Distances of estimates from their limits in standard errors."""
        names = _curves(table)
        if not names:
            return []
        places = np.arange(1.0, len(names) + 1.0)
        scores = np.array([[_score(table, name)] for name in names])
        line = Line("", COLOURS[0], places, scores, "points")
        return [Panel("checks.png", "", "quantity", (line,), y_label="standard errors", log_x=False, log_y=False)]


def _curves(table: Table) -> list[str]:
    """The names of all comparisons."""
    rows = table.of(Checks.name)
    return list(dict.fromkeys(row.curve for row in rows if row.quantity == LIMIT and row.seed is not None))


def _score(table: Table, name: str) -> float:
    found, exact = (table.at(Checks.name, LIMIT, name, predicted=known) for known in (False, True))
    if not exact.values.size:
        return math.nan
    return float((found.values - exact.values)[0, 0] / found.errors[0, 0])
