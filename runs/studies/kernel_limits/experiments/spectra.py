"""Eigenvalues of draws of the random limit, beside those of the mean kernel."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from limits import RandomKernel
from particles.shapes import Gram
from runs.batch.jobs import Report
from runs.studies.kernel_limits.config import FIGURE, KERNELS, Config
from runs.studies.kernel_limits.problem import BLOCK, Problem
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table


@dataclass(frozen=True)
class Spectra(Experiment):
    """Of gamma K + (1 - gamma) sum_j lt_j K^(j) for unequal masses, and of K, which is the limit for equal ones."""

    name = "spectrum"
    title = "Eigenvalues of the random limit"
    words: ClassVar[Mapping[str, str]] = {
        "eigenvalue": "smallest eigenvalue",
        **{setting.name: setting.label for setting in KERNELS[1:]},
    }

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Of one draw for all unequal masses."""
        problem = Problem.of(config)
        for setting in KERNELS[1:]:
            limit = RandomKernel(problem.kernel, setting.gamma, setting.alpha)
            drawn = limit.sample(problem.train.inputs, seed=BLOCK * case.seed).gram
            yield from self._rows(setting.name, drawn, case.seed)

    def predicted(self, config: Config) -> Iterator[Row]:
        """Of the mean kernel."""
        problem = Problem.of(config)
        yield from self._rows(KERNELS[0].name, problem.kernel(problem.train.inputs), None)

    def _rows(self, curve: str, gram: Gram, seed: int | None) -> Iterator[Row]:
        values = torch.linalg.eigvalsh(gram.double()).flip(0).clamp_min(0.0).tolist()
        for place, value in enumerate(values, start=1):
            yield Row(self.name, "eigenvalue", curve, seed, float(place), value)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """By their number."""
        lines = [Line.of(each.label, each.colour, table.at(self.name, "eigenvalue", each.name)) for each in KERNELS[1:]]
        mean = table.at(self.name, "eigenvalue", KERNELS[0].name, predicted=True)
        lines.append(Line.of(KERNELS[0].label, KERNELS[0].colour, mean, "dashed"))
        return [Panel(FIGURE, self.title, "number", tuple(lines))]
