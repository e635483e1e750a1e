"""How far from lazy is the limit? The total variance of the infinitely wide network's kernel against alpha. Run as

python -m runs.studies.asymmetric_scaling.departure [FOLDER] [CLOUDS]
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from limits import TangentKernel, tangent_kernel, total_variance, zipf_departure
from particles import NTK, GaussianLaw, Identity, Perceptron, RademacherOutputs, ReLU, Risk, Squared, tangent_gram
from particles.initial.masses import uniform
from runs.datasets import load
from runs.figures.figures import GREY, save
from runs.studies.asymmetric_scaling.config import SETTINGS, Setting

#: Clouds drawn, particles of each, and rows of the simulated data between which Gram matrices are taken.
CLOUDS, COUNT, ROWS = 400, 2000, 20
FIGURE = "departure.png"


@dataclass(frozen=True)
class Departure:
    """E |K_m - K|_F^2 / C0 of one setting: measured with its standard error, exact at m, and for infinite m."""

    setting: Setting
    measured: float
    error: float
    exact: float
    limit: float

    @property
    def score(self) -> float:
        """(measured - exact) in standard errors."""
        return (self.measured - self.exact) / self.error


def departure(setting: Setting, *, clouds: int = CLOUDS, count: int = COUNT) -> Departure:
    """The variance of the Gram matrix of clouds of the study's network, seeds 0, 1, ..., in units of C0.

    C0 = E |K^(1) - K|_F^2 is that of one particle with all the mass, so the exact value is sum_j lambda_j^2.
    """
    data = load("simulated").train
    inputs = data.inputs[:ROWS]
    neuron = Perceptron(ReLU(), Identity(inputs.shape[1]))
    law = GaussianLaw(neuron, outputs=RademacherOutputs())
    kernel: TangentKernel = tangent_kernel(neuron, law)
    risk, masses, mean = Risk(neuron, NTK(), Squared(), data), setting.masses(count), kernel(inputs)
    one = total_variance(kernel, inputs, uniform(1))
    squares = torch.stack(
        [
            (tangent_gram(risk, law.sample(masses=masses, seed=seed), inputs) - mean).square().sum() / one
            for seed in range(clouds)
        ]
    )
    return Departure(
        setting,
        measured=float(squares.mean()),
        error=float(squares.std()) / math.sqrt(clouds),
        exact=total_variance(kernel, inputs, masses) / one,
        limit=zipf_departure(setting.gamma, setting.alpha),
    )


def draw(found: Sequence[Departure], path: Path) -> None:
    """(1 - gamma)^2 zeta(2/alpha) / zeta(1/alpha)^2 against alpha, a curve for each gamma, the clouds on top."""
    alphas = np.linspace(0.05, 0.97, 200)
    figure = Figure(figsize=(4.8, 3.6), layout="constrained")
    axis = figure.subplots()
    for each in found:
        setting = each.setting
        if setting.alpha is None:
            continue
        limits = [zipf_departure(setting.gamma, float(alpha)) for alpha in alphas]
        axis.plot(alphas, limits, color=setting.colour, lw=1.8, label=f"γ = {setting.gamma:g}")
        bar = 2.0 * each.error
        axis.errorbar([setting.alpha], [each.measured], [bar], color=setting.colour, marker="o", capsize=4)
    axis.set_xlabel("α of the Zipf masses (small: few heavy particles)")
    axis.set_ylabel(r"$(1-\gamma)^2\,\zeta(2/\alpha)\,/\,\zeta(1/\alpha)^2$")
    axis.set_title("Variance of the limiting kernel, in units of one particle's", fontsize=10.5, loc="left")
    axis.legend(frameon=False, title="lines: theory; dots: clouds", title_fontsize=9)
    axis.set(xlim=(0.0, 1.0), ylim=(0.0, None))
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=9)
    axis.grid(alpha=0.25, linewidth=0.6)
    axis.axhline(0.0, color=GREY, lw=0.8)
    save(figure, path)


def table(found: Sequence[Departure]) -> Table:
    """One row per setting."""
    shown = Table(box=SIMPLE_HEAD)
    for name in ("", "measured", "exact", "score", "infinitely many"):
        shown.add_column(name, justify="right", no_wrap=True)
    for each in found:
        numbers = (f"{each.exact:.4g}", f"{each.score:.1f}", f"{each.limit:.4g}")
        shown.add_row(each.setting.label, f"{each.measured:.4g} ± {each.error:.1g}", *numbers)
    return shown


def main(folder: Path = Path("."), clouds: int = CLOUDS) -> list[Departure]:
    """Measure the four settings, print them and draw them into a folder."""
    torch.set_num_threads(1)
    found = [departure(setting, clouds=clouds) for setting in SETTINGS]
    Console(width=100).print(table(found))
    draw(found, folder / FIGURE)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "."), int(sys.argv[2]) if sys.argv[2:] else CLOUDS)
