"""How far is early training of an infinitely wide network from its linear model (Hu et al. 2020)?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from limits.theorems import Result, Statement, as_value, from_above
from runs.studies.infinite_width.answer import Answer
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import LIMIT, curve, words
from runs.studies.infinite_width.problems.early import early
from runs.studies.infinite_width.question import Question
from runs.study.table import Table

NETWORK = "early time"
GAP = curve(NETWORK, "gap")
#: The gap is small where it is below this part of the function.
SMALL = 0.05


@dataclass(frozen=True)
class Early(Answer):
    """sum_i (f - f_lin)^2 / sum_i f_lin^2 at other inputs; finite networks add their own 1/m to it."""

    name = "early"
    title = "Gap to the linear model at infinite width"
    drawn = (GAP,)
    words = words(*drawn)
    roughly = 2.0

    def asked(self) -> Mapping[str, Question]:
        """One network."""
        return {NETWORK: early()}

    def stated(self, config: Config, table: Table) -> Iterator[Result]:
        """It is that of the kernel flow, and small."""
        value, error = self.found(table, GAP)
        converged = self.converged(table, NETWORK)
        exact = float(table.at(self.name, LIMIT, GAP, predicted=True).values[0, 0])
        kernel = Statement("the gap at infinite width is that of the kernel flow", "Lee et al. 2019", proven=False)
        yield as_value(kernel, converged, exact, value, error)
        small = Statement(f"the gap at infinite width is below {SMALL:g}", "Hu et al. 2020, theorem 3.2", proven=False)
        yield from_above(small, converged, SMALL, value, error=error)
