"""The rows of an experiment at small sizes, without a folder."""

from pathlib import Path

from runs.studies.kernel_checks.config import Config
from runs.studies.kernel_checks.study import STUDY
from runs.study.experiment import Case, Experiment
from runs.study.table import Table


def small(**sizes: object) -> Config:
    """The smoke scale, with these sizes."""
    config = STUDY.configured(scale="smoke", device="cpu", **sizes)
    assert isinstance(config, Config)
    return config


def measured(experiment: Experiment, config: Config, *names: str) -> Table:
    """Rows of the cases of these names, all where none is named, and what is predicted."""

    def chosen(case: Case) -> bool:
        return not names or case.name in names

    rows = [
        row
        for case in experiment.cases(config)
        if chosen(case)
        for row in experiment.measured(config, case, Path(), lambda share: None)
    ]
    return Table((*rows, *experiment.predicted(config)))
