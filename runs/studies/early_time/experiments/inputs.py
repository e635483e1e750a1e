"""Claim 3.1: Gaussian inputs of many coordinates have nearly equal norms and are nearly orthogonal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from limits.theorems import Result, Statement, from_above, inner_products, input_norms, input_spectrum, slope_within
from limits.theorems.early_time.inputs import NORMS, PRODUCTS, SPECTRUM
from particles.numerics.randomness import generator
from runs.batch.jobs import Report
from runs.figures.palette import COLOURS
from runs.studies.early_time.config import Config
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: What is measured: the check, its statement, and how it is called.
CHECKS = {
    "norms": (input_norms, NORMS, "max | |x|² / d - 1 |"),
    "products": (inner_products, PRODUCTS, "max |x · x'| / d"),
    "spectrum": (input_spectrum, SPECTRUM, "| |X| / √n - 1 |"),
}


@dataclass(frozen=True)
class InputLaw(Experiment):
    """max | |x_i|^2 / d - 1 |, max |x_i . x_j| / d and | |X|_2 / sqrt n - 1 | against d, with their bounds."""

    name = "claim-3.1"
    title = "Norms and products of Gaussian inputs"
    words: ClassVar[Mapping[str, str]] = {**{name: words for name, (_, _, words) in CHECKS.items()}, "": "largest d"}

    def about(self, config: Config) -> str:
        """For titles."""
        return f"n = {config.kernel_rows}, {config.about}"

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """At every d, of one seed, with the bounds as another curve."""
        for dim in config.kernel_dims:
            x = torch.from_numpy(generator(1000 * case.seed + dim, "data").standard_normal((config.kernel_rows, dim)))
            for quantity, (check, _, _) in CHECKS.items():
                result = check(x)
                yield Row(self.name, quantity, "", case.seed, float(dim), result.measured)
                yield Row(self.name, quantity, "bound", case.seed, float(dim), result.bound)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """The three bounds, and that norms and products come near their limits at least as d^(-1/2)."""
        for quantity, (_, statement, _) in CHECKS.items():
            found, bound = (table.at(self.name, quantity, curve) for curve in ("", "bound"))
            yield from_above(statement, (), torch.from_numpy(bound.values), torch.from_numpy(found.values))
        for quantity in ("norms", "products"):
            said = f"{CHECKS[quantity][2]} falls with d at least as d^(-1/2)"
            statement = Statement(said, "Hu et al. 2020, claim 3.1", proven=False)
            yield slope_within(statement, (), table.at(self.name, quantity, "").slope, most=-0.5)

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Measured, and the bounds."""
        lines = []
        for (quantity, (_, _, words)), colour in zip(CHECKS.items(), COLOURS, strict=False):
            lines.append(Line.of(words, colour, table.at(self.name, quantity, "")))
            lines.append(Line.of("", colour, table.at(self.name, quantity, "bound"), "dashed"))
        return [Panel("inputs.png", "Gaussian inputs (dashed: bounds)", "inputs d", tuple(lines))]
