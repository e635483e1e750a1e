"""The two figures of the study: six observables against time, and the particles before and after."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from particles import ParticleCloud, Trajectory
from runs.figures import Array, CloudPanel, Curve, CurvePanel, draw_clouds, draw_curves
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting
from runs.studies.asymmetric_scaling.experiment import Run

#: Observable, title, formula.
PANELS = (
    ("train_risk", "Train risk", r"$R = \frac{1}{2n}\,|f-y|^2$"),
    ("test_risk", "Test risk", r"$R$, other rows"),
    ("largest_movement", "Largest movement", r"${\rm max}_j\,|w_j-w_j(0)|$"),
    ("gram_change", "Gram matrix change", r"$\|K-K(0)\|_2$"),
    ("smallest_eigenvalue", "Smallest eigenvalue", r"$\lambda_{\min}(K)$"),
    ("mass_weighted_movement", "Movement by mass", r"$\Sigma_j\,\lambda_j\,|w_j-w_j(0)|$"),
)


def draw(config: Config, runs: Sequence[Run]) -> tuple[Path, ...]:
    """Draw both figures from complete runs into the study's folder."""
    curves, particles = config.out / "curves.png", config.out / "particles.png"
    about = f"{config.data}, m = {config.count}, n = {config.rows}, {config.steps:,} gradient steps"
    draw_curves(
        curve_panels(runs),
        curves,
        title=f"Four node scalings: {about}",
        time_label=f"flow time (a gradient step is {config.step:g})",
    )
    seed = min(run.seed for run in runs)
    panels = cloud_panels([run for run in runs if run.seed == seed])
    draw_clouds(
        panels,
        particles,
        title=f"Before (grey) and after training (coloured), area = mass: {about}",
        axis_labels=("1st direction of movement", "2nd direction"),
    )
    return curves, particles


def curve_panels(runs: Sequence[Run]) -> list[CurvePanel]:
    """One panel per observable, one curve per setting, the seeds as its spread; time zero is left out."""
    panels = []
    for observable, title, formula in PANELS:
        curves = tuple(
            _curve(setting, [run for run in runs if run.setting == setting], observable)
            for setting in SETTINGS
            if any(run.setting == setting for run in runs)
        )
        panels.append(CurvePanel(title, formula, curves))
    return panels


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


def _curve(setting: Setting, runs: Sequence[Run], observable: str) -> Curve:
    times, values = np.empty(0), []
    for run in runs:
        with Trajectory.open(run.path) as trajectory:
            series = trajectory.observables[observable]
        later = series.times > 0.0
        times = series.times[later]
        values.append(series.values[later])
    return Curve(setting.label, setting.colour, times, np.stack(values))
