"""The figures of the study: one file per panel of the paper, an overview, and the particles before and after."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from particles import ParticleCloud, Trajectory
from runs.figures.figures import Array, CloudPanel, Curve, CurvePanel, draw_clouds, draw_curves
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting
from runs.studies.asymmetric_scaling.experiment import Run
from runs.studies.asymmetric_scaling.reuse import REMOVED

#: Observable, title, formula; in the order of the overview.
PANELS = (
    ("train_risk", "Train risk", r"$R = \frac{1}{2n}\,|f-y|^2$"),
    ("test_risk", "Test risk", r"$R$, other rows"),
    ("largest_movement", "Largest movement", r"${\rm max}_j\,|w_j-w_j(0)|$"),
    ("gram_change", "Gram matrix change", r"$\|K-K(0)\|_2$"),
    ("smallest_eigenvalue", "Smallest eigenvalue", r"$\lambda_{\min}(K)$"),
    ("mass_weighted_movement", "Movement by mass", r"$\Sigma_j\,\lambda_j\,|w_j-w_j(0)|$"),
)
#: The same of networks that classify.
ACCURACY = (("train_accuracy", "Train accuracy", "share right"), ("test_accuracy", "Test accuracy", "other rows"))
#: The same without the lightest particles, and of the networks that learn from features.
PRUNED = (("pruned_train_risk", "Train risk, pruned", r"$R$"), ("pruned_test_risk", "Test risk, pruned", r"$R$"))
PRUNED_ACCURACY = (("pruned_test_accuracy", "Test accuracy, pruned", "share right"),)
TRANSFER = (("transfer_risk", "Transfer risk", r"$R$, other rows"),)
TRANSFER_ACCURACY = (("transfer_accuracy", "Transfer accuracy", "other rows"),)

OVERVIEW, CLOUDS = "curves.png", "particles.png"


def figures(config: Config) -> tuple[str, ...]:
    """The files: the overview, the particles, and one per panel, named by its observable."""
    groups = (_observed(config), _pruned(config), _transferred(config))
    return OVERVIEW, CLOUDS, *(f"{observable}.png" for group in groups for observable, _, _ in group)


def draw(config: Config, runs: Sequence[Run]) -> tuple[Path, ...]:
    """Draw all figures from complete runs into the study's folder."""
    outputs = f", k = {config.outputs}" if config.classifies else ""
    about = f"{config.data}, m = {config.count}, n = {config.rows}{outputs}, {config.steps:,} gradient steps"
    time_label = f"flow time (a gradient step is {config.step:g})"
    overview = tuple(curve_panels(config, runs).values())
    draw_curves(overview, config.out / OVERVIEW, title=f"Four node scalings: {about}", time_label=time_label)
    for panels, against in (
        (curve_panels(config, runs), time_label),
        (pruning_panels(config, runs), "particles kept, the heaviest"),
        (transfer_panels(config, runs), "features transferred, of the heaviest particles"),
    ):
        for observable, panel in panels.items():
            draw_curves([panel], config.out / f"{observable}.png", title=about, time_label=against, columns=1)
    seed = min(run.seed for run in runs)
    draw_clouds(
        cloud_panels([run for run in runs if run.seed == seed]),
        config.out / CLOUDS,
        title=f"Before (grey) and after training (coloured), area = mass: {about}",
        axis_labels=("1st direction of movement", "2nd direction"),
    )
    return tuple(config.out / name for name in figures(config))


def curve_panels(config: Config, runs: Sequence[Run]) -> dict[str, CurvePanel]:
    """One panel per observable, one curve per setting, the seeds as its spread; time zero is left out."""
    return {
        observable: CurvePanel(
            title,
            formula,
            tuple(_curve(setting, done, observable) for setting, done in _by_setting(runs)),
            log_values="accuracy" not in observable,
        )
        for observable, title, formula in _observed(config)
    }


def pruning_panels(config: Config, runs: Sequence[Run]) -> dict[str, CurvePanel]:
    """What the trained networks are worth against the number of particles kept, from 5 % to all of them."""
    kept = np.array([config.count * (1.0 - share) for share in reversed(REMOVED)])
    return {
        observable: _at_the_end(runs, observable, title, formula, kept, backwards=True)
        for observable, title, formula in _pruned(config)
    }


def transfer_panels(config: Config, runs: Sequence[Run]) -> dict[str, CurvePanel]:
    """What the small networks that learn from the features are worth, against the number of these."""
    counts = np.array(config.transfer_counts, dtype=np.float64)
    return {
        observable: _at_the_end(runs, observable, title, formula, counts)
        for observable, title, formula in _transferred(config)
    }


def cloud_panels(runs: Sequence[Run]) -> list[CloudPanel]:
    """First and last frame of each run, projected on the two leading directions in which mass moved in all of them."""
    ends = [_ends(run) for run in runs]
    directions = leading_directions(ends)
    panels = []
    for run, (before, after) in zip(runs, ends, strict=True):
        largest = float((after.positions - before.positions).norm(dim=1).max())
        panels.append(
            CloudPanel(
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


def _observed(config: Config) -> tuple[tuple[str, str, str], ...]:
    return (*PANELS, *ACCURACY) if config.classifies else PANELS


def _pruned(config: Config) -> tuple[tuple[str, str, str], ...]:
    return (*PRUNED, *PRUNED_ACCURACY) if config.classifies else PRUNED


def _transferred(config: Config) -> tuple[tuple[str, str, str], ...]:
    return (*TRANSFER, *TRANSFER_ACCURACY) if config.classifies else TRANSFER


def _at_the_end(
    runs: Sequence[Run], observable: str, title: str, formula: str, places: Array, backwards: bool = False
) -> CurvePanel:
    """The single record of an observable that is a list, against its places."""
    curves = []
    for setting, done in _by_setting(runs):
        values = []
        for run in done:
            with Trajectory.open(run.path) as trajectory:
                values.append(trajectory.observables[observable].values[-1])
        table = np.stack(values)
        curves.append(Curve(setting.label, setting.colour, places, table[:, ::-1] if backwards else table))
    return CurvePanel(title, formula, tuple(curves), log_values="accuracy" not in observable)


def _curve(setting: Setting, runs: Sequence[Run], observable: str) -> Curve:
    times, values = np.empty(0), []
    for run in runs:
        with Trajectory.open(run.path) as trajectory:
            series = trajectory.observables[observable]
        later = series.times > 0.0
        times = series.times[later]
        values.append(series.values[later])
    return Curve(setting.label, setting.colour, times, np.stack(values))
