"""Mean Gram matrices of sampled clouds against the kernel of infinitely many particles, entry by entry."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar

import torch

from limits import TangentKernel, tangent_kernel
from limits.theorems import Result, Statement, as_value
from particles import Activation, GaussianLaw, Identity, Perceptron, masses
from runs.batch.jobs import Report
from runs.figures.palette import MOST_COLOURS
from runs.studies.kernel_checks.config import Config
from runs.studies.kernel_checks.problem import ACTIVATIONS, COUNT, DATA, INPUTS, LAYERS, label, normals
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table, student_reach

#: Entries of the Gram matrix that differ.
ENTRIES = DATA * (DATA + 1) // 2


@dataclass(frozen=True)
class Entries(Experiment):
    """E K_m(x, x') over sampled clouds, for every activation and choice of layers, against K(x, x')."""

    name = "entry"
    title = "Mean Gram matrices of sampled clouds"
    words: ClassVar[Mapping[str, str]] = {"": ""}

    def about(self, config: Config) -> str:
        """For titles."""
        return f"{config.means} clouds of {COUNT} particles"

    def cases(self, config: Config) -> Sequence[Case]:
        """One for every activation and choice of layers."""
        pairs = product(ACTIVATIONS, LAYERS)
        return [Case(f"{_curve(*pair)}".replace(", ", "-"), what=pair) for pair in pairs]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """The mean of every entry with its standard error."""
        kernel = _kernel(*case.what)
        x = normals(DATA, INPUTS, seed=1)
        clouds = (kernel.law.sample(masses=masses.uniform(COUNT), seed=seed) for seed in range(config.means))
        grams = torch.stack([_entries(kernel.sampled(cloud, x)) for cloud in clouds])
        errors = grams.std(dim=0) / math.sqrt(config.means)
        for place, (value, error) in enumerate(zip(grams.mean(dim=0).tolist(), errors.tolist(), strict=True)):
            yield Row(self.name, "entry", _curve(*case.what), case.seed, float(place), value, error)

    def predicted(self, config: Config) -> Iterator[Row]:
        """The kernel."""
        x = normals(DATA, INPUTS, seed=1)
        for pair in product(ACTIVATIONS, LAYERS):
            for place, value in enumerate(_entries(_kernel(*pair)(x)).tolist()):
                yield Row(self.name, "entry", _curve(*pair), None, float(place), value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The entry that is farthest off in standard errors, which reach to the end of an interval for all entries."""
        reach = student_reach(config.means, ENTRIES)
        for pair in product(ACTIVATIONS, LAYERS):
            found = table.at(self.name, "entry", _curve(*pair))
            exact = table.at(self.name, "entry", _curve(*pair), predicted=True).mean
            errors = found.errors[:, 0]
            worst = int((abs(found.mean - exact) / errors).argmax())
            said = f"{_curve(*pair)}: E K_m = K, the farthest of {ENTRIES} entries"
            statement = Statement(said, "law of large numbers, over few clouds", proven=False)
            yield as_value(statement, (), float(exact[worst]), float(found.mean[worst]), reach * float(errors[worst]))

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Distances in standard errors, one panel for each choice of layers."""
        shown = []
        for trained in LAYERS:
            lines = []
            for activation, colour in zip(ACTIVATIONS, MOST_COLOURS, strict=False):
                found = table.at(self.name, "entry", _curve(activation, trained))
                exact = table.at(self.name, "entry", _curve(activation, trained), predicted=True)
                if found.values.size:
                    scores = (found.values - exact.values) / found.errors
                    lines.append(Line(label(activation), colour, found.x, scores, "points"))
            title = f"Trained: {trained}"
            panel = Panel(
                "entries.png", title, "entry", tuple(lines), y_label="standard errors", log_x=False, log_y=False
            )
            shown.append(panel)
        return shown


def _curve(activation: Activation, trained: str) -> str:
    return f"{label(activation)}, {trained}"


def _kernel(activation: Activation, trained: str) -> TangentKernel:
    neuron = Perceptron(activation, Identity(INPUTS), 1, trained)
    return tangent_kernel(neuron, GaussianLaw(neuron))


def _entries(gram: torch.Tensor) -> torch.Tensor:
    """Those on and above the diagonal [entries]."""
    rows, columns = torch.triu_indices(DATA, DATA).unbind()
    return gram[rows, columns]
