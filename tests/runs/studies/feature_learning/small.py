"""The smoke scale of the study: its configuration, its rows, and claims of rows that were changed."""

from dataclasses import dataclass, replace

from limits.theorems import Result, Verdict
from runs.studies.feature_learning.config import Config
from runs.studies.feature_learning.study import STUDY
from runs.study.experiment import Experiment
from runs.study.table import Row, Table
from tests.runs.study.smoke import Smoke


def small(**sizes: object) -> Config:
    """The smoke scale, with these sizes."""
    config = STUDY.configured(scale="smoke", device="cpu", **sizes)
    assert isinstance(config, Config)
    return config


@dataclass(frozen=True)
class Smoked:
    """What the command wrote and said, and the table that it wrote."""

    smoke: Smoke
    table: Table

    def measured(self, name: str) -> tuple[Experiment, Config, Table]:
        """An experiment, its configuration, and all of its rows."""
        (experiment,) = STUDY.chosen([name])
        return experiment, small(), self.table.of(name)

    def claimed(self, name: str, words: str, **scaled: float) -> Result:
        """The one claim with these words, with rows of a quantity, or of "quantity|curve", scaled."""
        experiment, config, table = self.measured(name)
        rows = tuple(_scaled(row, scaled) for row in table)
        (found,) = (one for one in experiment.claims(config, Table(rows)) if words in one.statement)
        return found

    def assert_can_fail(self, name: str, words: str, **scaled: float) -> None:
        """Assert that a claim does not hold where what was measured is other than it is."""
        assert self.claimed(name, words, **scaled).verdict is not Verdict.HOLDS


def _scaled(row: Row, scaled: dict[str, float]) -> Row:
    factor = scaled.get(row.quantity, scaled.get(f"{row.quantity}|{row.curve}", 1.0))
    return replace(row, value=row.value * factor)
