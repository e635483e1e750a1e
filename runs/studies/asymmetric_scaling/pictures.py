"""The figures of the study: observables against time, particles before and after, pruning, transfer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from particles import ParticleCloud, Trajectory
from runs.figures import Array, CloudPanel, Curve, CurvePanel, draw_clouds, draw_curves
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting
from runs.studies.asymmetric_scaling.experiment import Run
from runs.studies.asymmetric_scaling.reuse import REMOVED

#: Observable, title, formula.
PANELS = (
    ("train_risk", "Train risk", r"$R = \frac{1}{2n}\,|f-y|^2$"),
    ("test_risk", "Test risk", r"$R$, other rows"),
    ("largest_movement", "Largest movement", r"${\rm max}_j\,|w_j-w_j(0)|$"),
    ("gram_change", "Gram matrix change", r"$\|K-K(0)\|_2$"),
    ("smallest_eigenvalue", "Smallest eigenvalue", r"$\lambda_{\min}(K)$"),
    ("mass_weighted_movement", "Movement by mass", r"$\Sigma_j\,\lambda_j\,|w_j-w_j(0)|$"),
)


#: Risks of the pruned network, title.
PRUNED = (("pruned_train_risk", "Train risk, pruned"), ("pruned_test_risk", "Test risk, pruned"))
#: The figures of the study.
FIGURES = ("curves.png", "particles.png", "pruning.png", "transfer.png")


def draw(config: Config, runs: Sequence[Run]) -> tuple[Path, ...]:
    """Draw all figures from complete runs into the study's folder."""
    curves, particles, pruning, transfer = (config.out / name for name in FIGURES)
    about = f"{config.data}, m = {config.count}, n = {config.rows}, {config.steps:,} gradient steps"
    time_label = f"flow time (a gradient step is {config.step:g})"
    draw_curves(curve_panels(runs), curves, title=f"Four node scalings: {about}", time_label=time_label)
    draw_curves(
        pruning_panels(runs), pruning, title=f"Pruning: {about}", time_label="particles kept, the heaviest", columns=2
    )
    draw_curves(
        transfer_panels(config, runs),
        transfer,
        title=f"Transfer: {about}",
        time_label="features transferred, of the heaviest particles",
        columns=2,
    )
    seed = min(run.seed for run in runs)
    draw_clouds(
        cloud_panels([run for run in runs if run.seed == seed]),
        particles,
        title=f"Before (grey) and after training (coloured), area = mass: {about}",
        axis_labels=("1st direction of movement", "2nd direction"),
    )
    return curves, particles, pruning, transfer


def curve_panels(runs: Sequence[Run]) -> list[CurvePanel]:
    """One panel per observable, one curve per setting, the seeds as its spread; time zero is left out."""
    return [
        CurvePanel(title, formula, tuple(_curve(setting, done, observable) for setting, done in _by_setting(runs)))
        for observable, title, formula in PANELS
    ]


def pruning_panels(runs: Sequence[Run]) -> list[CurvePanel]:
    """Train and test risk of the trained networks against the number of particles kept, from 5 % to all of them."""
    panels = []
    for observable, title in PRUNED:
        curves = []
        for setting, done in _by_setting(runs):
            kept = np.array([done[0].config.count * (1.0 - share) for share in reversed(REMOVED)])
            curves.append(Curve(setting.label, setting.colour, kept, _at_the_end(done, observable)[:, ::-1]))
        panels.append(CurvePanel(title, r"$R$", tuple(curves)))
    return panels


def transfer_panels(config: Config, runs: Sequence[Run]) -> list[CurvePanel]:
    """Risk of the small networks that learn from the features, against the number of these; and relative to gamma = 1.

    The ratio is taken seed by seed, over the seeds that have a run with equal masses.
    """
    counts = np.array(config.transfer_counts, dtype=np.float64)
    equal = {run.seed: run for run in runs if run.setting == SETTINGS[0]}
    risks, ratios = [], []
    for setting, done in _by_setting(runs):
        risks.append(Curve(setting.label, setting.colour, counts, _at_the_end(done, "transfer_risk")))
        paired = [run for run in done if run.seed in equal]
        if paired:
            base = _at_the_end([equal[run.seed] for run in paired], "transfer_risk")
            ratio = _at_the_end(paired, "transfer_risk") / base
            ratios.append(Curve(setting.label, setting.colour, counts, ratio))
    panels = [CurvePanel("Transfer risk", r"$R$, other rows", tuple(risks))]
    return panels + ([CurvePanel("Relative to γ = 1", r"$R\,/\,R_{\gamma=1}$", tuple(ratios))] if ratios else [])


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


def _at_the_end(runs: Sequence[Run], observable: str) -> Array:
    """The last records [runs, ...] of an observable."""
    values = []
    for run in runs:
        with Trajectory.open(run.path) as trajectory:
            values.append(trajectory.observables[observable].values[-1])
    return np.stack(values)


def _curve(setting: Setting, runs: Sequence[Run], observable: str) -> Curve:
    times, values = np.empty(0), []
    for run in runs:
        with Trajectory.open(run.path) as trajectory:
            series = trajectory.observables[observable]
        later = series.times > 0.0
        times = series.times[later]
        values.append(series.values[later])
    return Curve(setting.label, setting.colour, times, np.stack(values))
