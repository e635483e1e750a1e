"""Trained clouds of growing width against the kernel flow of infinitely many particles, and their linearisation."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from flows import RK4, GradientFlow, LinearisedFlow, evolve
from limits import KernelFlow, tangent_kernel
from limits.theorems import Result, Statement, as_slope
from particles import NTK, Dataset, GaussianLaw, Identity, Perceptron, Risk, Squared, SymmetricPairs, Tanh, masses
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.kernel_checks.config import Config
from runs.studies.kernel_checks.problem import INPUTS, normals
from runs.study.experiment import Case, Experiment
from runs.study.panels import Kind, Line, Panel
from runs.study.table import Row, Table

#: What is compared, and the slope against width that theory gives.
GAPS = {
    "linearised": -0.5,
    "linearised, t = infinity": -0.5,
    "gradient flow": -0.5,
    "gradient flow to linearised": -1.0,
}
CURVE = "tanh, both layers"


@dataclass(frozen=True)
class Flows(Experiment):
    """Root mean square gaps at 50 other inputs: clouds to the kernel flow of the limit, and to their linearisation.

    Tanh, both layers trained, NTK scaling, symmetric pairs, n = 20 and d = 5.
    """

    name = "flow"
    title = "Gaps of networks to the kernel flow of the limit"
    words: ClassVar[Mapping[str, str]] = {**{name: name for name in GAPS}, CURVE: CURVE}

    def about(self, config: Config) -> str:
        """For titles."""
        return f"time {config.until:g}, {config.seeds} clouds of each width"

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of one cloud of each width."""
        neuron, risk, law = problem()
        elsewhere = normals(50, INPUTS, seed=2)
        limit = KernelFlow(tangent_kernel(neuron, law), risk.data).predictions([config.until, math.inf], elsewhere)
        for width in config.widths:
            cloud = law.sample(masses=masses.uniform(width), seed=case.seed)
            linear = LinearisedFlow(risk, cloud)
            soon, late = (linear.predictions(linear.exact(time), elsewhere) for time in (config.until, math.inf))
            trained = evolve(GradientFlow(risk), cloud, RK4(step=0.25), until=config.until)
            network = risk.predictions(trained, elsewhere)
            gaps = (soon - limit[0], late - limit[1], network - limit[0], network - soon)
            for name, gap in zip(GAPS, gaps, strict=True):
                yield Row(self.name, name, CURVE, case.seed, float(width), _size(gap))

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """Clouds fluctuate around the limit as m^(-1/2), and depart from their linearisation as 1/m."""
        for name, slope in GAPS.items():
            statement = Statement(f"{name}: the gap falls as m^({slope:g})", "Lee et al. 2019, section 2", proven=False)
            yield as_slope(statement, (), slope, table.at(self.name, name, CURVE).slope)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Against width."""
        pairs = zip(GAPS, COLOURS, strict=True)
        lines = []
        for name, colour in pairs:
            kind: Kind = "dashed" if name == "gradient flow" else "dots"  # the linearised network lies below it
            lines.append(Line.of(name, colour, table.at(self.name, name, CURVE), kind))
        return [Panel("flows.png", "Root mean square gap at other inputs", "width m", tuple(lines))]


@cache
def problem() -> tuple[Perceptron, Risk, SymmetricPairs]:
    """The neuron, its risk, and the law whose networks are zero at the start."""
    neuron = Perceptron(Tanh(), Identity(INPUTS), 1, "both")
    x = normals(20, INPUTS, seed=1)
    data = Dataset(x, torch.sin(2.0 * x[:, 0]) * x[:, 1])
    return neuron, Risk(neuron, NTK(), Squared(), data), SymmetricPairs(GaussianLaw(neuron))


def _size(gap: Tensor) -> float:
    return float(gap.square().mean().sqrt())
