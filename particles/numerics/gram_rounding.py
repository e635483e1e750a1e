"""The effect of the rounding of a Gram matrix: whether the linear flow that it drives is known at a given time.

A Gram matrix squares the ratio of the units of its inputs. Where that ratio exceeds 1e8, the entries of small columns
are only rounding, and at 1e6 they have three digits. The matrix itself cannot be told from one of lower rank.
"""

import math

import torch
from torch import Tensor

from particles.errors import Unresolved
from particles.shapes import AnyFloat

#: Largest relative error of the movement that is accepted; or this many times the error of the entries if that is more.
TRUSTED, LOSABLE = 1e-6, 1e3
#: Rounding error of the entries and of the eigendecomposition, in units of eps times the largest eigenvalue.
UNITS = 4.0


def movement_error(rates: AnyFloat, parts: AnyFloat, time: float, error: float) -> float:
    """A bound on the error of A^T q relative to |A^T q|, where q = g(S) b and S = A A^T is known up to `error`.

    Here g(s) = (1 - exp(-s t)) / s, `rates` s_i are the eigenvalues of S, and `parts` b_i the components of b. To first
    order the error of q_i is error |(g[s_i, s_j] b_j)_j| with divided differences |g[s, s']| <= g(min) min(t, 2 / max),
    and that of the movement sqrt(s_i) q_i is sqrt(s_i + error) times as large. A rate below the error counts as the
    error.
    """
    rates = rates.clamp_min(0.0)
    uncertain = rates.clamp_min(error)
    largest = torch.maximum(rates[:, None], rates[None, :])
    gains = -torch.expm1(-uncertain * time) / uncertain
    slopes = torch.maximum(gains[:, None], gains[None, :]) * (2.0 / largest.clamp_min(error)).clamp_max(time)
    errors = error * (slopes * parts.abs()).square().sum(dim=1).sqrt()
    lost = float(((rates + error).sqrt() * errors).norm())
    total = float((rates.sqrt() * gains * parts).norm())
    return lost / total if total > 0.0 else 0.0 if lost == 0.0 else math.inf


def unit_ratio(columns: Tensor) -> float:
    """The ratio of the largest to the least norm of the columns; columns of zeros do not count."""
    norms = torch.linalg.vector_norm(columns.double(), dim=0)
    norms = norms[norms > 0.0]
    return float(norms.max() / norms.min()) if norms.numel() else 1.0


def check_resolved(rates: AnyFloat, parts: AnyFloat, time: float, error: float, ratio: float) -> None:
    """Raise Unresolved where different units of inputs leave the movement at this time with less than six digits.

    `ratio` is the ratio of the units. Where it is too small for a column to vanish in the rounding, rates that cannot
    be told from zero are taken for zero, and nothing is raised.
    """
    largest = float(rates.abs().max()) if rates.numel() else 0.0
    trusted = max(TRUSTED * largest, LOSABLE * error)
    if largest == 0.0 or trusted > error * ratio**2:
        return
    if (lost := movement_error(rates, parts, time, error)) * largest > trusted:
        raise Unresolved(
            f"The columns of the inputs differ by a factor {ratio:.3g} in size, which a Gram matrix squares: at time "
            f"{time:.6g} the movement is known to a part {lost:.2g} of itself, not to {trusted / largest:.0e}; "
            "standardise the inputs (each column minus its mean, over its standard deviation), or ask for an earlier "
            "time."
        )
