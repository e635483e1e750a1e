"""Pairs of inputs as a kernel sees them: the covariance of two Gaussians and its determinant, without cancellation.

For variances p, q and covariance r, kernels of nearly parallel inputs depend on the `minor` p q - r^2. As a difference
it has no digits there. For such pairs it is computed from the vectors as p |x' - c x|^2, with c of Gram and Schmidt.
The product c x is kept together with its rounding error (Dekker 1971), so the minor is accurate at any angle.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from limits.kernels.base import checked_inputs, placed
from particles import Biased, Identity, Plain
from particles.neurons.embeddings import Embedding
from particles.shapes import Inputs, PerDatum

EPS = torch.finfo(torch.float64).eps
#: Minors below this part of p q are computed from the vectors.
NEARLY = 0.1
#: Multiplication by 2^27 + 1 splits a float64 into two halves whose products are exact.
SPLITTER = 2.0**27 + 1.0
#: Number of entries of one work matrix.
CHUNK = 2**20


@dataclass(frozen=True, eq=False)
class Pairs:
    """Covariances r and minors p q - r^2 >= 0 of the pairs of a tile, both [rows, columns].

    `rounding` bounds the error of r relative to sqrt(p q), and the relative error of the minors. `doubt` [rows,
    columns] bounds a further absolute error of the minors; it is None where there is none. `equal` [rows, columns] says
    which pairs are known to be of one Gaussian with itself; None where only the numbers say it.
    """

    covariance: Tensor
    minor: Tensor
    rounding: float
    doubt: Tensor | None = None
    equal: Tensor | None = None

    def scaled(self, factor: float) -> Self:
        """The pairs of Gaussians whose covariances are `factor` times these."""
        if factor == 1.0:
            return self
        square = factor * factor
        doubt = None if self.doubt is None else square * self.doubt
        return type(self)(factor * self.covariance, square * self.minor, self.rounding, doubt, self.equal)

    @property
    def parallel(self) -> Tensor:
        """Whether the two vectors of a pair are known to be parallel or opposite [rows, columns]."""
        flat = self.minor == 0.0
        return flat if self.doubt is None else flat & (self.doubt == 0.0)


def from_entries(rounding: float, p: Tensor, q: Tensor, r: Tensor, error: Tensor, equal: Tensor) -> Pairs:
    """Pairs for which only p, q and r are known, each up to `error`; the minor is then the difference p q - r^2.

    A minor that is smaller than its error is set to zero. Where inputs are known to be `equal`, r is p and the minor is
    zero, whatever the rounding of p and q.
    """
    r = placed(r, torch.where(equal, p, r))
    with torch.no_grad():
        doubt = torch.where(equal, 0.0, (p + q + 2.0 * r.abs()) * error + 4.0 * EPS * p * q)
    difference = p * q - r * r
    minor = placed(difference, torch.where((difference > doubt) & ~equal, difference, 0.0))
    return Pairs(r, minor, rounding, doubt, equal)


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors x_i, the `rows` [data, D], whose products times `factor` are covariances.

    `rounded` bounds the error of the vectors relative to their norms. Equal inputs have equal vectors.
    """

    rows: Tensor
    factor: float = 1.0
    rounded: float = 0.0

    @cached_property
    def variances(self) -> PerDatum:
        """factor |x_i|^2 [data]."""
        return self.factor * self.rows.square().sum(dim=1)

    @property
    def rounding(self) -> float:
        """A bound on the relative rounding error of products and minors, which are sums over D terms."""
        return (16.0 + 4.0 * math.sqrt(self.rows.shape[1])) * EPS

    def pairs(self, other: Self, part: slice, columns: slice) -> Pairs:
        """The pairs of rows `part` with rows `columns` of the other vectors.

        On the diagonal of a symmetric matrix the covariances are the variances to the last bit.
        """
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
        """Vectors with one more coordinate, which adds the constant `variance` to every covariance."""
        if variance == 0.0:
            return self
        if self.factor == 0.0:
            return type(self)(torch.ones_like(self.rows[:, :1]), variance)
        constant = torch.full_like(self.rows[:, :1], math.sqrt(variance / self.factor))
        return type(self)(torch.cat([self.rows, constant], dim=1), self.factor, self.rounded)


def embedded(embedding: Embedding, inputs: Inputs) -> Vectors:
    """The embedded inputs phi(x_i) as vectors; inputs that are only scaled stay as they are and are not rounded."""
    inputs = checked_inputs(inputs)
    if isinstance(embedding, Identity):
        embedding(inputs)
        return Vectors(inputs, 1.0 / embedding.dim)
    if isinstance(embedding, Plain):
        return Vectors(embedding(inputs))
    if isinstance(embedding, Biased):
        return embedded(embedding.inner, inputs).with_constant(1.0)
    rows = embedding(inputs)
    return Vectors(rows, 1.0, (8.0 + 2.0 * math.sqrt(rows.shape[1])) * EPS)


def _near(first: Tensor, second: Tensor, r: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    """r and p q - r^2 [entries] of nearly parallel vectors [entries, D], by Gram-Schmidt done twice.

    They are exact for parallel vectors.
    """
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
    """A bound on the change of a minor when each vector changes by a part `rounded` of its norm; 0 if parallel."""
    moved = 2.0 * rounded
    return torch.where(minor > 0.0, 2.0 * moved * (product * minor).sqrt() + moved * moved * product, 0.0)
