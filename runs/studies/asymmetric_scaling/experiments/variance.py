"""How far from lazy is the limit? The total variance of the infinitely wide network's kernel against alpha."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from limits import TangentKernel, tangent_kernel, total_variance, zipf_departure
from limits.theorems import Result, Statement, as_value
from particles import NTK, GaussianLaw, Identity, Perceptron, RademacherOutputs, ReLU, Risk, Squared, tangent_gram
from particles.initial.masses import uniform
from runs.batch.jobs import Report
from runs.datasets import load
from runs.studies.asymmetric_scaling.config import SETTINGS, Config, Setting
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Rows of the simulated data between which Gram matrices are taken.
ROWS = 20
#: Where the limit is drawn.
ALPHAS = tuple(float(alpha) for alpha in np.linspace(0.05, 0.97, 200))


@dataclass(frozen=True)
class Variance(Experiment):
    """E |K_m - K|_F^2 / C0 of clouds with seeds 0, 1, ..., which is sum_j lambda_j^2, on the simulated data.

    C0 = E |K^(1) - K|_F^2 is that of one particle with all the mass. x is alpha, or zero for equal masses.
    """

    name = "variance"
    title = "Variance of the limiting kernel, in units of one particle's"
    figure = "section 3"
    words: ClassVar[Mapping[str, str]] = {
        "variance": "E |K_m - K|^2 / C0",
        **{setting.name: setting.label for setting in SETTINGS},
    }

    def about(self, config: Config) -> str:
        """Its own data."""
        return f"simulated, m = {config.count}, {config.clouds} clouds"

    def cases(self, config: Config) -> list[Case]:
        """One a setting."""
        return [Case(setting.name, 0, config.clouds, setting) for setting in SETTINGS]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The mean over clouds, and its standard error."""
        inputs, law, kernel = problem()
        risk = Risk(law.neuron, NTK(), Squared(), load("simulated").train)
        masses, mean, one = case.what.masses(config.count), kernel(inputs), total_variance(kernel, inputs, uniform(1))
        squares = []
        for seed in range(config.clouds):
            gram = tangent_gram(risk, law.sample(masses=masses, seed=seed), inputs)
            squares.append((gram - mean).square().sum() / one)
            report(seed)
        found = torch.stack(squares)
        error = float(found.std()) / math.sqrt(config.clouds)
        yield Row(self.name, "variance", case.what.name, 0, _alpha(case.what), float(found.mean()), error)

    def predicted(self, config: Config) -> Iterator[Row]:
        """Exact at this number of particles, and for infinitely many."""
        inputs, _, kernel = problem()
        one = total_variance(kernel, inputs, uniform(1))
        for setting in SETTINGS:
            exact = total_variance(kernel, inputs, setting.masses(config.count)) / one
            yield Row(self.name, "variance", setting.name, None, _alpha(setting), exact)
            for alpha in ALPHAS if setting.alpha is not None else (0.0,):
                limit = zipf_departure(setting.gamma, alpha or None)
                yield Row(self.name, "limit", setting.name, None, alpha, limit)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The exact value, which is proven."""
        for setting in SETTINGS:
            found = table.at(self.name, "variance", setting.name)
            exact = table.at(self.name, "variance", setting.name, predicted=True)
            said = f"{setting.label}, m = {config.count}: E |K_m - K|^2 = C0 sum_j lambda_j^2"
            statement = Statement(said, "Caron et al. 2023, proposition 3.3")
            yield as_value(statement, (), float(exact.last[0]), float(found.last[0]), float(found.errors[-1, 0]))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """(1 - gamma)^2 zeta(2/alpha) / zeta(1/alpha)^2 against alpha, a curve for each gamma, the clouds on top."""
        lines = []
        for setting in SETTINGS[1:]:
            limit = table.at(self.name, "limit", setting.name, predicted=True)
            lines.append(Line.of(f"γ = {setting.gamma:g}", setting.colour, limit, "line"))
            lines.append(Line.of("", setting.colour, table.at(self.name, "variance", setting.name), "points"))
        label, axis = (
            r"$(1-\gamma)^2\,\zeta(2/\alpha)\,/\,\zeta(1/\alpha)^2$",
            "α of the Zipf masses (small: few heavy)",
        )
        return [Panel("departure.png", "", axis, tuple(lines), y_label=label, log_x=False, log_y=False)]


def problem() -> tuple[torch.Tensor, GaussianLaw, TangentKernel]:
    """Inputs, law and kernel of the study's network on the simulated data."""
    inputs = load("simulated").train.inputs[:ROWS]
    neuron = Perceptron(ReLU(), Identity(inputs.shape[1]))
    law = GaussianLaw(neuron, outputs=RademacherOutputs())
    return inputs, law, tangent_kernel(neuron, law)


def _alpha(setting: Setting) -> float:
    return setting.alpha or 0.0
