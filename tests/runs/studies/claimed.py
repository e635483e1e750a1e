"""A table with numbers of one's own, and what an experiment claims of it."""

from collections.abc import Callable

from limits.theorems import Result, Verdict
from runs.study.configuration import StudyConfig
from runs.study.experiment import Experiment
from runs.study.table import Row, Table


def changed(table: Table, change: Callable[[Row], float]) -> Table:
    """The table with other values."""
    rows = (Row(r.experiment, r.quantity, r.curve, r.seed, r.x, change(r), r.error) for r in table)
    return Table(tuple(rows))


def said(experiment: Experiment, config: StudyConfig, table: Table, words: str) -> list[Result]:
    """The claims whose statement has these words."""
    return [claim for claim in experiment.claims(config, table) if words in claim.statement]


def verdicts(experiment: Experiment, config: StudyConfig, table: Table, words: str) -> set[Verdict]:
    """What comes of them."""
    found = {claim.verdict for claim in said(experiment, config, table, words)}
    assert found
    return found
