"""What is claimed of numbers measured over seeds: orders, differences, and published numbers where sizes are theirs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from limits.theorems import Result, Statement, as_published, from_above, from_below
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
    """Numbers fall, or rise, from each place of a curve to the next: the ratio of the smaller to the larger is below 1.

    Ratios are those of the same seed, and their mean has the standard error over seeds; that of one seed has the
    errors of its two numbers.
    """
    below, above = (curve.values[:-1], curve.values[1:]) if increasing else (curve.values[1:], curve.values[:-1])
    ratios = below / above
    relative = curve.errors / curve.values
    single = ratios * np.hypot(relative[:-1], relative[1:])
    found = Curve(curve.x[1:], ratios, single, curve.seeds)
    mean, error = (torch.from_numpy(numbers) for numbers in (found.mean, found.uncertain))
    return from_above(empirical(text, place), (), 1.0, mean, error=error)


def exceeds(text: str, place: str, least: float, values: Array, resolved: float = 0.0) -> Result:
    """The mean of values [seeds] is at least so much, by its standard error, which one seed does not tell.

    The error is `resolved` at least: no order of accuracies is finer than one image.
    """
    curve = Curve(np.zeros(1), values[None], np.full((1, len(values)), np.nan), tuple(range(len(values))))
    error = float(np.maximum(curve.uncertain[0], resolved))
    return from_below(empirical(text, place), (), least, float(curve.mean[0]), trivial=-np.inf, error=error)


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
