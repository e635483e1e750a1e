"""What is the risk along training at alpha = 1 of the survey's axis, at infinite width (Fang, Dong, Zhang 2021)?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from limits.theorems import Result, Statement, in_order
from runs.figures.palette import COLOURS, GREY
from runs.studies.infinite_width.answer import Answer
from runs.studies.infinite_width.config import Config
from runs.studies.infinite_width.estimated import MEAN, curve, words
from runs.studies.infinite_width.problems.axis import TIMES, axis
from runs.studies.infinite_width.question import Question
from runs.study.panels import Line, Panel
from runs.study.table import Table

NETWORK = "alpha = 1"
CURVES = tuple(curve(NETWORK, f"risk at {time:g}") for time in TIMES)


@dataclass(frozen=True)
class Axis(Answer):
    """The risk at times 8 to 128 of infinitely many tanh neurons, both layers trained."""

    name = "axis"
    title = "Risk along training at alpha = 1"
    drawn = (CURVES[-1],)
    words = words(*CURVES)

    def asked(self) -> Mapping[str, Question]:
        """One network."""
        return {NETWORK: axis()}

    def stated(self, config: Config, table: Table) -> Iterator[Result]:
        """It falls."""
        values, errors = zip(*(self.found(table, name) for name in CURVES), strict=True)
        said = Statement("the risk falls from time to time", "Fang, Dong and Zhang 2021, (22)", proven=False)
        yield in_order(said, self.converged(table, NETWORK), values, errors, increasing=False)

    def panels(self, config: Config, table: Table) -> Sequence[Panel]:
        """Against width at the end, and along training beside narrow clouds."""
        means = [table.at(self.name, MEAN, name) for name in CURVES]
        if not all(curve.values.size for curve in means):
            return []
        times, found = np.array(TIMES), [self.found(table, name) for name in CURVES]
        limit = np.array([[value - 2.0 * error, value + 2.0 * error] for value, error in found])
        lines = (
            Line("clouds of m particles", COLOURS[0], times, np.array([[curve.values[0, 0]] for curve in means])),
            Line("the limit's interval", GREY, times, limit, "band"),
        )
        title = f"{NETWORK}: risk along training, m = {means[0].x[0]:g}"
        return [*super().panels(config, table), Panel("answers.png", title, "time", lines, log_y=False)]
