"""Statements of the paper that are no theorems, and what was measured of them over draws."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from limits.theorems import Result, Statement, from_above, from_below
from runs.figures.figures import Array
from runs.study.table import Curve


def said(words: str, source: str) -> Statement:
    """An empirical statement."""
    return Statement(words, source, proven=False)


def together(curves: Sequence[Curve]) -> Curve:
    """Curves of one place each, of the same draws, as one curve."""
    values, errors = (np.concatenate([getattr(one, name) for one in curves]) for name in ("values", "errors"))
    return Curve(np.concatenate([one.x for one in curves]), values, errors, curves[0].seeds if curves else ())


def of_draws(values: Array) -> Curve:
    """Numbers [draws] as a curve of one place."""
    return Curve(np.zeros(1), values[None], np.full_like(values[None], np.nan), tuple(range(len(values))))


def mean_at_most(statement: Statement, most: float, curve: Curve, place: int = 0, resolved: float = 0.0) -> Result:
    """The mean over draws at one place of a curve is `most` at most; its standard error is `resolved` at least."""
    mean, error = _measured(curve, place, resolved)
    return from_above(statement, (), most, mean, error=error)


def mean_at_least(statement: Statement, least: float, curve: Curve, place: int = 0) -> Result:
    """The mean over draws at one place of a curve is `least` at least."""
    mean, error = _measured(curve, place, 0.0)
    return from_below(statement, (), least, mean, -math.inf, error=error)


def all_at_most(statement: Statement, most: float, values: Array) -> Result:
    """Every number is `most` at most."""
    return from_above(statement, (), most, torch.from_numpy(values.flatten()))


def all_at_least(statement: Statement, least: float, values: Array) -> Result:
    """Every number is `least` at least."""
    return from_below(statement, (), least, torch.from_numpy(values.flatten()))


def _measured(curve: Curve, place: int, resolved: float) -> tuple[float, float]:
    mean, error = (float(each[place]) for each in (curve.mean, curve.uncertain))
    return mean, error if math.isnan(error) else max(error, resolved)
