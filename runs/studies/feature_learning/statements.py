"""Statements of the paper that are no theorems, and what was measured of them over draws."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from limits.theorems import Statement
from runs.study.table import Curve


def said(words: str, source: str) -> Statement:
    """An empirical statement."""
    return Statement(words, source, proven=False)


def together(curves: Sequence[Curve]) -> Curve:
    """Curves of one place each, of the same draws, as one curve."""
    values, errors = (np.concatenate([getattr(one, name) for one in curves]) for name in ("values", "errors"))
    return Curve(np.concatenate([one.x for one in curves]), values, errors, curves[0].seeds if curves else ())


def measured_mean(curve: Curve, place: int = 0) -> dict[str, Tensor]:
    """Mean over draws at one place of a curve, and its standard error, as the constructors of claims take them."""
    return {"measured": torch.tensor(float(curve.mean[place])), "error": torch.tensor(float(curve.uncertain[place]))}
