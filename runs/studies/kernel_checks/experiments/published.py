"""A pair of inputs whose kernels are published: two-layer ReLU, both layers trained."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from limits import deep_kernels
from limits.theorems import Result, Statement, as_published
from particles import ReLU
from runs.batch.jobs import Report
from runs.study.experiment import Case, Experiment
from runs.study.table import Row, Table

#: x = (1, 0), x' = (0.6, 0.8): NNGP(x, x), NNGP(x, x'), NTK(x, x), NTK(x, x'), and to what they can be read.
PUBLISHED = {"NNGP(x, x)": 0.25, "NNGP(x, x')": 0.1693869, "NTK(x, x)": 0.5, "NTK(x, x')": 0.27511182}
READING = 2e-8


@dataclass(frozen=True)
class Published(Experiment):
    """NNGP and NTK of the published pair."""

    name = "published"
    title = "Kernels of a published pair of inputs"
    words: ClassVar[Mapping[str, str]] = {"kernel": "found", **{name: name for name in PUBLISHED}}

    def about(self, config: Any) -> str:
        """For titles."""
        return "two-layer ReLU, both layers trained"

    def cases(self, config: Any) -> Sequence[Case]:
        """One, without a seed of its own."""
        return [Case("pair")]

    def measured(self, config: Any, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """By the recursion for kernels."""
        x = torch.tensor([[1.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
        kernels = deep_kernels(x, activation=ReLU(), depth=1)
        found = [float(matrix[0, column]) for matrix in (kernels.nngp, kernels.ntk) for column in (0, 1)]
        for place, (name, value) in enumerate(zip(PUBLISHED, found, strict=True)):
            yield Row(self.name, "kernel", name, case.seed, float(place), value)

    def claims(self, config: Any, table: Table) -> Iterator[Result]:
        """Each to the digits that are published."""
        for name, published in PUBLISHED.items():
            found = float(table.at(self.name, "kernel", name).mean[0])
            statement = Statement(f"two-layer ReLU: {name}", "neural-tangents, published values", proven=False)
            yield as_published(statement, (), published, READING, found)
