"""The main job: one network under four node scalings, the same initial weights for all of them (E0.1 to E0.3)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import ClassVar

import torch

from limits.theorems import Result, Statement, as_published, from_above, in_order
from particles import Trajectory
from runs.batch.jobs import Report
from runs.studies.asymmetric_scaling.config import SETTINGS, Config
from runs.studies.asymmetric_scaling.experiments.pictures import panels_of
from runs.studies.asymmetric_scaling.run import Run
from runs.studies.asymmetric_scaling.training import steps_done, train
from runs.study.experiment import Case, Experiment
from runs.study.panels import Panel, Particles
from runs.study.table import Row, Table

#: Observables in the order of the table, with the words of its header.
COLUMNS = {
    "train_risk": "train risk",
    "test_risk": "test risk",
    "train_accuracy": "train accuracy",
    "test_accuracy": "test accuracy",
    "largest_movement": "largest movement",
    "mean_movement": "mean movement",
    "mass_weighted_movement": "movement by mass",
    "gram_change": "Gram change",
    "smallest_eigenvalue": "smallest eigenvalue",
}
#: Of what is recorded as a list at the end, the entry shown: its place, and the words of the header.
REUSED = {
    "pruned_train_risk": (-1, "train, 95 % pruned"),
    "pruned_test_risk": (-1, "test, 95 % pruned"),
    "pruned_test_accuracy": (-1, "accuracy, 95 % pruned"),
    "transfer_risk": (0, "transfer, 10 features"),
    "transfer_accuracy": (0, "its accuracy"),
}
#: How long a setting takes to a tolerance beside equal masses, as measured: heavy particles have more kinks to cross.
WEIGHTS = {"gamma1.0": 1.0, "gamma0.5": 1.2, "gamma0.2": 3.0, "gamma0.0": 6.5}
SOURCE = "Caron et al. 2023, E0.1 to E0.3"
#: What the paper orders along the settings, from equal masses on, and whether it grows.
ORDERED = {"largest_movement": True, "gram_change": True, "smallest_eigenvalue": False}
#: Read off the paper's figures on simulated data, setting by setting, to five percent; the Gram change is squared.
PUBLISHED = {
    "largest_movement": (0.9, 7.5, 11.5, 24.0),
    "gram_change": (0.028**2, 0.104**2, 0.178**2, 0.22**2),
    "smallest_eigenvalue": (0.0037, 0.0031, 0.0015, 0.0002),
}
READING = 0.05


def _first_risk(config: Config, dtype: torch.dtype) -> float:
    """The risk of a start in a dtype, by kernels where the network is large enough for them."""
    run = Run(config, SETTINGS[0], 0)
    return float(run.risk(run.start.to(dtype=dtype)))


@dataclass(frozen=True)
class Scalings(Experiment):
    """End values of every setting and seed: risks, movements, the kernel, and the network pruned and transferred.

    `seconds` is the wall time of the process that completed a run.
    """

    name = "E0.1"
    title = "Four node scalings"
    figure = "Figs. 1 to 9"
    words: ClassVar[Mapping[str, str]] = {
        **COLUMNS,
        **{name: words for name, (_, words) in REUSED.items()},
        **{setting.name: setting.label for setting in SETTINGS},
    }

    def cases(self, config: Config) -> list[Case]:
        """Every setting with every seed, seed by seed, so that an interrupted study has whole comparisons."""
        weights = WEIGHTS if config.integrator == "adaptive" else dict.fromkeys(WEIGHTS, 1.0)
        return [
            Case(Run(config, one, seed).name, seed, config.steps, one, weights[one.name])
            for seed in range(config.seeds)
            for one in SETTINGS
        ]

    def warmed(self, config: Config) -> list[Callable[[], object]]:
        """The kernels of observables, and those of the flow."""
        return [partial(_first_risk, config, dtype) for dtype in dict.fromkeys((torch.float64, config.torch_dtype))]

    def begun(self, config: Config, case: Case, folder: Path) -> int:
        """Gradient steps up to the last frame."""
        return steps_done(Run(config, case.what, case.seed))

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Complete the trajectory; its last records."""
        run, began = Run(config, case.what, case.seed), perf_counter()
        curve = case.what.name
        if steps_done(run) < config.steps:
            train(run, report)
            yield Row(self.name, "seconds", curve, case.seed, config.until, round(perf_counter() - began, 2))
        with Trajectory.open(run.path) as trajectory:
            last = {name: series.values[-1] for name, series in trajectory.observables.items()}
            time = float(trajectory.times[-1])
        places = {name: ... for name in COLUMNS} | {name: place for name, (place, _) in REUSED.items()}
        for name, place in places.items():
            if name in last:
                yield Row(self.name, name, curve, case.seed, time, float(last[name][place]))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Orderings along the settings, what pruning costs, and on simulated data the published numbers."""
        for name, increasing in ORDERED.items():
            curves = [table.at(self.name, name, setting.name) for setting in SETTINGS]
            said = f"{COLUMNS[name]} {'grows' if increasing else 'falls'} from γ = 1 to γ = 0"
            means = [float(curve.mean[-1]) for curve in curves]
            errors = [float(curve.uncertain[-1]) for curve in curves]
            yield in_order(Statement(said, SOURCE, proven=False), (), means, errors, increasing=increasing)
            if (config.data, config.scale) == ("simulated", "paper"):
                for setting, mean, error, value in zip(SETTINGS, means, errors, PUBLISHED[name], strict=True):
                    read = Statement(f"{setting.label}: {COLUMNS[name]} as in the figure", SOURCE, proven=False)
                    yield as_published(read, (), value, READING * value, mean, error)
        whole, pruned = (table.at(self.name, name, SETTINGS[-1].name) for name in ("train_risk", "pruned_train_risk"))
        said = "γ = 0: without 95 % of the particles the train risk grows by a tenth at most"
        ratio = torch.from_numpy(pruned.last / whole.last)
        spread = ratio.std() / len(ratio) ** 0.5 if len(ratio) > 1 else torch.tensor(torch.nan)
        bound = torch.tensor(1.1, dtype=torch.float64)
        yield from_above(Statement(said, SOURCE, proven=False), (), bound, ratio.mean(), error=spread)

    def panels(self, config: Config, table: Table) -> list[Panel | Particles]:
        """Of the complete runs."""
        done = {(row.curve, row.seed) for row in table.of(self.name)}
        runs = [Run(config, case.what, case.seed) for case in self.cases(config)]
        return panels_of(config, [run for run in runs if (run.setting.name, run.seed) in done])
