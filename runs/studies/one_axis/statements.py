"""What is claimed of numbers measured over seeds: orders, differences, and published numbers where sizes are theirs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from limits.theorems import Result, Statement, as_published, from_below, in_order
from runs.studies.one_axis.config import Config
from runs.study.table import Array, Curve, Table

PAPER = "Fang, Dong and Zhang 2020"
#: The part of a published movement within which ours is to lie, what an accuracy may differ by, and the full set.
READING, POINT = 0.2, 0.01
FULL = {"images": "mnist", "image_rows": 60_000, "image_test": 10_000, "pool": 1, "batch": 128}


def empirical(text: str, place: str) -> Statement:
    """A statement of the paper that is measured."""
    return Statement(text, f"{PAPER}, {place}", proven=False)


def in_turn(text: str, place: str, curve: Curve, *, increasing: bool = False) -> Result:
    """Means over seeds fall, or rise, from each place of a curve to the next, by their standard errors."""
    return in_order(empirical(text, place), (), list(curve.mean), list(curve.uncertain), increasing=increasing)


def exceeds(text: str, place: str, least: float, values: Array) -> Result:
    """The mean of values [seeds] is at least so much, by its standard error, which one seed does not tell."""
    curve = Curve(np.zeros(1), values[None], np.full((1, len(values)), np.nan), tuple(range(len(values))))
    return from_below(
        empirical(text, place), (), least, float(curve.mean[0]), trivial=-np.inf, error=float(curve.uncertain[0])
    )


def ordered(table: Table, experiment: str, quantity: str, curve: str) -> Curve:
    """A curve by rising x."""
    found = table.at(experiment, quantity, curve)
    order = np.argsort(found.x)
    return Curve(found.x[order], found.values[order], found.errors[order], found.seeds)


def published(
    config: Config,
    sizes: Mapping[str, Any],
    words: str,
    place: str,
    numbers: Sequence[float],
    curve: Curve,
    point: float | None = None,
) -> Iterator[Result]:
    """That means are the paper's numbers, to a fifth or to `point`, where scale, images and sizes are the paper's."""
    wanted = {**FULL, **sizes, "scale": "paper"}
    if any(getattr(config, name) != value for name, value in wanted.items()):
        return
    for x, number, mean, error in zip(curve.x, numbers, curve.mean, curve.uncertain, strict=True):
        reading = READING * number if point is None else point
        statement = empirical(f"{words}{x:.3g} is {number:g} to {reading:.2g}", place)
        yield as_published(statement, (), number, reading, float(mean), float(error))
