"""Mehler's expansion: the mean of a product of functions of two correlated Gaussians, as a series in the correlation.

For centred Gaussians u, v of variances p, q and correlation rho, with orthonormal Hermite polynomials he_k,

    E h(u) h(v) = sum_k c_k(p) c_k(q) rho^k,   c_k(p) = E h(sqrt(p) x) he_k(x),   x ~ N(0, 1).

Each coefficient belongs to one input, so a Gram matrix of inputs of any norms is a power series in its correlations.
The terms after the term K sum to at most |rho|^(K + 1) sqrt(T_K(p) T_K(q)), where
T_K(p) = E h(sqrt(p) x)^2 - sum_{k <= K} c_k(p)^2 (Parseval). Thus the error of every entry is known.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernels.base import root, wants_gradient
from limits.kernels.smooth_pieces import NODES, Function, Pieces, composite, pieces
from particles.shapes import AnyFloat, PerDatum

#: Highest order of a term. For a function with a kink, 256 terms suffice at every correlation up to 0.9.
MOST_TERMS = 256
#: The Gaussian weight is cut off at this |x|: beyond it, he_k(x) times the density is below 1e-15 for every k used.
REACH = 12.0
#: Ratio of neighbouring scales at which a quadrature rule for all variances is checked.
SPACING = 1.25
#: Number of entries of one work matrix.
CHUNK = 2**21
#: Errors are relative to E h^2 or to this number where E h^2 is less: the cut-off of the Gaussian weight shows there.
LEAST = 1e-8

Terms = Float[Tensor, "terms data"]
OtherTerms = Float[Tensor, "terms2 others"]
Correlation = Float[Tensor, "data others"]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The expansion of h at variances p_i [data].

    `squares` [data] are E h(sqrt(p_i) x)^2, `coefficients` [terms, data] are c_k(p_i), and `tails` [terms, data] are
    sqrt(T_k), the norms of all terms after the k-th.
    """

    variances: PerDatum
    squares: PerDatum
    coefficients: Terms
    tails: Terms

    @property
    def last(self) -> int:
        """K, the order of the last coefficient that is stored."""
        return self.coefficients.shape[0] - 1

    @property
    def units(self) -> PerDatum:
        """u_i = sqrt(E h^2) [data], at least 1e-4; the error of a pair is given relative to u_i u_l."""
        return self.squares.detach().clamp_min(LEAST).sqrt()

    @property
    def relative_tails(self) -> Terms:
        """sqrt(T_k) / u_i [terms, data]."""
        return self.tails / self.units

    @property
    def parity(self) -> int | None:
        """0 where only even terms differ from zero, 1 where only odd ones do, and None otherwise."""
        sizes = self.coefficients.detach().abs()
        floor = 1e-14 * max(float(sizes.max()), torch.finfo(torch.float64).tiny)
        for parity in (0, 1):
            if float(sizes[1 - parity :: 2].max() if self.last else 0.0) <= floor:
                return parity
        return None

    @torch.no_grad()
    def modulus(self, moved: float) -> PerDatum:
        """Numbers m_i [data] such that a correlation that changes by `moved` changes the series by at most m_i m_l.

        m_i^2 = sum_k c_k^2 min(1, k moved), because |rho^k - (rho + moved)^k| <= k moved (Cauchy-Schwarz). The share of
        the terms that are not stored is extrapolated from the decay of T_k.
        """
        known = self.coefficients.square()
        last = self.last
        orders = torch.arange(last + 1).to(known)
        total = (known * (moved * orders).clamp_max(1.0)[:, None]).sum(dim=0)
        left = self.tails[last].square()
        before = self.tails[last // 2].square()
        power = (before / left.clamp_min(torch.finfo(torch.float64).tiny)).log2().clamp(0.25, 0.75)
        return (total + 4.0 * left * (moved * (last + 1)) ** power).sqrt()

    def part(self, rows: slice) -> Self:
        """The same for some of the inputs."""
        return type(self)(self.variances[rows], self.squares[rows], self.coefficients[:, rows], self.tails[:, rows])


def spectrum(function: Function, smooth: Pieces, variances: PerDatum, accuracy: float, nodes: int = NODES) -> Spectrum:
    """The expansion of a function that is smooth between these pieces, at every variance, by quadrature.

    It has as many terms as T_K <= accuracy u_i^2 needs, which suffices for any correlation, but at most 257.
    """
    if any(kink != 0.0 for kink in smooth.kinks):
        coefficients, squares = _by_moving_rules(function, smooth, variances, nodes)
    else:
        coefficients, squares = _by_one_rule(function, smooth, variances, nodes)
    known = squares.detach()
    floor = 4.0 * torch.finfo(torch.float64).eps * known
    left = torch.maximum(known - coefficients.detach().square().cumsum(dim=0), floor)
    enough = ((left / known.clamp_min(LEAST)).amax(dim=1) <= accuracy).nonzero()
    count = int(enough[0]) + 1 if enough.numel() else MOST_TERMS + 1
    return Spectrum(variances, squares, coefficients[:count].clone(), left[:count].sqrt())


def _by_one_rule(function: Function, smooth: Pieces, variances: PerDatum, nodes: int) -> tuple[Terms, PerDatum]:
    """c_k(p_i) and E h^2 from the same nodes x for every variance, by one matrix product."""
    scales = _scales(variances.detach())
    stretched = [partial(_stretched, function, scale) for scale in scales]
    fine = pieces(stretched, REACH, smooth.kinks, unit=1.0 / max(scales[-1], 1.0))
    x, weights = _gauss(torch.tensor(fine.points, dtype=torch.float64), nodes)
    basis = (torch.stack(list(_hermite(x, weights.sqrt()))) * weights.sqrt()).to(variances)
    x, weights = x.to(variances), weights.to(variances)
    rows = max(CHUNK // len(x), 1)
    values = [function(root(chunk)[:, None] * x) for chunk in torch.split(variances, rows)]
    return torch.cat([basis @ v.T for v in values], dim=1), torch.cat([v.square() @ weights for v in values])


def _by_moving_rules(function: Function, smooth: Pieces, variances: PerDatum, nodes: int) -> tuple[Terms, PerDatum]:
    """c_k(p_i) and E h^2 from nodes that follow the kinks z of h, which lie at x = z / sqrt(p_i)."""
    points = torch.tensor(smooth.points, dtype=torch.float64).to(variances)
    rows = max(CHUNK // 32 // (nodes * (int(2 * REACH) + len(points))), 1)
    coefficients, squares = [], []
    for chunk in torch.split(variances, rows):
        scale = torch.where(chunk > 0.0, root(chunk), 1.0)[:, None]
        x, weights = _gauss((points / scale).clamp(-REACH, REACH), nodes)
        weighted = function(root(chunk)[:, None] * x) * weights.sqrt()
        terms = [torch.linalg.vecdot(weighted, term) for term in _hermite(x, weights.sqrt())]
        coefficients.append(torch.stack(terms))
        squares.append(weighted.square().sum(dim=1))
    return torch.cat(coefficients, dim=1), torch.cat(squares)


def _hermite(x: AnyFloat, first: AnyFloat) -> Iterator[AnyFloat]:
    """first he_k(x) for k = 0, 1, ... by he_{k+1} = (x he_k - sqrt(k) he_{k-1}) / sqrt(k + 1)."""
    before = torch.zeros_like(x)
    current = first
    for k in range(MOST_TERMS + 1):
        yield current
        before, current = current, (x * current).sub_(before, alpha=math.sqrt(k)).div_(math.sqrt(k + 1))


def _gauss(edges: AnyFloat, nodes: int) -> tuple[AnyFloat, AnyFloat]:
    """Nodes x and weights for E g(x), x ~ N(0, 1), on panels of length one that are also split at these edges."""
    grid = torch.linspace(-REACH, REACH, int(2 * REACH) + 1).to(edges)
    edges = torch.cat([grid.expand(*edges.shape[:-1], -1), edges], dim=-1)
    x, weights = composite(edges.sort(dim=-1).values, nodes)
    return x, weights * torch.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def _scales(variances: PerDatum) -> list[float]:
    """Standard deviations from the least to the largest, so dense that a rule for two also serves those in between."""
    positive = variances[variances > 0.0].sqrt()
    if positive.numel() == 0:
        return [1.0]
    least, largest = float(positive.min()), float(positive.max())
    least = max(least, largest * 1e-3)
    count = max(math.ceil(math.log(largest / least) / math.log(SPACING)), 1)
    return [least * (largest / least) ** (step / count) for step in range(count + 1)]


def _stretched(function: Function, scale: float, x: Tensor) -> Tensor:
    return function(scale * x)


def terms_needed(first: Spectrum, second: Spectrum, largest: float, accuracy: float) -> tuple[int, float]:
    """The least K with largest^(K + 1) sqrt(T_K T'_K) <= accuracy u_i u_l for all pairs, and that bound.

    If no K suffices, the last term is returned with the bound on what all terms leave out.
    """
    count = min(first.last, second.last) + 1
    powers = largest ** torch.arange(1, count + 1, dtype=torch.float64, device=first.tails.device)
    bounds = powers * first.relative_tails[:count].amax(dim=1) * second.relative_tails[:count].amax(dim=1)
    enough = (bounds <= accuracy).nonzero()
    last = int(enough[0]) if enough.numel() else count - 1
    return last, float(bounds[last])


def mehler(first: Spectrum, second: Spectrum, rho: Correlation, last: int) -> Correlation:
    """sum_{k <= last} c_k(p_i) c_k(q_l) rho_il^k [data, others] by Horner's rule, without terms of zero parity."""
    parity = first.parity
    step = 1 if parity is None or second.parity != parity else 2
    variable = rho if step == 1 else rho * rho
    start = 0 if step == 1 or parity is None else parity
    terms = range(start, max(last, start) + 1, step)
    total = torch.zeros_like(rho)
    if wants_gradient(rho, first.coefficients, second.coefficients):
        for k in reversed(terms):
            total = total * variable + first.coefficients[k][:, None] * second.coefficients[k][None, :]
        return total * rho if start == 1 else total
    for k in reversed(terms):
        total.mul_(variable).addcmul_(first.coefficients[k][:, None], second.coefficients[k][None, :])
    return total.mul_(rho) if start == 1 else total
