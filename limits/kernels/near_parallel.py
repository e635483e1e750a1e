"""Direct integration of E h(u) h(v) for pairs that are nearly parallel, where an expansion needs too many terms.

The Gaussians are u = sqrt(p) x and v = sqrt(q) (rho x + c y) with c = sqrt(1 - rho^2) and independent x, y ~ N(0, 1).
The inner integral over y is split where v meets a kink, so its integrand is smooth. As a function of x the inner
integral changes within a distance c of the places where sqrt(q) rho x meets a kink, so the panels of the outer integral
are graded towards these places.
"""

import math
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from limits.kernels.base import placed, wants_gradient
from limits.kernels.expansion import CHUNK
from limits.kernels.smooth_pieces import Function, Pieces, composite
from particles.shapes import AnyFloat

Entries = Float[Tensor, " entries"]

#: The Gaussian weight is cut off at this |x|; 2e-19 of its mass lies beyond.
REACH = 9.0
#: Number of equal panels, length ratio of neighbouring graded panels, and number of points on each panel.
PANELS, RATIO, NODES = 8, 3.0, 16
#: Points on a panel of the coarser rule for the error estimate, and how many entries are compared with it.
COARSE, COMPARED = 12, 4
#: A pair with a smaller sqrt(1 - rho^2) counts as parallel; the difference would show only where sqrt(p) is over 1e14.
PARALLEL = 1e-22


def integrals(
    function: Function, smooth: Pieces, p: Entries, q: Entries, rho: Entries, c: Entries, unit: Entries
) -> tuple[Entries, float]:
    """E h(u) h(v) [entries], and the largest difference from a coarser rule on the worst of them, in units of `unit`.

    c = sqrt(1 - rho^2) is an argument of its own, because it cannot be computed from rho where it is small.
    """
    if p.numel() == 0:
        return p.clone(), 0.0
    values = _integrals(function, smooth, p, q, rho, c, NODES)
    with torch.no_grad():
        worst = rho.abs().argsort(descending=True)[:: max(p.numel() // COMPARED, 1)]
        coarse = _integrals(function, smooth, p[worst], q[worst], rho[worst], c[worst], COARSE)
        return values, float(((values[worst] - coarse) / unit[worst]).abs().max())


def _integrals(
    function: Function, smooth: Pieces, p: Entries, q: Entries, rho: Entries, c: Entries, nodes: int
) -> Entries:
    result = torch.empty_like(p)
    parallel = c <= PARALLEL
    for which, rule in ((parallel, _parallel), (~parallel, _near)):
        places = which.nonzero()[:, 0]
        if places.numel():
            result[places] = rule(function, smooth, p[places], q[places], rho[places], c[places], nodes)
    return result


def _parallel(
    function: Function, smooth: Pieces, p: Entries, q: Entries, rho: Entries, c: Entries, nodes: int
) -> Entries:
    """E h(sqrt(p) x) h(+-sqrt(q) x) [entries], an integral over x that is split at the kinks of both factors.

    Where two kinks coincide, the gradient is the mean of the two gradients that either order of them gives.
    """
    u = p.sqrt()[:, None]
    v = (placed(rho, rho.sign()) * q.sqrt())[:, None]
    edges = [_places(smooth.points, u), _places(smooth.points, v)]
    orders = [edges, edges[::-1]] if wants_gradient(u, v) else [edges]
    rules = [_rule(torch.cat(order, dim=1), nodes) for order in orders]
    sums = [(function(u * x) * function(v * x) * weights).sum(dim=1) for x, weights in rules]
    return torch.stack(sums).mean(dim=0)


def _near(function: Function, smooth: Pieces, p: Entries, q: Entries, rho: Entries, c: Entries, nodes: int) -> Entries:
    """The two-dimensional integrals [entries], computed for a few entries at a time."""
    levels = max(math.ceil(math.log(2.0 * REACH / float(c.detach().min()), RATIO)), 1)
    splits = len(smooth.points)
    outer = PANELS + 2 * splits + (2 * levels + 1) * len(smooth.kinks)
    inner = PANELS + splits
    size = max(CHUNK // (outer * inner * nodes * nodes), 1)
    chunks = zip(*(torch.split(values, size) for values in (p, q, rho, c)), strict=True)
    if wants_gradient(p, q, rho, c):
        again = partial(checkpoint, _near_chunk, use_reentrant=False, preserve_rng_state=False)
        return torch.cat([again(function, smooth, levels, nodes, *chunk) for chunk in chunks])
    return torch.cat([_near_chunk(function, smooth, levels, nodes, *chunk) for chunk in chunks])


def _near_chunk(
    function: Function, smooth: Pieces, levels: int, nodes: int, p: Entries, q: Entries, rho: Entries, c: Entries
) -> Entries:
    u, v = p.sqrt()[:, None], q.sqrt()[:, None]
    offsets = RATIO ** torch.arange(levels).to(p)
    offsets = torch.cat([-offsets, offsets])
    layers = _places(smooth.kinks, v * rho[:, None])[:, :, None] + c[:, None, None] * offsets
    edges = [_places(smooth.points, u), _places(smooth.points, v * rho[:, None]), layers.flatten(1)]
    x, weights = _rule(torch.cat(edges, dim=1), nodes)
    mean = rho[:, None] * x
    crossings = (_places(smooth.points, v)[:, None, :] - mean[:, :, None]) / c[:, None, None]
    y, inner_weights = _rule(crossings, nodes)
    inner = (function(v[:, :, None] * (mean[:, :, None] + c[:, None, None] * y)) * inner_weights).sum(dim=2)
    return (function(u * x) * inner * weights).sum(dim=1)


def _places(points: tuple[float, ...], scale: AnyFloat) -> AnyFloat:
    """Places x with scale x = point [entries, points] for scales [entries, 1], clipped far outside of the range."""
    tiny = torch.finfo(torch.float64).tiny
    safe = torch.where(scale.abs() < tiny, tiny, scale)
    return (torch.tensor(points, dtype=torch.float64).to(scale) / safe).clamp(-2.0 * REACH, 2.0 * REACH)


def _rule(edges: AnyFloat, nodes: int) -> tuple[AnyFloat, AnyFloat]:
    """Nodes and weights for the standard Gaussian on equal panels, which are also split at edges within the range."""
    within = torch.where(edges.abs() < REACH, edges, REACH).sort(dim=-1, stable=True).values
    most = int((within < REACH).sum(dim=-1).max()) if within.numel() else 0
    grid = torch.linspace(-REACH, REACH, PANELS + 1).to(edges)
    edges = torch.cat([grid.expand(*edges.shape[:-1], -1), within[..., :most]], dim=-1)
    x, weights = composite(edges.sort(dim=-1, stable=True).values, nodes)
    return x, weights * torch.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
