"""A small configuration of kernel-limits, and rows of several seeds."""

from collections.abc import Iterable
from pathlib import Path

import torch

from runs.studies.kernel_limits.config import Config
from runs.studies.kernel_limits.study import STUDY
from runs.study.experiment import Case, Experiment
from runs.study.table import Row, Table

SEEDS = range(8)


def small(**changes: object) -> Config:
    """Ten rows of diabetes and clouds of 8 and 32 particles."""
    good = STUDY.configured(scale="smoke", device="cpu", out=Path("nowhere")).model_dump()
    return Config.validated(**{**good, "widths": (8, 32), **changes})


def of_all_seeds(experiment: Experiment, **changes: object) -> Table:
    """What is measured for eight seeds, and what is predicted."""
    config = small(**changes)
    cases = (Case(f"seed{seed}", seed) for seed in SEEDS)
    measured = [row for case in cases for row in experiment.measured(config, case, config.out, lambda step: None)]
    return Table((*experiment.predicted(config), *measured))


def values(rows: Iterable[Row], curve: str, x: float) -> torch.Tensor:
    """The values of all seeds at one point of a curve."""
    found = [row.value for row in rows if (row.curve, row.x) == (curve, x) and row.seed is not None]
    return torch.tensor(found, dtype=torch.float64)
