"""Intervals on which a function of one number is smooth, and the composite Gauss-Legendre rule on such intervals.

A kink is a point where the function or one of its derivatives jumps. Kinks that were not declared are found by
bisection, so that no quadrature rule is applied across one. A panel is an interval between neighbouring edges.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from particles.shapes import AnyFloat

Function = Callable[[Tensor], Tensor]
Sized = tuple[tuple[Function, float], ...]

#: Points of the quadrature rule on one panel.
NODES = 20
#: Degree of the polynomial that represents a function on a panel, and the relative error that it may have.
DEGREE, RESOLVED = 15, 1e-12
#: A kink closer to the origin is moved there: bisection locates jumps of second derivatives only to 1e-10.
ORIGIN = 1e-9
#: Distance from the origin to the end of the range, in standard deviations of the Gaussian weight.
WEIGHT_ENDS = 12.0
#: Functions are evaluated up to this part of a panel's half-length: its ends may be kinks with a conventional value.
CLOSE = 1.0 - 1e-7
#: A panel shorter than this part of the range that is not resolved holds a kink.
SHORTEST = 2.0**-26
#: Number of searches for undeclared kinks; each finds kinks that earlier ones made visible.
ROUNDS = 4
#: A function that needs more panels than this is refused as not piecewise smooth.
MOST_PANELS = 4096
#: The range is longer on the right by this factor. So bisection does not hit a kink at a round number by chance, where
#: it would pass for a border between two smooth panels.
UNEVEN = 1.0371


@dataclass(frozen=True)
class Pieces:
    """Points that split a range: `kinks` of the function, and further `breaks`.

    Between neighbouring points the function is a polynomial up to rounding.
    """

    kinks: tuple[float, ...] = ()
    breaks: tuple[float, ...] = ()

    @property
    def points(self) -> tuple[float, ...]:
        """Kinks and breaks together, in rising order."""
        return tuple(sorted({*self.kinks, *self.breaks}))


def pieces(functions: Iterable[Function], reach: float, kinks: Iterable[float] = (), unit: float = 1.0) -> Pieces:
    """The pieces of [-reach, reach] on which all these functions are smooth; undeclared kinks are found.

    Near the origin the functions may vary within the length `unit`, and details of that size are not overlooked there.
    A function counts as smooth on a panel where it is a polynomial up to 1e-12 of its size there, or of its largest
    size under a Gaussian weight. Raises ValueError for functions that are not finite there or not piecewise smooth.
    """
    sized = tuple((function, _size(function, reach)) for function in functions)
    first = -reach
    last = UNEVEN * reach
    known = {float(kink) for kink in kinks if first < kink < last}
    for _ in range(ROUNDS):
        breaks, suspects = _bisect(sized, sorted({first, last, *known, *_seeds(reach, unit)}))
        found = {_located(sized, suspect) for suspect in suspects} - known
        if not found:
            break
        known |= found
    return Pieces(tuple(sorted(known)), tuple(sorted(set(breaks) - known - {first, last})))


def composite(edges: AnyFloat, nodes: int = NODES) -> tuple[AnyFloat, AnyFloat]:
    """Nodes and weights of the Gauss-Legendre rule on every panel between neighbouring edges.

    edges [..., points], sorted in the last axis, give [..., (points - 1) nodes]; empty panels have weight zero.
    """
    places, weights = (values.to(edges) for values in _legendre(nodes))
    left = edges[..., :-1, None]
    half = 0.5 * edges.diff(dim=-1)[..., None]
    return (left + half * (1.0 + places)).flatten(-2), (half * weights).flatten(-2)


def _seeds(reach: float, unit: float) -> list[float]:
    """First borders +-unit, +-4 unit, ... (slightly uneven), so that a narrow peak meets panels of its own size."""
    count = max(math.ceil(math.log(reach / unit, 4.0)), 0)
    right = [UNEVEN * unit * 4.0**power for power in range(count) if UNEVEN * unit * 4.0**power < reach]
    return [-place / UNEVEN**3 for place in right] + right


def _bisect(functions: Sized, edges: list[float]) -> tuple[list[float], list[tuple[float, float]]]:
    """Edges of panels on which every function is resolved, and the short panels on which some function is not."""
    shortest = (edges[-1] - edges[0]) * SHORTEST
    open_panels = torch.tensor([edges[:-1], edges[1:]], dtype=torch.float64).T
    done: list[float] = []
    suspects: list[tuple[float, float]] = []
    while open_panels.shape[0]:
        bad = ~torch.stack([_resolved(open_panels, *function) for function in functions]).all(dim=0)
        done += open_panels[~bad].flatten().tolist()
        short = bad & (open_panels[:, 1] - open_panels[:, 0] < shortest)
        suspects += [(float(a), float(b)) for a, b in open_panels[short]]
        split = open_panels[bad & ~short]
        middle = split.mean(dim=1)
        open_panels = torch.cat([torch.stack([split[:, 0], middle], 1), torch.stack([middle, split[:, 1]], 1)])
        if len(done) + open_panels.shape[0] > MOST_PANELS:
            raise ValueError(
                f"The activation needs more than {MOST_PANELS} smooth pieces between {edges[0]:.4g} and "
                f"{edges[-1]:.4g}; give one that is smooth but for a few kinks."
            )
    return done, suspects


def _size(function: Function, reach: float) -> float:
    """The largest |function| times a Gaussian weight that vanishes at the reach, over places of every magnitude."""
    places = reach * 2.0 ** -torch.arange(0.0, 40.0, 0.5, dtype=torch.float64)
    places = torch.cat([-places, places])
    weights = torch.exp(-0.5 * (WEIGHT_ENDS * places / reach).square())
    return float((function(places).abs() * weights).max())


def _resolved(panels: Float[Tensor, "panels 2"], function: Function, size: float) -> Tensor:
    """Whether, on each panel, the Chebyshev interpolant agrees with the function between its nodes [panels]."""
    inner, outer, matrix = _interpolation()
    centre = panels.mean(dim=1, keepdim=True)
    half = 0.5 * panels.diff(dim=1)
    given, wanted = function(centre + half * inner), function(centre + half * outer)
    scale = given.abs().amax(dim=1) + size
    error = (given @ matrix - wanted).abs().amax(dim=1)
    if not bool(torch.isfinite(error).all()):
        low, high = float(panels.min()), float(panels.max())
        raise ValueError(f"The activation is not finite between {low:.4g} and {high:.4g}; its kernel does not exist.")
    return error <= RESOLVED * scale


@cache
def _interpolation() -> tuple[Tensor, Tensor, Tensor]:
    """Chebyshev nodes, points between and just beyond them, and the matrix from values at the first to the second."""
    inner = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
    outer = np.cos(np.pi * np.arange(DEGREE + 2) / (DEGREE + 1)).clip(-CLOSE, CLOSE)
    basis = np.polynomial.chebyshev.chebvander
    matrix = np.linalg.solve(basis(inner, DEGREE), np.eye(DEGREE + 1)).T @ basis(outer, DEGREE).T
    return torch.from_numpy(inner), torch.from_numpy(outer), torch.from_numpy(matrix)


@cache
def _legendre(nodes: int) -> tuple[Tensor, Tensor]:
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return torch.from_numpy(places), torch.from_numpy(weights)


def _located(functions: Sized, panel: tuple[float, float]) -> float:
    """The place of the kink in a short panel, found by taking the unresolved half of it again and again."""
    left, right = panel
    middle = 0.5 * (left + right)
    enough = (right - left) * 1e-9
    while left < middle < right and right - left > enough:
        halves = torch.tensor([[left, middle], [middle, right]], dtype=torch.float64)
        bad = ~torch.stack([_resolved(halves, *function) for function in functions]).all(dim=0)
        if not bool(bad.any()):
            break
        left, right = (left, middle) if bool(bad[0]) else (middle, right)
        middle = 0.5 * (left + right)
    return middle if abs(middle) > ORIGIN else 0.0
