"""Total variance of the Gram matrices of asymmetrical clouds against its closed form."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar

import torch

from limits import tangent_kernel, total_variance
from limits.theorems import Result, Statement, as_value
from particles import GaussianLaw, Identity, Perceptron, masses
from runs.batch.jobs import Report
from runs.figures.palette import MOST_COLOURS
from runs.studies.kernel_checks.config import Config
from runs.studies.kernel_checks.problem import ACTIVATIONS, COUNT, DATA, INPUTS, label, normals
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table, student_reach

#: gamma and alpha of the masses.
MASSES = ((0.0, 0.4), (0.2, 0.5), (0.5, 0.7))


@dataclass(frozen=True)
class Variances(Experiment):
    """E |K_m - K|_F^2 of asymmetrical clouds of a hundred particles, against C0 sum_j lambda_j^2."""

    name = "variance"
    title = "Total variance of asymmetrical clouds"
    words: ClassVar[Mapping[str, str]] = {"variance": "at γ = 0.5", **{label(one): label(one) for one in ACTIVATIONS}}

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.clouds} clouds of {COUNT} particles"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every activation and masses."""
        pairs = product(ACTIVATIONS, MASSES)
        return [Case(f"{label(one)}-gamma{gamma:g}", what=(one, gamma, alpha)) for one, (gamma, alpha) in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The mean of squares with its standard error."""
        activation, gamma, alpha = case.what
        neuron = Perceptron(activation, Identity(INPUTS))
        x = normals(DATA, INPUTS, seed=1)
        law = GaussianLaw(neuron)
        kernel = tangent_kernel(neuron, law)
        weights = masses.asymmetrical(COUNT, gamma, alpha)
        mean = kernel(x)
        draws = (law.sample(masses=weights, seed=seed) for seed in range(config.clouds))
        squares = torch.stack([(kernel.sampled(cloud, x) - mean).square().sum() for cloud in draws])
        error = float(squares.std()) / math.sqrt(config.clouds)
        yield Row(self.name, "variance", label(activation), case.seed, gamma, float(squares.mean()), error)

    def predicted(self, config: Config) -> Iterator[Row]:
        """In closed form."""
        x = normals(DATA, INPUTS, seed=1)
        for activation, (gamma, alpha) in product(ACTIVATIONS, MASSES):
            neuron = Perceptron(activation, Identity(INPUTS))
            kernel = tangent_kernel(neuron, GaussianLaw(neuron))
            value = total_variance(kernel, x, masses.asymmetrical(COUNT, gamma, alpha))
            yield Row(self.name, "variance", label(activation), None, gamma, value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Each by its standard errors, two of which reach to the end of Student's interval."""
        reach = student_reach(config.clouds)
        for activation in ACTIVATIONS:
            found = table.at(self.name, "variance", label(activation))
            exact = table.at(self.name, "variance", label(activation), predicted=True)
            for place, gamma in enumerate(found.x):
                said = f"{label(activation)}, γ = {gamma:g}: E |K_m - K|^2 = C0 sum_j lambda_j^2"
                statement = Statement(said, "Caron et al. 2023, proposition 3.3, over few clouds", proven=False)
                error = reach * float(found.errors[place, 0])
                (known,) = exact.mean[exact.x == gamma]
                yield as_value(statement, (), float(known), float(found.mean[place]), error)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Measured over predicted, with bars of two standard errors."""
        lines = []
        for number, (activation, colour) in enumerate(zip(ACTIVATIONS, MOST_COLOURS, strict=False)):
            found = table.at(self.name, "variance", label(activation))
            exact = table.at(self.name, "variance", label(activation), predicted=True)
            if found.values.shape == exact.values.shape:
                apart = found.x + 0.015 * (number - 2)
                ratios, errors = found.values / exact.values, found.errors / exact.values
                lines.append(Line(label(activation), colour, apart, ratios, "points", errors))
        title = "Variance, sampled over predicted"
        return [Panel("variances.png", title, "γ", tuple(lines), log_x=False, log_y=False)]
