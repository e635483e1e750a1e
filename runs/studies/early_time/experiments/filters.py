"""Proposition 4.1: the kernel of a convolutional network on sign inputs is that of a linear model, and what it is."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from limits import convolutional_kernels, early_constants
from limits.theorems import Result, Statement, as_published, as_value, convolution_distance, in_order
from particles import NTK, Convolution, Dataset, Deep, DeepLaw, Dense, Erf, Risk, Squared, tangent_gram
from particles.numerics.randomness import generator
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.early_time.config import Config
from runs.studies.early_time.experiments.kernels import unscaled
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: What the diagonal has on top of 2 zeta^2 |x|^2 / d for erf: (2/pi) arcsin(2/3) + (4/pi)/sqrt(5) - 8/(3 pi).
EXCESS = 2.0 / math.pi * math.asin(2.0 / 3.0) + 4.0 / (math.pi * math.sqrt(5.0)) - 8.0 / (3.0 * math.pi)
#: Inputs, filter, data, channels and networks of the sampled kernel.
LENGTH, FILTER, DATA, CHANNELS, NETWORKS = 16, 7, 6, 64, 200
SOURCE = "Hu et al. 2020, proposition 4.1"


@dataclass(frozen=True)
class Filters(Experiment):
    """|K - 2 zeta^2 X X^T / d| off the diagonal times d/n, erf, filters of 2 d^(3/4) inputs; and K by sampling."""

    name = "E2.4-conv"
    title = "Kernel of a convolutional network and its surrogate"
    words: ClassVar[Mapping[str, str]] = {
        "spectral": "off the diagonal, largest d",
        "surrogate": "surrogate, largest d",
        "excess": "excess of the diagonal",
        "projection": "sampled kernel along the exact one",
        "exact": "found",
    }

    def about(self, config: Config) -> str:
        """For titles."""
        return f"erf, n = {config.filter_rows} sign inputs, filters of 2 d^(3/4)"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every d, and the sampled kernel."""
        return [*(Case(f"d{dim}", what=dim) for dim in config.filter_dims), Case("sampled")]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Norms at one d, or the sampled kernel."""
        if case.what is None:
            yield from self._sampled(case)
            return
        dim, rows = case.what, config.filter_rows
        x = signs(rows, dim, seed=dim)
        gram = convolutional_kernels(x, activation=Erf(), filter_size=filter_size(dim)).ntk
        surrogate = 2.0 * early_constants(Erf()).zeta ** 2 * x @ x.T / dim
        left = gram - surrogate
        off = left - torch.diag(left.diagonal())
        norms = {"spectral": off, "surrogate": surrogate}
        for quantity, matrix in norms.items():
            value = float(torch.linalg.eigvalsh(matrix).abs().max()) * dim / rows
            yield Row(self.name, quantity, "exact", case.seed, float(dim), value)
        yield Row(self.name, "excess", "exact", case.seed, float(dim), float(left.diagonal().mean()))

    def predicted(self, config: Config) -> Iterator[Row]:
        """|K| of the sampled kernel's inputs, by the formula."""
        x = signs(DATA, LENGTH, seed=1)
        exact = convolutional_kernels(x, activation=Erf(), filter_size=FILTER).ntk
        yield Row(self.name, "projection", "exact", None, float(LENGTH), float(exact.norm()))

    def _sampled(self, case: Case) -> Iterator[Row]:
        """<K_m, K> / |K| of networks of finitely many channels."""
        x = signs(DATA, LENGTH, seed=1)
        exact = convolutional_kernels(x, activation=Erf(), filter_size=FILTER).ntk
        neuron = Deep((1, LENGTH), (Convolution(CHANNELS, FILTER), Dense(1)), Erf())
        risk = Risk(neuron, NTK(), Squared(), Dataset(x, x[:, :1]))
        clouds = (DeepLaw(neuron).sample(seed=seed) for seed in range(NETWORKS))
        drawn = torch.stack([(tangent_gram(risk, cloud) * exact).sum() for cloud in clouds]) / exact.norm()
        error = float(drawn.std()) / math.sqrt(NETWORKS)
        yield Row(self.name, "projection", "exact", case.seed, float(LENGTH), float(drawn.mean()), error)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The distance falls faster than n/d, with every doubling of d; the diagonal's excess; the formula itself."""
        found, excess = (table.at(self.name, quantity, "exact") for quantity in ("spectral", "excess"))
        yield convolution_distance(unscaled(found.slope))
        statement = Statement("|K - 2 zeta^2 X X^T / d| d / n off the diagonal falls with d", SOURCE, proven=False)
        yield in_order(statement, (), found.mean.tolist(), increasing=False)
        statement = Statement("sign inputs: the excess of the diagonal is .185 for every d", SOURCE, proven=False)
        worst = float(excess.mean[abs(excess.mean - EXCESS).argmax()])
        yield as_published(statement, (), EXCESS, 5e-4, worst)
        sampled = table.at(self.name, "projection", "exact")
        exact = table.at(self.name, "projection", "exact", predicted=True)
        statement = Statement("E K_m = K of the formula, projected on K", f"{SOURCE}, its kernel", proven=False)
        yield as_value(statement, (), float(exact.mean[0]), float(sampled.mean[0]), float(sampled.errors[0, 0]))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Against d."""
        words = {"spectral": "K less its surrogate, off the diagonal", "surrogate": "surrogate"}
        lines = tuple(
            Line.of(label, colour, table.at(self.name, quantity, "exact"))
            for (quantity, label), colour in zip(words.items(), COLOURS, strict=False)
        )
        return [Panel("filters.png", "Convolutional kernel, spectral norms times d/n", "inputs d", lines)]


def filter_size(dim: int) -> int:
    """2 d^(3/4), at most d."""
    return min(round(2.0 * math.pow(dim, 0.75)), dim)


def signs(rows: int, dim: int, seed: int) -> Tensor:
    """Independent inputs -1 and 1."""
    return torch.from_numpy(generator(seed, "data").choice([-1.0, 1.0], size=(rows, dim)))
