"""Pyramids in training: the risk falls at a linear rate as long as singular values keep half of their first size.

The paper's risk is |F_L - Y|^2 / 2 without the weights 1/n, and its factors s, multipliers and rates are one. Then
alpha_0 below is its (4 / gamma^4) (gamma^2 / 4)^L smin(F_1)^2 prod_(l>=3) smin(W_l)^2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, from_below, unchecked, vacuous
from limits.theorems.observed import NOISE, PerFrame, PerInterval, frames_of, from_zero
from limits.theorems.vignettes.pyramid import SOURCE, Pyramid, PyramidAt, Singular
from limits.theorems.vignettes.pyramid_start import PyramidStart, reachable, stated_rate
from particles import ParticleCloud, Risk
from particles.shapes import PerParticle, Scalar

Frames = Recorded | Sequence[tuple[float, ParticleCloud]]

FLOW = Statement(
    "R_t <= R_0 exp(-int 2 p_min sum_j eta_j c_j^2 ds), c_j from the singular values along the run",
    f"{SOURCE}, lemma 4.1 along gradient flow",
)
RATE = Statement("R_k <= (1 - h alpha_0)^k R_0 while singular values stay above one half", f"{SOURCE}, theorem 3.2")
KEPT = Statement("smin(F_1) and smin(V_l), l >= 3, stay above one half of their first values", f"{SOURCE}, theorem 3.2")
#: By how much of the risk a step may miss the decrease that it is asked for: rounding of the two risks.
SLACK = 1e-12


@dataclass(frozen=True, eq=False)
class Trained:
    """A run of a pyramid at its frames. Times from the first frame on; all in float64.

    `rates` are 2 p_min sum_j eta_j c_j^2 at the frames, `slowest` bounds them from below in between. `decreases` are by
    how much the risk fell from frame to frame, `asked` half of h |grad R|_M^2, M the mobilities.
    """

    times: PerFrame
    risks: PerFrame
    singular: Tensor
    rates: PerFrame
    slowest: PerInterval
    decreases: PerInterval
    asked: PerInterval
    dtype: torch.dtype

    @classmethod
    def of(cls, pyramid: Pyramid, run: Frames) -> Self:
        """The run frame by frame. Raises ValueError for fewer than two frames, or times that do not increase."""
        times, clouds = frames_of(run)
        stored = list(clouds)
        frames = [pyramid.at(cloud) for cloud in stored]
        risks = torch.stack([pyramid.risk(at.cloud) for at in frames])
        falls, steps = risks[:-1] - risks[1:], times.diff()
        squares = (falls * steps).clamp_min(0.0)
        slowest = [_slowest(*pair, square) for pair, square in zip(pairwise(frames), squares, strict=True)]
        asked = torch.stack([0.5 * step * _squared(at) for at, step in zip(frames, steps, strict=False)])
        singular = torch.stack([at.singular for at in frames])
        rates = torch.stack([at.rate() for at in frames])
        return cls(times - times[0], risks, singular, rates, torch.stack(slowest), falls, asked, stored[0].dtype)

    @property
    def descends(self) -> Assumption:
        """That every step lowers the risk by half of what its gradient promises, as a short one does."""
        enough = bool((self.decreases >= self.asked - SLACK * self.risks[0]).all())
        return Assumption("every step h lowers R by at least h |grad R|^2 / 2", enough)

    @property
    def keeps(self) -> Assumption:
        """That singular values keep half of their first size until the frame before the last."""
        return Assumption("singular values of at least half the first", bool((self.least[:-1] >= 0.5).all()))

    @property
    def least(self) -> Tensor:
        """The least singular value, relative to the first one of its kind [frames, factors]."""
        ratios: Tensor = (self.singular / self.singular[0]).amin(dim=1)
        return ratios

    @property
    def noise(self) -> Scalar:
        """The risk below which the run is rounding."""
        return NOISE[self.dtype] * self.risks[0]


def pyramid_decay(risk: Risk, run: Frames, wide: int = 1) -> Result:
    """R_t <= R_0 exp(-int_0^t 2 p_min sum_j eta_j c_j^2 ds), c_j as in `pyramid_gradient`, for a gradient flow.

    Between frames every coordinate goes a way of at most sqrt(eta dt (R - R')), as R' = -sum eta (dR)^2, and singular
    values change by no more than their matrix does: smin >= (smin + smin' - way) / 2. Frames that are far apart thus
    give a weaker bound, never a wrong one. Raises what `Pyramid` raises, and ValueError for fewer than two frames.
    """
    pyramid = Pyramid(risk, wide)
    assumptions = pyramid.assumptions
    if fails(assumptions):
        return unchecked(FLOW, assumptions)
    seen = Trained.of(pyramid, run)
    bounds = (seen.risks[0] * torch.exp(-from_zero(seen.slowest * seen.times.diff()))).clamp_min(seen.noise)
    return from_above(FLOW, assumptions, bounds[1:], seen.risks[1:], float(seen.risks[0]))


def pyramid_rate(risk: Risk, run: Frames, wide: int = 1) -> Result:
    """R_k <= (1 - h alpha_0)^k R_0, alpha_0 = 4^-(L-w) p_min sum_j eta_j c_j(0)^2, for steps h of gradient descent.

    Every frame of the run is a step after the one before. A step that lowers the risk by h |grad R|^2 / 2 lowers it by
    h p_min c^2 R, and c is a product of L - w singular values of at least half their first size. Both are looked at
    along the run, so that no constant of smoothness is needed. Raises what `pyramid_decay` raises.
    """
    pyramid = Pyramid(risk, wide)
    if fails(pyramid.assumptions):
        return unchecked(RATE, pyramid.assumptions)
    seen = Trained.of(pyramid, run)
    assumptions = (*pyramid.assumptions, seen.descends, seen.keeps)
    if fails(assumptions):
        return unchecked(RATE, assumptions)
    factors = 1.0 - seen.times.diff() * stated_rate(pyramid, seen.rates[0])
    bounds = (seen.risks[0] * factors.clamp_min(0.0).cumprod(dim=0)).clamp_min(seen.noise)
    return from_above(RATE, assumptions, bounds, seen.risks[1:], float(seen.risks[0]))


def kept_singular_values(risk: Risk, run: Frames) -> Result:
    """smin(F_1) and smin(V_l), l >= 3, stay above one half of their first values.

    Promised where the start's `PyramidStart.reach` is at most 1. Vacuous where it is more: whether they are kept is
    then seen, but not promised. Raises what `pyramid_decay` and `PyramidStart.of` raise.
    """
    pyramid = Pyramid(risk)
    assumptions = (*pyramid.assumptions, *reachable(pyramid))
    if fails(assumptions):
        return unchecked(KEPT, assumptions)
    seen, reach = Trained.of(pyramid, run), PyramidStart.of(risk, next(iter(frames_of(run)[1]))).reach
    if fails((seen.descends,)):
        return unchecked(KEPT, (*assumptions, seen.descends))
    held = Assumption(f"the way that training may go is {reach:.3g} of what is allowed", reach <= 1.0)
    result = from_below(KEPT, (*assumptions, seen.descends, held), 0.5, seen.least[1:])
    return result if held.holds else vacuous(result)


def _squared(at: PyramidAt) -> Scalar:
    """|grad R|_M^2 = sum eta rate (dR)^2."""
    seen = at.pyramid.risk.linearised.at(at.cloud)
    found: Scalar = (seen.velocity * seen.seen.transposed(-seen.cotangents)).sum()
    return found


def _slowest(at: PyramidAt, later: PyramidAt, square: Scalar) -> Scalar:
    """2 p_min sum_j eta_j c_j^2 from below between two frames, `square` being dt (R - R')."""
    pyramid, wide = at.pyramid, at.pyramid.wide
    ways = [_features_way(at, later, square)]
    ways += [_way(at, layer, square) for layer in range(wide + 2, len(pyramid.stages) + 1)]
    least: Singular = 0.5 * (at.singular + later.singular - torch.stack(ways, dim=1)).clamp_min(0.0)
    return at.rate(least)


def _way(at: PyramidAt, layer: int, square: Scalar) -> PerParticle:
    """How far V_l goes at most [particles]."""
    stage = at.pyramid.stages[layer - 1]
    speeds = at.scaled.mobility * at.pyramid.rate(stage.weights.name)
    return stage.weights.scales.multiplier * (speeds * square).sqrt()


def _features_way(at: PyramidAt, later: PyramidAt, square: Scalar) -> PerParticle:
    """How far F_w goes at most: dF_l = sigma' (dF_(l-1) V_l + F_(l-1) dV_l + db), layer by layer."""
    pyramid, count = at.pyramid, math.sqrt(at.pyramid.risk.data.count)
    way, size = torch.zeros_like(at.scaled.mobility), torch.linalg.matrix_norm(at.features(0), 2)
    for layer in range(1, pyramid.wide + 1):
        stage, own = pyramid.stages[layer - 1], _way(at, layer, square)
        steep = 1.0 if stage.activation is None else stage.activation.lipschitz
        norms = [torch.linalg.matrix_norm(each.weights(layer), 2) for each in (at, later)]
        bias = torch.zeros_like(own)
        if stage.bias is not None:
            speeds = at.scaled.mobility * pyramid.rate(stage.bias.name)
            bias = count * stage.bias.scales.multiplier * (speeds * square).sqrt()
        way = steep * (way * 0.5 * (norms[0] + norms[1] + own) + size * own + bias)
        ends = [torch.linalg.matrix_norm(each.features(layer), 2) for each in (at, later)]
        size = 0.5 * (ends[0] + ends[1] + way)
    return way
