"""Does the kernel move at infinite width in asymmetrical scaling, and is its movement random (Caron et al. 2023)?"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from limits.theorems import Result, Statement, as_value, from_below
from runs.studies.infinite_width.answer import Answer
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import curve, words
from runs.studies.infinite_width.problems.asymmetrical import CHANGE, GAMMA, SQUARE, training
from runs.studies.infinite_width.question import Question
from runs.study.table import Table

MOVING, LAZY = f"gamma = {GAMMA:g}", "gamma = 1"
SOURCE = "Caron et al. 2023, section 5"


@dataclass(frozen=True)
class Asymmetric(Answer):
    """The change of the Gram matrix until time 20, with gamma = 0.2 and alpha = 0.5, beside NTK scaling."""

    name = "asymmetric"
    title = "Change of the Gram matrix at infinite width"
    drawn = (curve(MOVING, CHANGE), curve(LAZY, SQUARE))
    words = words(*drawn)
    roughly = 6.0

    def asked(self) -> Mapping[str, Question]:
        """Asymmetrical and NTK scaling."""
        return {MOVING: training(GAMMA), LAZY: training(1.0)}

    def stated(self, config: Config, table: Table) -> Iterator[Result]:
        """It moves for gamma < 1 only, and is random there."""
        (mean, error), (square, other) = (self.found(table, curve(MOVING, name)) for name in (CHANGE, SQUARE))
        moving, lazy = self.converged(table, MOVING), self.converged(table, LAZY)
        yield from_below(_said(f"{MOVING}: E |K_t - K_0| > 0 at infinite width"), moving, 0.0, mean, -1.0, error=error)
        spread = math.hypot(other, 2.0 * mean * error)
        random = _said(f"{MOVING}: |K_t - K_0| varies at infinite width")
        yield from_below(random, moving, 0.0, square - mean**2, -1.0, error=spread)
        yield as_value(
            _said(f"{LAZY}: E |K_t - K_0|^2 = 0 at infinite width"), lazy, 0.0, *self.found(table, curve(LAZY, SQUARE))
        )


def _said(text: str) -> Statement:
    return Statement(text, SOURCE, proven=False)
