"""Rows of an estimate of the limit, and its figure: means at every width beside the limit's band."""

import math
from collections.abc import Iterator

import numpy as np

from limits import Estimated, InfiniteWidth
from limits.theorems import Result, Statement, unchecked
from particles import Unresolved
from runs.figures.palette import GREY
from runs.study.panels import Line, Panel
from runs.study.table import Row, Table

#: Of a width that is enough: the root mean square error in units of the limit.
ENOUGH = 0.01
LIMIT, ERROR, BIAS, MEAN = "limit", "standard error", "bias", "mean at width"
CORRECTION, FLUCTUATION, WIDTH = "correction c", "fluctuation", f"width for {100.0 * ENOUGH:g} %"
LEAST, MOST = f"{WIDTH}, at least", f"{WIDTH}, at most"
COST, CONVERGED = "particle steps", "converged"


def granted(result: Result) -> Result:
    """The result, or that an assumption fails, where nothing is compared."""
    said = Statement(result.statement, result.source, result.proven)
    return unchecked(said, result.assumptions) if result.failing else result


def words(*names: str) -> dict[str, str]:
    """What the terminal shows of these curves, by their quantities."""
    rows = {name: name for name in (LIMIT, CORRECTION, WIDTH)}
    return {**rows, **{name: name.partition(": ")[2] for name in names}}


def curve(question: str, quantity: str) -> str:
    """The name of a curve."""
    return f"{question}: {quantity}"


def rows_of(experiment: str, question: str, found: InfiniteWidth) -> Iterator[Row]:
    """All rows of an estimate; x is the width, that of the widest clouds for what is said of the limit.

    Errors are a quarter of an interval of 95 %. Where a variance does not fall with width there is neither fluctuation
    nor a width that is enough.
    """
    widest, finite = float(found.levels[-1].width), found.finite_width
    for value in found.values:
        name = curve(question, value.name)

        def row(quantity: str, number: float, error: float = math.nan, name: str = name) -> Row:
            return Row(experiment, quantity, name, 0, widest, number, error)

        yield row(LIMIT, value.value, _error(value))
        yield row(ERROR, value.standard_error)
        yield row(BIAS, value.bias)
        correction = finite.correction(value.name)
        yield row(CORRECTION, correction.value, _error(correction))
        try:
            fluctuation = finite.fluctuation(value.name)
            width = finite.width_for(value.name, ENOUGH, relative=True)
        except Unresolved:
            pass
        else:
            yield row(FLUCTUATION, fluctuation.value, _error(fluctuation))
            for quantity, number in zip((WIDTH, LEAST, MOST), (width.value, width.low, width.high), strict=True):
                yield row(quantity, number)
        yield from _means(experiment, name, found, found.names.index(value.name))
    yield Row(experiment, COST, question, 0, widest, found.cost)
    yield Row(experiment, CONVERGED, question, 0, widest, float(found.converged))


def against_width(table: Table, experiment: str, name: str, colour: str, file: str, title: str = "") -> Panel:
    """Means at every width, and the interval of the limit as a band."""
    means, limit = table.at(experiment, MEAN, name), table.at(experiment, LIMIT, name)
    lines = [Line.of("clouds of m particles", colour, means)]
    if limit.values.size:
        value, reach = float(limit.values[0, 0]), 2.0 * float(limit.errors[0, 0])
        ends = np.array([[value - reach, value + reach]] * 2)
        lines.append(Line("the limit's interval", GREY, means.x[[0, -1]], ends, "band"))
    return Panel(file, title or name, "particles, m", tuple(lines), log_y=False)


def _means(experiment: str, name: str, found: InfiniteWidth, place: int) -> Iterator[Row]:
    """E F(m) at the widths of the levels, the sums of the means of levels up to there."""
    mean = variance = 0.0
    for level in found.levels:
        mean += float(level.mean[place])
        variance += float(level.variance[place]) / level.samples
        yield Row(experiment, MEAN, name, 0, float(level.width), mean, math.sqrt(variance))


def _error(estimated: Estimated) -> float:
    return 0.25 * (estimated.high - estimated.low)
