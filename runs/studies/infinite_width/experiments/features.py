"""How far do features move in the mean-field three-layer network of infinite width (Chen et al. 2022)?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from limits.theorems import Result, Statement, from_below
from runs.studies.infinite_width.answer import Answer
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import curve, words
from runs.studies.infinite_width.problems.features import features
from runs.studies.infinite_width.question import Question
from runs.study.table import Table

NETWORK, MOVEMENT = "three layers", "feature movement"


@dataclass(frozen=True)
class Features(Answer):
    """rms(h_t - h_0) / rms(h_0) of infinitely many neurons over 32 frozen features, at time 120."""

    name = "features"
    title = "Feature movement of the mean-field three-layer network"
    drawn = (curve(NETWORK, MOVEMENT), curve(NETWORK, "risk"))
    words = words(*drawn)

    def asked(self) -> Mapping[str, Question]:
        """One network."""
        return {NETWORK: features()}

    def stated(self, config: Config, table: Table) -> Iterator[Result]:
        """Features move as far as they are long, whatever the width."""
        said = Statement("features move by more than half of their size", "Chen et al. 2022, section 4", proven=False)
        value, error = self.found(table, curve(NETWORK, MOVEMENT))
        yield from_below(said, self.converged(table, NETWORK), 0.5, value, error=error)
