"""Walls: convex sets that particles do not leave, a box and a ball, and how what is outside is brought back.

Particles at x that a force pushes outside stay at the nearest point of the set (Skorokhod 1961), and those that noise
pushes outside go to their mirror image behind the wall. `Walled` puts walls around an integrator.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Protocol, TypeAlias, runtime_checkable

import torch
from jaxtyping import Bool
from torch import Tensor

from particles import ShapeError
from particles.arguments.display import line
from particles.arguments.reals import finite, number, positive
from particles.shapes import AnyFloat, Positions

#: One number for all coordinates, or one for each.
Bound: TypeAlias = float | Sequence[float]
Inside = Bool[Tensor, " particles"]
#: Particles are inside as long as they are not outside by more than this part of the set: rounding of float32.
OUTSIDE = 1e-6


@runtime_checkable
class Walls(Protocol):
    """A convex set of points [particles, coordinates], as `Walled` asks for it."""

    @property
    def leans(self) -> bool:
        """Whether a wall may stand across several coordinates, so that these need one mobility and one noise."""
        ...

    def inside(self, points: Positions) -> Inside:
        """Which points lie in the set, to rounding."""
        ...

    def projected(self, points: Positions) -> Positions:
        """The points of the set that are nearest; what is not finite stays so."""
        ...

    def mirrored(self, points: Positions) -> Positions:
        """The mirror images of points outside, however far; what is not finite becomes NaN."""
        ...


@dataclass(frozen=True)
class Box:
    """low <= x_q <= high in every coordinate; both are numbers, or a number for each coordinate, and may be infinite.

    `mirrored` folds the line onto the interval, x -> low + |(x - low + s) mod 2 s - s| with s = high - low. The fold
    takes Brownian motion on the line to reflected Brownian motion, because functions with slope zero at the walls stay
    so when they are continued by mirroring; so a folded Gaussian step is exact in law, whatever its length, and
    coordinates are independent. Raises ValueError unless low < high.
    """

    low: Bound
    high: Bound
    leans: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, _bound(getattr(self, name), name))
        count = next((len(bound) for bound in (self.low, self.high) if isinstance(bound, tuple)), 1)
        if not all(low < high for low, high in self._sides(count)):
            raise ValueError(
                f"The box goes from {line(self.low)} to {line(self.high)}, but low < high is needed in every "
                "coordinate."
            )

    def inside(self, points: Positions) -> Inside:
        """Which points are between the walls [particles]."""
        low, high = self._walls(points)
        slack = OUTSIDE * torch.where(torch.isfinite(high - low), high - low, 1.0)
        return ((points >= low - slack) & (points <= high + slack)).all(dim=1)

    def projected(self, points: Positions) -> Positions:
        """Each coordinate at the nearer wall where it is outside."""
        low, high = self._walls(points)
        return torch.where(torch.isfinite(points), points.clamp(low, high), points)

    def mirrored(self, points: Positions) -> Positions:
        """Each coordinate folded onto its interval, unchanged where it is inside."""
        low, high = self._walls(points)
        outside = (points < low) | (points > high) | ~torch.isfinite(points)
        return torch.where(outside, self._folded(points, low, high), points)

    def _folded(self, points: Positions, low: Tensor, high: Tensor) -> Positions:
        span = high - low
        both = torch.isfinite(span)
        safe = torch.where(both, span, 1.0)
        between = torch.where(both, low, 0.0) + (torch.remainder(points - low + safe, 2.0 * safe) - safe).abs()
        wall = torch.where(torch.isfinite(low), low, high)
        return torch.where(both, between.clamp(low, high), 2.0 * wall - points)

    def _walls(self, points: Positions) -> tuple[Tensor, Tensor]:
        """low and high [coordinates], made once for each dtype and device."""
        key = (points.dtype, points.device, points.shape[1])
        if key not in self._made:
            low, high = zip(*self._sides(points.shape[1]), strict=True)
            self._made[key] = points.new_tensor(low), points.new_tensor(high)
        return self._made[key]

    def _sides(self, count: int) -> Iterator[tuple[float, float]]:
        """low and high of each of so many coordinates; raises ShapeError where the box has another number."""
        low, high = (bound if isinstance(bound, tuple) else (bound,) * count for bound in (self.low, self.high))
        if not len(low) == len(high) == count:
            raise ShapeError(
                f"The box has low {line(self.low)} and high {line(self.high)}, but there are {count} coordinates; give "
                "one number for each, or one for all."
            )
        return zip(low, high, strict=True)

    @cached_property
    def _made(self) -> dict[tuple[torch.dtype, torch.device, int], tuple[Tensor, Tensor]]:
        return {}


@dataclass(frozen=True)
class Ball:
    """|x - centre| <= radius, around zero where the centre is left out.

    `mirrored` folds the line through the centre onto the diameter: at distance r from the centre a point outside goes
    to 2 radius - r. This is no exact rule for Brownian motion, but one of weak order 1 (Bossy, Gobet and Talay 2004),
    which projection, of order 1/2, is not. Raises ValueError for a radius that is not positive.
    """

    radius: float
    centre: Sequence[float] | None = field(default=None, metadata={"optional": True})
    leans: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", positive(self.radius, "The radius"))
        if self.centre is not None:
            centre = tuple(finite(number, "A coordinate of the centre") for number in self.centre)
            object.__setattr__(self, "centre", centre)

    def inside(self, points: Positions) -> Inside:
        """Which points are in the ball [particles]."""
        length: AnyFloat = torch.linalg.vector_norm(self._from_centre(points), dim=1)
        return length <= self.radius * (1.0 + OUTSIDE)

    def projected(self, points: Positions) -> Positions:
        """Points outside at the sphere, in their direction from the centre."""
        away = self._from_centre(points)
        length = torch.linalg.vector_norm(away, dim=1, keepdim=True)
        return torch.where(length > self.radius, points - away * (1.0 - self.radius / length), points)

    def mirrored(self, points: Positions) -> Positions:
        """Points outside as far inside, unchanged where they are inside."""
        away = self._from_centre(points)
        length = torch.linalg.vector_norm(away, dim=1, keepdim=True)
        along = (torch.remainder(length - self.radius, 4.0 * self.radius) - 2.0 * self.radius).abs() - self.radius
        return torch.where(length <= self.radius, points, points + away * (along / length - 1.0))

    def _from_centre(self, points: Positions) -> AnyFloat:
        if self.centre is None:
            return points
        if len(self.centre) != points.shape[1]:
            raise ShapeError(
                f"The centre of the ball has {len(self.centre)} coordinates, but points have {points.shape[1]}; give "
                "one number for each."
            )
        key = (points.dtype, points.device)
        if key not in self._made:
            self._made[key] = points.new_tensor(self.centre)
        return points - self._made[key]

    @cached_property
    def _made(self) -> dict[tuple[torch.dtype, torch.device], Tensor]:
        return {}


def _bound(value: object, name: str) -> float | tuple[float, ...]:
    """A wall as a float, or one for each coordinate; it may be infinite. Raises ValueError for what is no number."""
    if isinstance(value, Sequence):
        return tuple(_wall(each, name) for each in value)
    return _wall(value, name)


def _wall(value: object, name: str) -> float:
    found = number(value)
    if math.isnan(found):
        raise ValueError(f"{name} is {line(value)}, but a number is needed, which may be infinite.")
    return found
