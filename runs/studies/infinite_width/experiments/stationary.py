"""What is the stationary risk of noisy SGD with infinitely many rectifiers (Shevchenko, Kungurtsev, Mondelli 2022)?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from limits.theorems import Result, Statement, as_value
from runs.studies.infinite_width.answer import Answer
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import LIMIT, curve, words
from runs.studies.infinite_width.problems.rectifiers import rectifiers
from runs.studies.infinite_width.question import Question
from runs.study.table import Table

NETWORK = "noisy SGD at rest"


@dataclass(frozen=True)
class Stationary(Answer):
    """The risk and E a^2 at rest, T = 1/4 and lambda = 0.3 on three points; their law is known."""

    name = "stationary"
    title = "Noisy SGD at rest"
    drawn = (curve(NETWORK, "risk"),)
    words = words(curve(NETWORK, "risk"), curve(NETWORK, "E a^2"))

    def asked(self) -> Mapping[str, Question]:
        """One network."""
        return {NETWORK: rectifiers()}

    def stated(self, config: Config, table: Table) -> Iterator[Result]:
        """Both are those of the Gibbs law."""
        for quantity in ("risk", "E a^2"):
            name = curve(NETWORK, quantity)
            exact = float(table.at(self.name, LIMIT, name, predicted=True).values[0, 0])
            said = Statement(f"{name} is that of the Gibbs law", "Shevchenko et al. 2022", proven=False)
            yield as_value(said, self.converged(table, NETWORK), exact, *self.found(table, name))
