"""The figures of the study: one file per panel of the paper, an overview, and the particles before and after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from particles import ParticleCloud, Trajectory
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting
from runs.studies.asymmetric_scaling.reuse import REMOVED
from runs.studies.asymmetric_scaling.run import Run
from runs.study.panels import Line, Panel, Particles
from runs.study.table import Array


@dataclass(frozen=True)
class Quantity:
    """An observable, how it is called, its formula; accuracies are shown where the network classifies."""

    name: str
    title: str
    formula: str

    @property
    def is_accuracy(self) -> bool:
        """A share, for an axis that is not logarithmic."""
        return "accuracy" in self.name

    def panel(self, label: str, lines: Sequence[Line]) -> Panel:
        """The panel of its own figure."""
        file, log_y = f"{self.name}.png", not self.is_accuracy
        return Panel(file, self.title, label, tuple(lines), self.formula, log_y=log_y)


#: In the order of the overview.
OBSERVED = (
    Quantity("train_risk", "Train risk", r"$R = \frac{1}{2n}\,|f-y|^2$"),
    Quantity("test_risk", "Test risk", r"$R$, other rows"),
    Quantity("largest_movement", "Largest movement", r"${\rm max}_j\,|w_j-w_j(0)|$"),
    Quantity("gram_change", "Gram matrix change", r"$\|K-K(0)\|_2$"),
    Quantity("smallest_eigenvalue", "Smallest eigenvalue", r"$\lambda_{\min}(K)$"),
    Quantity("mass_weighted_movement", "Movement by mass", r"$\Sigma_j\,\lambda_j\,|w_j-w_j(0)|$"),
    Quantity("train_accuracy", "Train accuracy", "share right"),
    Quantity("test_accuracy", "Test accuracy", "other rows"),
)
#: The same without the lightest particles, and of the networks that learn from features.
PRUNED = (
    Quantity("pruned_train_risk", "Train risk, pruned", r"$R$"),
    Quantity("pruned_test_risk", "Test risk, pruned", r"$R$"),
    Quantity("pruned_test_accuracy", "Test accuracy, pruned", "share right"),
)
TRANSFERRED = (
    Quantity("transfer_risk", "Transfer risk", r"$R$, other rows"),
    Quantity("transfer_accuracy", "Transfer accuracy", "other rows"),
)

OVERVIEW, CLOUDS = "curves.png", "particles.png"


def panels_of(config: Config, runs: Sequence[Run]) -> list[Panel | Particles]:
    """The overview, the particles of the first seed, and one figure per observable, named by it."""
    if not runs:
        return []
    curves = curve_panels(config, runs)
    seed = min(run.seed for run in runs)
    clouds = cloud_panels([run for run in runs if run.seed == seed])
    alone = [*curves, *pruning_panels(config, runs), *transfer_panels(config, runs)]
    return [*(replace(panel, file=OVERVIEW) for panel in curves), *clouds, *alone]


def curve_panels(config: Config, runs: Sequence[Run]) -> list[Panel]:
    """One panel per observable against time, the seeds as the spread of a setting; time zero is left out."""
    label = f"flow time (a gradient step is {config.step:g}; zero left out)"
    found = []
    for quantity in _shown(config, OBSERVED):
        lines = []
        for setting, done in _by_setting(runs):
            series = [run.records[quantity.name] for run in done]
            later = series[0].times > 0.0
            values = np.stack([one.values[later] for one in series], axis=1)
            lines.append(Line(setting.label, setting.colour, series[0].times[later], values, "band"))
        found.append(quantity.panel(label, lines))
    return found


def pruning_panels(config: Config, runs: Sequence[Run]) -> list[Panel]:
    """What the trained networks are worth against the number of particles kept, from 5 % to all of them."""
    kept = np.array([config.count * (1.0 - share) for share in reversed(REMOVED)])
    return [
        quantity.panel("particles kept, the heaviest", _at_the_end(runs, quantity.name, kept, backwards=True))
        for quantity in _shown(config, PRUNED)
    ]


def transfer_panels(config: Config, runs: Sequence[Run]) -> list[Panel]:
    """What the small networks that learn from the features are worth, against the number of these."""
    counts = np.array(config.transfer_counts, dtype=np.float64)
    label = "features transferred, of the heaviest particles"
    return [quantity.panel(label, _at_the_end(runs, quantity.name, counts)) for quantity in _shown(config, TRANSFERRED)]


def cloud_panels(runs: Sequence[Run]) -> list[Particles]:
    """First and last frame of each run, projected on the two leading directions in which mass moved in all of them."""
    ends = [_ends(run) for run in runs]
    directions = leading_directions(ends)
    panels = []
    for run, (before, after) in zip(runs, ends, strict=True):
        largest = float((after.positions - before.positions).norm(dim=1).max())
        panels.append(
            Particles(
                file=CLOUDS,
                axis_labels=("1st direction of movement", "2nd direction"),
                title=f"{run.setting.label}\nlargest movement {largest:.2g}",
                colour=run.setting.colour,
                before=_projected(before, directions),
                after=_projected(after, directions),
                masses=after.masses.double().numpy(),
            )
        )
    return panels


def leading_directions(ends: Sequence[tuple[ParticleCloud, ParticleCloud]]) -> torch.Tensor:
    """Two unit vectors [2, D + k] that keep most of sum_j lambda_j |w_j - w_j(0)|^2, summed over the pairs of clouds.

    These are the leading right singular vectors of the movements, each times the root of its mass.
    """
    weighted = [(after.positions - before.positions) * after.masses.sqrt()[:, None] for before, after in ends]
    directions: torch.Tensor = torch.linalg.svd(torch.cat(weighted).double(), full_matrices=False).Vh[:2]
    return directions


def _ends(run: Run) -> tuple[ParticleCloud, ParticleCloud]:
    with Trajectory.open(run.path) as trajectory:
        return trajectory[0], trajectory[-1]


def _projected(cloud: ParticleCloud, directions: torch.Tensor) -> Array:
    points: Array = (cloud.positions.double() @ directions.T).numpy()
    return points


def _by_setting(runs: Sequence[Run]) -> list[tuple[Setting, list[Run]]]:
    """The settings that have runs, each with its own."""
    found = [(setting, [run for run in runs if run.setting == setting]) for setting in SETTINGS]
    return [(setting, done) for setting, done in found if done]


def _shown(config: Config, quantities: Sequence[Quantity]) -> list[Quantity]:
    return [quantity for quantity in quantities if config.classifies or not quantity.is_accuracy]


def _at_the_end(runs: Sequence[Run], observable: str, places: Array, backwards: bool = False) -> list[Line]:
    """The single record of an observable that is a list, against its places."""
    lines = []
    for setting, done in _by_setting(runs):
        table = np.stack([run.records[observable].values[-1] for run in done], axis=1)
        lines.append(Line(setting.label, setting.colour, places, table[::-1] if backwards else table, "band"))
    return lines
