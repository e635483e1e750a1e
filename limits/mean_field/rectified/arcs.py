"""Arcs of directions (w, b) between the kinks of inputs on the line, and the quadratic form that each arc carries.

For neurons a (w x + b)_+ with (w, b) = r e and e a unit vector, g(e) = sum_i p_i R_i (e . xi_i)_+, xi_i = (x_i, 1), is
v . e on an arc where the set of active inputs stays. With confinements c_w of (w, b) and c_a of a, all integrals over
a and r are Gaussian, and what is left on the arc is a rational function of the quadratic form

    Q(e) = c_w c_a |e|^2 - (v . e)^2 > 0,

homogeneous in e. At low temperatures Q is as small as the temperature at its lowest points, far below the rounding of
its two terms. So its coefficients are computed in exact arithmetic (floats are fractions), and rounded at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Self

import torch
from torch import Tensor

#: Two numbers.
Pair = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Arc:
    """Directions (1 - t) first + t last, 0 <= t <= 1, with the active inputs' sum v = sum_i p_i R_i xi_i.

    `low`, `middle` and `high` are the form's values Q(first, first), Q(first, last) and Q(last, last).
    """

    first: Pair
    last: Pair
    v: Pair
    low: Fraction
    middle: Fraction
    high: Fraction

    @classmethod
    def of(cls, first: Pair, last: Pair, v: Pair, strength: Fraction) -> Self:
        """The arc with its form; strength is c_w c_a."""
        at, to = _dot(v, first), _dot(v, last)
        return cls(
            first,
            last,
            v,
            strength * _dot(first, first) - at * at,
            strength * _dot(first, last) - at * to,
            strength * _dot(last, last) - to * to,
        )

    @property
    def bend(self) -> Fraction:
        """Half of the second derivative of Q in t."""
        return self.low + self.high - 2 * self.middle

    @property
    def vertex(self) -> Fraction | None:
        """Where within (0, 1) the derivative of Q vanishes; None where it does not."""
        bend, down = self.bend, self.low - self.middle
        inside = 0 < down < bend or bend < down < 0
        return down / bend if inside else None

    @property
    def least(self) -> Fraction:
        """The least value of Q on the arc."""
        ends = min(self.low, self.high)
        if self.vertex is None or self.bend < 0:
            return ends
        return (self.low * self.high - self.middle * self.middle) / self.bend


def arcs_of(inputs: Sequence[Fraction], pushes: Sequence[Fraction], strength: Fraction) -> tuple[Arc, ...]:
    """The 2 (n + 1) arcs of n inputs in rising order; pushes are p_i R_i.

    First come the arcs of neurons with w > 0, kinks from left to right, then those with w < 0. The directions w = 0 end
    the outer arcs, so that none reaches half around.
    """
    zero, one = Fraction(0), Fraction(1)
    moments = [(push * x, push) for push, x in zip(pushes, inputs, strict=True)]
    left = [(zero, zero), *accumulate(moments, _plus)]
    right = [*accumulate(reversed(moments), _plus, initial=(zero, zero))][::-1]
    found = []
    for sign, sums in ((one, right), (-one, left)):
        nodes = [(zero, sign), *((sign, -sign * x) for x in inputs), (zero, -sign)]
        found += [Arc.of(one, other, v, strength) for one, other, v in zip(nodes[:-1], nodes[1:], sums, strict=True)]
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Arcs cut into pieces on which Q rises: Q(start + tau direction) = low + slope tau + bend tau^2, slope >= 0.

    `start` and `direction` are [pieces, 2], `v` [pieces, 2], the others [pieces], in float64: `length` is the largest
    tau, `area` |start x direction|, and `arc` the number of the arc. low, slope and bend are right to rounding, however
    small they are.
    """

    arc: Tensor
    start: Tensor
    direction: Tensor
    v: Tensor
    low: Tensor
    slope: Tensor
    bend: Tensor
    length: Tensor
    area: Tensor

    @classmethod
    def of(cls, arcs: Sequence[Arc]) -> Self:
        """All pieces of these arcs, two of every arc where Q turns within it."""
        rows = [row for number, arc in enumerate(arcs) for row in _pieces(number, arc)]
        table = torch.tensor(rows, dtype=torch.float64)
        start, direction, v = table[:, 1:3], table[:, 3:5], table[:, 5:7]
        area = (start[:, 0] * direction[:, 1] - start[:, 1] * direction[:, 0]).abs()
        low, slope, bend, length = table[:, 7:].T
        return cls(table[:, 0].long(), start, direction, v, low, slope, bend, length, area)

    @property
    def scale(self) -> Tensor:
        """The distance tau over which Q changes by a factor near its low end, at most the length [pieces]."""
        rise = torch.minimum(self.low / self.slope, (self.low / self.bend.abs()).sqrt())
        return torch.minimum(rise, self.length)

    @property
    def end(self) -> Tensor:
        """Direction at the other end [pieces, 2]."""
        return self.start + self.length[:, None] * self.direction


def _pieces(number: int, arc: Arc) -> list[list[float]]:
    """Rows of the pieces of one arc: its number, start, direction, v, low, slope, bend and length."""
    forward = _row(number, arc.first, arc.last, arc.v, arc.low, 2 * (arc.middle - arc.low), arc.bend)
    backward = _row(number, arc.last, arc.first, arc.v, arc.high, 2 * (arc.middle - arc.high), arc.bend)
    at = arc.vertex
    if at is None:
        return [[*(forward if arc.low <= arc.high else backward), 1.0]]
    if arc.bend < 0:
        return [[*forward, float(at)], [*backward, float(1 - at)]]
    (a, b), (c, d) = arc.first, arc.last
    turn = a + at * (c - a), b + at * (d - b)
    both = ((arc.last, 1 - at), (arc.first, at))
    return [
        [*_row(number, turn, end, arc.v, arc.least, Fraction(0), arc.bend * part * part), 1.0] for end, part in both
    ]


def _row(number: int, start: Pair, end: Pair, v: Pair, low: Fraction, slope: Fraction, bend: Fraction) -> list[float]:
    way = (end[0] - start[0], end[1] - start[1])
    return [float(number), *map(float, (*start, *way, *v, low, slope, bend))]


def _plus(one: Pair, other: Pair) -> Pair:
    return one[0] + other[0], one[1] + other[1]


def _dot(one: Pair, other: Pair) -> Fraction:
    return one[0] * other[0] + one[1] * other[1]
