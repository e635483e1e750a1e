"""Knots of a stationary law: where the curvature of its predictor is concentrated, how much of it, and how sharply."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.rectified.law import ReLULaw
from limits.mean_field.rectified.moments import rule
from particles.arguments.reals import finite, non_negative, positive

#: Nodes of Gauss's rule between two edges, and by how much edges move away from a peak from one to the next.
NODES, SPREADING = 8, 1.5
#: Kinks at one place, to rounding, relative.
SAME = 1e-12
#: Parts of a knot's mass to its left between which its width is measured.
QUANTILES = (0.05, 0.95)

Places = Float[Tensor, " knots"]


@dataclass(frozen=True, eq=False)
class Knots:
    """Knots of f from left to right: `places` [knots] of highest curvature, `masses`, `turns` and `widths` [knots].

    `turns` are the integrals of f'' over a knot, its changes of slope, and `masses` those of |f''|, relative to
    `total`, that of the interval searched. `widths` hold the middle 90 % of a knot's mass. `off` is the part of the
    total that lies on no knot, further than the distance of merging from all of their peaks.
    """

    places: Places
    masses: Places
    turns: Places
    widths: Places
    total: float
    off: float

    def between(self, low: float, high: float, slack: float = 1e-9) -> int:
        """How many of them lie in the closed interval from low to high."""
        return int(((self.places >= low - slack) & (self.places <= high + slack)).sum())


def knots(
    law: ReLULaw,
    low: float | None = None,
    high: float | None = None,
    *,
    merged: float = 0.01,
    least: float = 0.02,
) -> Knots:
    """The knots of a law's predictor from `low` to `high`, by default from the first input to the last.

    Peaks of the curvature are where the density of kinks has its maxima: the lowest points of q on every arc of
    neurons with w > 0 and with w < 0. Those nearer to each other than `merged` are one knot, which reaches as far
    beyond them, and knots with less than `least` of the total are none. The interval is as much longer. Raises
    ValueError for an interval without length or end.
    """
    merged, least = positive(merged, "The distance of merging"), non_negative(least, "The least part of a knot")
    inputs = law.found.dual.data.places
    low = inputs[0] if low is None else finite(low, "The low end of the interval")
    high = inputs[-1] if high is None else finite(high, "The high end of the interval")
    if not low < high:
        raise ValueError(
            f"Knots are searched from {low!r} to {high!r}, but low < high is needed; give such an interval."
        )
    peaks, scales = _peaks(law, low - merged, high + merged)
    edges = _edges(peaks, scales, (low - merged, high + merged), merged)
    places, weights = rule(NODES)
    inner = edges[:-1, None] + edges.diff()[:, None] * places
    bends = law.curvature(inner.reshape(-1, 1)).reshape(inner.shape)
    signed, sizes = ((edges.diff()[:, None] * weights * one).sum(dim=1) for one in (bends, bends.abs()))
    total = float(sizes.sum())
    found = [one for one in _clusters(peaks, merged) if float(sizes[_within(one, edges, merged)].sum()) > least * total]
    rows = []
    for one in found:
        here = _within(one, edges, merged)
        mass, highest = sizes[here], law.curvature(one[:, None])[:, 0].abs().argmax()
        rows.append(
            [float(one[highest]), float(mass.sum()) / total, float(signed[here].sum()), _width(edges, here, mass)]
        )
    table = torch.tensor(rows, dtype=torch.float64).reshape(-1, 4)
    on = (
        torch.stack([_within(one, edges, merged) for one in found]).any(dim=0) if found else torch.zeros(len(sizes)) > 0
    )
    place, mass, turn, width = table.T
    return Knots(place, mass, turn, width, total, float(sizes[~on].sum()) / total)


def _peaks(law: ReLULaw, low: float, high: float) -> tuple[Tensor, Tensor]:
    """Kinks where Q has minima along its line, in rising order, and the distances over which Q changes there.

    These are the low ends of pieces, but for those beyond which Q falls on, where the piece before has its high end.
    """
    pieces = law.found.pieces
    w, b = pieces.start.T
    kink, end = -b / w, -pieces.end[:, 1] / pieces.end[:, 0]
    beside = (kink[:, None] - end).abs() <= SAME * (1.0 + kink[:, None].abs())
    passed = (beside & (w[:, None] * pieces.end[:, 0] > 0.0)).any(dim=1)
    ahead = pieces.start + pieces.scale[:, None] * pieces.direction
    scale = (-ahead[:, 1] / ahead[:, 0] - kink).abs()
    inside = (kink >= low) & (kink <= high) & (w != 0.0) & ~passed
    order = kink[inside].argsort()
    return kink[inside][order], scale[inside][order]


def _edges(peaks: Tensor, scales: Tensor, ends: tuple[float, float], merged: float) -> Tensor:
    """Points that lie the closer the nearer a peak is, with the peaks and the ends of knots among them."""
    found = [torch.tensor(ends, dtype=torch.float64), torch.linspace(*ends, 65, dtype=torch.float64)]
    length = ends[1] - ends[0]
    for peak, scale in zip(peaks.tolist(), scales.tolist(), strict=True):
        step = min(max(scale, 1e-14 * length), length) / 4.0
        count = int(torch.tensor(length / step).log() / torch.tensor(SPREADING).log()) + 2
        away = step * SPREADING ** torch.arange(count, dtype=torch.float64)
        found += [peak + away, peak - away, torch.tensor([peak, peak - merged, peak + merged], dtype=torch.float64)]
    edges = torch.cat(found)
    inside = edges[(edges >= ends[0]) & (edges <= ends[1])].sort().values
    return inside[torch.cat([inside.new_ones(1), inside.diff()]) > 0.0]


def _clusters(peaks: Tensor, merged: float) -> list[Tensor]:
    """Peaks in groups whose neighbours are nearer than this."""
    gaps = (peaks.diff() > merged).nonzero()[:, 0] + 1
    return [one for one in torch.tensor_split(peaks, gaps) if len(one)]


def _within(peaks: Tensor, edges: Tensor, merged: float) -> Tensor:
    """Which intervals between edges lie no further than this from peaks of one knot."""
    middles = 0.5 * (edges[1:] + edges[:-1])
    return (middles > peaks[0] - merged) & (middles < peaks[-1] + merged)


def _width(edges: Tensor, here: Tensor, mass: Tensor) -> float:
    """The distance between the quantiles of a knot's mass."""
    levels = torch.cat([mass.new_zeros(1), mass.cumsum(dim=0)]) / mass.sum()
    own = torch.cat([edges[:-1][here], edges[1:][here][-1:]])
    places = []
    for level in QUANTILES:
        after = int(torch.searchsorted(levels, level).clamp(1, len(mass)))
        share = (level - levels[after - 1]) / (levels[after] - levels[after - 1])
        places.append(float(own[after - 1] + share * (own[after] - own[after - 1])))
    return places[1] - places[0]
