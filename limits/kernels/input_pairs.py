"""Pairs of inputs as a kernel sees them: the covariance of two Gaussians, and its determinant without cancellation.

For variances p, q and covariance r the `minor` p q - r^2 decides what nearly parallel inputs have in common. As a
difference it loses all digits there, so for such pairs it is taken from the vectors: p |x' - c x|^2 with c of Gram and
Schmidt, the product c x kept with its rounding error (Dekker 1971), hence relatively accurate at any angle.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from limits.kernels.base import checked_inputs, placed
from particles import Biased, Identity
from particles.neurons.embeddings import Embedding
from particles.shapes import Inputs, PerDatum

EPS = torch.finfo(torch.float64).eps
#: Minors below this part of p q are taken from the vectors.
NEARLY = 0.1
#: 2^27 + 1 cuts a float64 into two halves whose products are exact.
SPLITTER = 2.0**27 + 1.0
#: Entries of one work matrix.
CHUNK = 2**20


@dataclass(frozen=True, eq=False)
class Pairs:
    """Covariances r, minors p q - r^2 >= 0, and a bound on the error of the minors beyond `rounding` of their own.

    `rounding` bounds the relative error of r (relative to sqrt(p q)) and of the minors; `doubt` is None where that is
    all.
    """

    covariance: Tensor
    minor: Tensor
    rounding: float
    doubt: Tensor | None = None

    def scaled(self, factor: float) -> Self:
        """Of Gaussians whose covariances are `factor` times these."""
        if factor == 1.0:
            return self
        square = factor * factor
        doubt = None if self.doubt is None else square * self.doubt
        return type(self)(factor * self.covariance, square * self.minor, self.rounding, doubt)

    @property
    def parallel(self) -> Tensor:
        """Where the two vectors are known to be parallel or opposite."""
        flat = self.minor == 0.0
        return flat if self.doubt is None else flat & (self.doubt == 0.0)


def from_entries(rounding: float, p: Tensor, q: Tensor, r: Tensor, error: Tensor, equal: Tensor) -> Pairs:
    """Pairs of which nothing is known but p, q and r, each up to `error`: the minor is their difference.

    It is zero where it cannot be told from that; where inputs are known to be equal r is p, and there is no doubt.
    """
    r = placed(r, torch.where(equal, p, r))
    with torch.no_grad():
        doubt = torch.where(equal, 0.0, (p + q + 2.0 * r.abs()) * error + 4.0 * EPS * p * q)
    difference = p * q - r * r
    return Pairs(r, placed(difference, torch.where(difference > doubt, difference, 0.0)), rounding, doubt)


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors x_i [data, D] whose products, times `factor`, are covariances.

    `rounded` bounds the error of the vectors themselves, relative to their norms; those of equal inputs are equal.
    """

    rows: Tensor
    factor: float = 1.0
    rounded: float = 0.0

    @cached_property
    def variances(self) -> PerDatum:
        """factor |x_i|^2."""
        return self.factor * self.rows.square().sum(dim=1)

    @property
    def rounding(self) -> float:
        """Relative error of products and minors, from sums over D terms."""
        return (16.0 + 4.0 * math.sqrt(self.rows.shape[1])) * EPS

    def pairs(self, other: Self, part: slice, columns: slice) -> Pairs:
        """The pairs of one tile; on the diagonal of a matrix, covariances are exactly the variances."""
        first, second = self.rows[part], other.rows[columns]
        r = (first @ second.T).mul_(self.factor)
        product = self.variances[part][:, None] * other.variances[columns][None, :]
        diagonal = self is other and part == columns
        if diagonal:
            r.diagonal().copy_(self.variances[part])
        minor = torch.addcmul(product, r, r, value=-1.0).clamp_min_(0.0)
        near = minor < NEARLY * product
        r = r.clone() if r.requires_grad else r  # the minor remembers the one it was made of
        if diagonal:
            minor.diagonal().zero_()
            near.diagonal().fill_(False)
        rows, others = near.nonzero(as_tuple=True)
        size = max(CHUNK // first.shape[1], 1)
        for i, l in zip(torch.split(rows, size), torch.split(others, size), strict=True):
            r[i, l], minor[i, l] = _near(first[i], second[l], r[i, l], self.factor)
        doubt = None if self.rounded == 0.0 else _doubt(product, minor, self.rounded)
        return Pairs(r, minor, self.rounding, doubt)

    def with_constant(self, variance: float) -> Self:
        """The same with a constant added to every covariance, as one more coordinate of all vectors."""
        if variance == 0.0:
            return self
        if self.factor == 0.0:
            return type(self)(torch.ones_like(self.rows[:, :1]), variance)
        constant = torch.full_like(self.rows[:, :1], math.sqrt(variance / self.factor))
        return type(self)(torch.cat([self.rows, constant], dim=1), self.factor, self.rounded)


def embedded(embedding: Embedding, inputs: Inputs) -> Vectors:
    """phi(x_i) as vectors: the inputs themselves where the embedding only scales them, so that none is rounded."""
    inputs = checked_inputs(inputs)
    if isinstance(embedding, Identity):
        embedding(inputs)
        return Vectors(inputs, 1.0 / embedding.dim)
    if isinstance(embedding, Biased):
        return embedded(embedding.inner, inputs).with_constant(1.0)
    rows = embedding(inputs)
    return Vectors(rows, 1.0, (8.0 + 2.0 * math.sqrt(rows.shape[1])) * EPS)


def _near(first: Tensor, second: Tensor, r: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    """r and p q - r^2 of nearly parallel vectors [entries, D], by Gram and Schmidt, twice; exact for parallel ones."""
    if first.shape[1] == 1:
        return r, torch.zeros_like(r)
    p = first.square().sum(dim=1)
    c = ((first * second).sum(dim=1) / p)[:, None]
    product = c * first
    rest = (second - product) - _lost(c, first, product)
    parallel = (rest == 0.0).all(dim=1)
    rest = rest - ((first * rest).sum(dim=1) / p)[:, None] * first
    return torch.where(parallel, factor * (c[:, 0] * p), r), factor * p * (factor * rest.square().sum(dim=1))


def _lost(a: Tensor, b: Tensor, product: Tensor) -> Tensor:
    """a b minus its rounded product, exactly."""
    upper_a, upper_b = _upper(a), _upper(b)
    lower_a, lower_b = a - upper_a, b - upper_b
    return ((upper_a * upper_b - product) + upper_a * lower_b + lower_a * upper_b) + lower_a * lower_b


def _upper(a: Tensor) -> Tensor:
    scaled = SPLITTER * a
    return scaled - (scaled - a)


@torch.no_grad()
def _doubt(product: Tensor, minor: Tensor, rounded: float) -> Tensor:
    """By how much a minor may move where each vector does by a part `rounded` of its norm; parallel ones are equal."""
    moved = 2.0 * rounded
    return torch.where(minor > 0.0, 2.0 * moved * (product * minor).sqrt() + moved * moved * product, 0.0)
