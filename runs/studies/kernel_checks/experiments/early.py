"""The early-time linear model against the kernel and against training, as the number of inputs grows."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar

import torch

from limits import KernelFlow, early_time_model, tangent_kernel
from limits.theorems import Result, Statement, slope_within
from particles import Activation, Dataset, Erf, GaussianLaw, Identity, Perceptron, ReLU
from runs.batch.jobs import Report
from runs.figures.figures import COLOURS
from runs.studies.kernel_checks.config import Config
from runs.studies.kernel_checks.problem import LAYERS, label, normals
from runs.study.experiment import Case, Experiment
from runs.study.panels import Kind, Line, Panel
from runs.study.table import Row, Table

#: Odd, and not.
ACTIVATIONS: tuple[Activation, ...] = (Erf(), ReLU())
#: Where the functions are compared.
PLACES = ("at the data", "elsewhere")
SOURCE = "Hu, Xiao, Adlam and Pennington 2020, section 3"


@dataclass(frozen=True)
class Early(Experiment):
    """|K - psi psi^T| of the limit kernel and its linear surrogate, and the gap of training at t = 4 d, against d."""

    name = "early"
    title = "Early-time model"
    words: ClassVar[Mapping[str, str]] = {"training": "gap at t = 4 d", **{place: place for place in PLACES}}

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.rows} inputs"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every kernel, and the training."""
        pairs = product(ACTIVATIONS, LAYERS)
        return [*(Case(f"{label(one)}-{trained}", what=(one, trained)) for one, trained in pairs), Case("training")]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """One number for every dimension, for training one at the data and one elsewhere."""
        for dim in config.dims:
            if case.what is None:
                for place, gap in zip(PLACES, training_gaps(dim, 2 * config.rows // 5), strict=True):
                    yield Row(self.name, "training", place, case.seed, float(dim), gap)
                continue
            activation, trained = case.what
            neuron = Perceptron(activation, Identity(dim), 1, trained)
            x = normals(config.rows, dim, seed=dim)
            law = GaussianLaw(neuron)
            distance = early_time_model(neuron, law).distance(tangent_kernel(neuron, law)(x), x)
            yield Row(self.name, "distance", f"{label(activation)}, {trained}", case.seed, float(dim), float(distance))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The spectral distance falls faster than 1/d, so that the model holds for times of the order of d."""
        for activation, trained in product(ACTIVATIONS, LAYERS):
            curve = f"{label(activation)}, {trained}"
            statement = Statement(f"{curve}: |K - psi psi^T| falls faster than 1/d", SOURCE, proven=False)
            yield slope_within(statement, (), table.at(self.name, "distance", curve).slope, most=-1.0)
        for place in PLACES:
            statement = Statement(f"training, {place}: the gap at t = 4 d falls with d", SOURCE, proven=False)
            yield slope_within(statement, (), table.at(self.name, "training", place).slope, most=0.0)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Against the number of inputs."""
        lines = []
        kinds: tuple[Kind, ...] = ("dots", "dashed")
        for activation, kind in zip(ACTIVATIONS, kinds, strict=True):
            for trained, colour in zip(LAYERS, COLOURS, strict=False):
                curve = table.at(self.name, "distance", f"{label(activation)}, {trained}")
                lines.append(Line.of(f"{label(activation)}, {trained}", colour, curve, kind))
        training = tuple(
            Line.of(place, colour, table.at(self.name, "training", place))
            for place, colour in zip(PLACES, COLOURS, strict=False)
        )
        return [
            Panel("early.png", "Spectral distance of kernel and model", "inputs d", tuple(lines)),
            Panel("early.png", "Relative gap of training at t = 4 d, Erf", "inputs d", training),
        ]


def training_gaps(dim: int, count: int) -> tuple[float, float]:
    """Mean square gap of kernel flow and early-time model at t = 4 d, relative to the kernel flow: at data, elsewhere.

    Erf, both layers trained; the targets of the data [count, dim] are a random network of five neurons.
    """
    neuron = Perceptron(Erf(), Identity(dim), 1, "both")
    x = normals(2 * count, dim, seed=dim)
    law = GaussianLaw(neuron)
    hidden = normals(5, dim, seed=3)
    output = normals(5, seed=4)
    data = Dataset(x[:count], torch.erf(x[:count] @ hidden.T / math.sqrt(dim)) @ output / math.sqrt(5.0))
    kernel, model = KernelFlow(tangent_kernel(neuron, law), data), KernelFlow(early_time_model(neuron, law), data)
    gaps = []
    for inputs in (None, x[count:]):
        f, g = (flow.predictions(4.0 * dim, inputs) for flow in (kernel, model))
        gaps.append(float((f - g).square().mean() / f.square().mean()))
    return gaps[0], gaps[1]
