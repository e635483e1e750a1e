"""A study small enough to be seen through: squares of seeds, with a case that fails on request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from pydantic import Field

from limits.theorems import Result, Statement, from_above
from runs.batch.jobs import Report
from runs.study.configuration import Sizes, StudyConfig, by_scale
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.study import Study
from runs.study.table import Row, Table

#: Whether what is claimed is a theorem.
PROVEN = True


def failing(self: object, config: object, case: object, folder: object, report: object) -> Iterator[Row]:
    """A measurement that finds nothing."""
    raise ValueError("nothing to measure")


class Config(StudyConfig):
    """A factor, and seeds at which something goes wrong."""

    data_sets: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Sizes] = by_scale(seeds=(2, 3, 4), workers=(0, 0, 0))
    switches: ClassVar[Sizes] = {"doubled": {"rate": 2.0}}

    rate: float = Field(default=1.0, gt=0.0)
    widths: tuple[int, ...] = (1, 2)
    wrong: tuple[int, ...] = ()
    loud: bool = False


@dataclass(frozen=True)
class Squares(Experiment):
    """rate * seed^2 * width, measured and predicted for the first seed."""

    name = "E1.1"
    title = "Squares of seeds"
    words: ClassVar[Mapping[str, str]] = {"square": "squared", "all": "every width"}

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """A row a width; nothing where the seed is wrong."""
        for width in config.widths:
            yield Row(self.name, "square", "all", case.seed, float(width), config.rate * (1 + case.seed) ** 2 * width)
            if case.seed in config.wrong:
                raise ValueError(f"seed {case.seed} is wrong")
        report(1)

    def predicted(self, config: Config) -> Iterator[Row]:
        """That of seed zero."""
        for width in config.widths:
            yield Row(self.name, "square", "all", None, float(width), config.rate * width)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """No value is larger than twenty."""
        values = torch.from_numpy(table.at(self.name, "square", "all").values)
        yield from_above(Statement("squares are at most 20", "nobody", proven=PROVEN), (), torch.tensor(20.0), values)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Measured beside predicted."""
        exact = table.at(self.name, "square", "all", predicted=True)
        lines = Line.of("measured", "C0", table.at(self.name, "square", "all")), Line.of("", "C0", exact, "dashed")
        return [Panel("squares.png", "", "width", lines)]


@dataclass(frozen=True)
class Plain(Experiment):
    """The least that an experiment can be."""

    name = "E1.2"
    title = "Nothing but seeds"

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The seed."""
        yield Row(self.name, "seed", "only", case.seed, 0.0, float(case.seed), 0.5)


STUDY = Study("toy", "nobody 2026", "What are squares?", Config, (Squares(), Plain()), usual=("E1.1",))


def configured(out: Path, **given: Any) -> Config:
    """The smoke scale in a folder."""
    config = STUDY.configured(scale="smoke", out=out, **given)
    assert isinstance(config, Config)
    return config


def same(one: Table, other: Table) -> bool:
    """Whether two tables have the same rows, NaN being the same as NaN."""
    return repr(one.rows) == repr(other.rows)
