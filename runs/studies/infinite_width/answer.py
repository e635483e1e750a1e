"""What all questions of papers share: estimates of their quantities, beside what is known of them, and figures."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from limits.theorems import Assumption, Result
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import CONVERGED, LIMIT, against_width, curve, granted, rows_of
from runs.studies.infinite_width.question import Question
from runs.study.experiment import Case, Experiment
from runs.study.panels import Panel
from runs.study.table import Row, Table


@dataclass(frozen=True)
class Answer(Experiment):
    """A question of a paper, answered at infinite width; what the rows are, `rows_of` says.

    drawn: names of the curves that the figure shows. roughly: so many times the accuracy of other estimates.
    """

    drawn: ClassVar[tuple[str, ...]]
    roughly: ClassVar[float] = 1.0

    @abstractmethod
    def asked(self) -> Mapping[str, Question]:
        """The questions by their names."""

    def about(self, config: Config) -> str:
        """Accuracy."""
        return f"standard errors of {100.0 * self.roughly * config.accuracy:g} %"

    def cases(self, config: Config) -> list[Case]:
        """One a question."""
        return [Case(name.replace(" ", ""), what=name) for name in self.asked()]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The estimate."""
        with torch.no_grad():
            found = self.asked()[case.what].at(config).estimate(self.roughly * config.accuracy, seed=1)
        yield from rows_of(self.name, case.what, found)

    def predicted(self, config: Config) -> Iterator[Row]:
        """What is known."""
        with torch.no_grad():
            for name, question in self.asked().items():
                for quantity, value in question.exact().items():
                    yield Row(self.name, LIMIT, curve(name, quantity), None, 0.0, value)

    def found(self, table: Table, name: str) -> tuple[float, float]:
        """The limit of a curve, and its standard error."""
        limit = table.at(self.name, LIMIT, name)
        return float(limit.values[0, 0]), float(limit.errors[0, 0])

    def converged(self, table: Table, question: str) -> tuple[Assumption, ...]:
        """That the estimate says so of itself."""
        verdict = table.at(self.name, CONVERGED, question)
        return (Assumption("the estimate converged", bool((verdict.values == 1.0).all())),)

    @abstractmethod
    def stated(self, config: Config, table: Table) -> Iterator[Result]:
        """What is said of the limits."""

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """What is said, where the estimates say that they converged."""
        return map(granted, self.stated(config, table))

    def panels(self, config: Config, table: Table) -> Sequence[Panel]:
        """Means against width."""
        pairs = zip(self.drawn, COLOURS, strict=False)
        return [against_width(table, self.name, name, colour, "answers.png") for name, colour in pairs]
