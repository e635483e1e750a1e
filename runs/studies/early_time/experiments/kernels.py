"""Propositions 3.4 and D.8: the kernel comes nearer to its surrogate than it shrinks, in the spectral norm alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import torch

from limits import Slope, early_time_model, kernel_distance, tangent_kernel
from limits.theorems import Result, Statement, kernel_distance_rate, slope_within
from particles import Activation, Erf, GaussianLaw, Identity, Perceptron, ReLU
from particles.numerics.randomness import generator
from runs.batch.jobs import Report
from runs.figures.palette import MOST_COLOURS
from runs.studies.early_time.config import Config
from runs.studies.early_time.problem import LAYERS
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Activations and what is trained.
KERNELS: tuple[tuple[Activation, str], ...] = tuple(product((Erf(), ReLU()), LAYERS))
NORMS = ("spectral", "Frobenius")
#: By how much the slope in d is to be below -1 where the proposition has an exponent of its own (row 2b: -1.1).
BELOW = {"hidden": 0.1, "output": 0.0, "both": 0.0}


@dataclass(frozen=True)
class Kernels(Experiment):
    """|K - psi psi^T| of the infinitely wide network's kernel, and |psi psi^T|_2, in units of n/d."""

    name = "E2.4"
    title = "Distance of the kernel from its surrogate"

    def about(self, config: Config) -> str:
        """For titles."""
        return f"n = {config.kernel_rows} Gaussian inputs"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every kernel and d."""
        return [
            Case(f"{name(*each)}-d{dim}".replace(", ", "-").replace(" ", "-"), what=(*each, dim))
            for each in KERNELS
            for dim in config.kernel_dims
        ]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Both norms, at one d."""
        activation, trained, dim = case.what
        neuron = Perceptron(activation, Identity(dim), 1, trained)
        law, rows = GaussianLaw(neuron), config.kernel_rows
        x = torch.from_numpy(generator(dim, "data").standard_normal((rows, dim)))
        model = early_time_model(neuron, law)
        found = kernel_distance(tangent_kernel(neuron, law), model, x)
        size = float(torch.linalg.matrix_norm(model.features(x), 2)) ** 2
        for norm, value in zip((*NORMS, "surrogate"), (found.spectral, found.frobenius, size), strict=True):
            yield Row(self.name, norm, name(activation, trained), case.seed, float(dim), value * dim / rows)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """|K - psi psi^T| d / n falls, its Frobenius norm does not, and |psi psi^T|_2 d / n stays of order one."""
        for activation, trained in KERNELS:
            curve = table.at(self.name, "spectral", name(activation, trained))
            result = kernel_distance_rate(trained, unscaled(curve.slope), BELOW[trained])
            yield replace(result, statement=f"{name(activation, trained)}: {result.statement}")
        first = name(*KERNELS[0])
        said = f"{first}: the Frobenius norm falls more slowly than n/d, with a slope above -0.9"
        statement = Statement(said, "Hu et al. 2020, section 3.2", proven=False)
        yield slope_within(statement, (), unscaled(table.at(self.name, "Frobenius", first).slope), least=-0.9)
        said = f"{first}: |psi psi^T| is of the order n/d"
        statement = Statement(said, "Hu et al. 2020, proposition 3.4", proven=False)
        yield slope_within(
            statement, (), unscaled(table.at(self.name, "surrogate", first).slope), least=-1.25, most=-0.75
        )

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Both norms against d."""
        shown = []
        for norm in NORMS:
            lines = [
                Line.of(name(*each), colour, table.at(self.name, norm, name(*each)))
                for each, colour in zip(KERNELS, MOST_COLOURS, strict=False)
            ]
            shown.append(Panel("kernels.png", f"{norm} norm of K - ψψᵀ, times d/n", "inputs d", tuple(lines)))
        return shown


def name(activation: Activation, trained: str) -> str:
    """Erf, first layer."""
    return f"{type(activation).__name__}, {LAYERS[trained]}"


def unscaled(slope: Slope) -> Slope:
    """The slope of what the table has in units of n/d."""
    return Slope(slope.value - 1.0, slope.low - 1.0, slope.high - 1.0)
