"""Does movement survive width? The largest movement of gradient descent against m, and its slope. Run as

python -m runs.studies.asymmetric_scaling.widths [SEEDS]
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from scipy.stats import t as student

from flows import Euler, GradientFlow, evolve
from particles import LargestMovement
from runs.datasets import load
from runs.figures.figures import Array
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting, configured
from runs.studies.asymmetric_scaling.experiment import Experiment, Run

WIDTHS, STEPS, SEEDS = (250, 500, 1000, 2000, 4000), 4000, 3
#: Of the confidence intervals, two-sided.
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Slopes:
    """Largest movements [seeds, widths] of one setting, and the slopes [seeds] of their logarithms against log m."""

    setting: Setting
    widths: tuple[int, ...]
    movements: Array

    @property
    def slopes(self) -> Array:
        """By least squares, seed by seed."""
        found: Array = np.polyfit(np.log(self.widths), np.log(self.movements).T, 1)[0]
        return found

    @property
    def interval(self) -> tuple[float, float]:
        """Mean slope and half the width of its confidence interval over seeds (Student); infinite for one seed."""
        slopes = self.slopes
        count = len(slopes)
        if count < 2:
            return float(slopes.mean()), math.inf
        error = float(slopes.std(ddof=1)) / math.sqrt(count)
        return float(slopes.mean()), float(student.ppf(0.5 + LEVEL / 2.0, count - 1)) * error


def largest_movement(config: Config, setting: Setting, seed: int) -> float:
    """max_j |w_j - w_j(0)| after the configured gradient steps; nothing is written."""
    experiment = Experiment(Run(config, setting, seed), load(config.data))
    start = experiment.start
    end = evolve(GradientFlow(experiment.risk), start, Euler(step=config.step), until=config.until)
    return float(LargestMovement(start)(end))


def measured(
    seeds: int, widths: Sequence[int] = WIDTHS, steps: int = STEPS, settings: Sequence[Setting] = SETTINGS
) -> list[Slopes]:
    """The settings on the simulated data at every width, the same seeds for all."""
    base = configured(data="simulated", scale="paper", device="cpu", out=Path())
    sized = [Config.validated(**{**base.model_dump(), "count": width, "steps": steps}) for width in widths]
    return [
        Slopes(
            setting,
            tuple(widths),
            np.array([[largest_movement(config, setting, seed) for config in sized] for seed in range(seeds)]),
        )
        for setting in settings
    ]


def table(found: Sequence[Slopes]) -> Table:
    """Mean movements by width, and the slope with its confidence interval."""
    shown = Table(box=SIMPLE_HEAD)
    for name in ("", *(f"m = {width}" for width in found[0].widths), "slope"):
        shown.add_column(name, justify="right", no_wrap=True)
    for each in found:
        slope, half = each.interval
        means = (f"{value:.3g}" for value in each.movements.mean(axis=0))
        shown.add_row(each.setting.label, *means, f"{slope:.3f} ± {half:.3f}")
    return shown


def main(seeds: int = SEEDS) -> list[Slopes]:
    """Measure and print."""
    torch.set_num_threads(1)
    found = measured(seeds)
    Console(width=100).print(table(found))
    return found


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
