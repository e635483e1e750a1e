"""Paths of clouds: what `barrier` walks along; straight lines, broken ones, and the geodesic of optimal transport."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch

from limits.transport.choice import transport
from limits.transport.result import Transport
from limits.transport.symmetries import odd_distance
from particles import ParticleCloud, Perceptron, ShapeError
from particles.arguments.display import line
from particles.arguments.reals import number


@runtime_checkable
class Path(Protocol):
    """A path of clouds: the cloud at every place s in [0, 1]. A plain function of s will do.

    A path may say at which places it turns, `corners`, a rising sequence of numbers from 0 to 1.
    """

    def __call__(self, place: float, /) -> ParticleCloud:
        """The cloud at the place s."""
        ...


@dataclass(frozen=True, eq=False)
class PolygonalPath:
    """Straight lines from each cloud to the next, particle by particle: positions and masses are linear in s.

    The clouds lie at equal distances in s. Raises ShapeError for fewer than two clouds and for clouds of different
    sizes, TypeError for what is no cloud, or one that several processes share.
    """

    clouds: Sequence[ParticleCloud]

    def __post_init__(self) -> None:
        object.__setattr__(self, "clouds", _alike(tuple(self.clouds)))

    @property
    def corners(self) -> tuple[float, ...]:
        """The places of the clouds."""
        last = len(self.clouds) - 1
        return tuple(number / last for number in range(last + 1))

    def __call__(self, place: float) -> ParticleCloud:
        """The cloud at the place s. Raises ValueError outside [0, 1]."""
        along = checked_place(place) * (len(self.clouds) - 1)
        first = min(int(along), len(self.clouds) - 2)
        one, other, share = self.clouds[first], self.clouds[first + 1], along - first
        if share in (0.0, 1.0):
            return other if share else one
        masses = one.masses if one.masses is other.masses else torch.lerp(one.masses, other.masses, share)
        return ParticleCloud(torch.lerp(one.positions, other.positions, share), masses)


@dataclass(frozen=True, eq=False)
class StraightPath:
    """(1 - s) theta_j + s theta'_j, particle by particle, and the same of masses: s = 0 is `start`, s = 1 is `end`.

    Raises what `PolygonalPath` raises.
    """

    start: ParticleCloud
    end: ParticleCloud

    def __post_init__(self) -> None:
        _alike((self.start, self.end))

    @cached_property
    def _line(self) -> PolygonalPath:
        return PolygonalPath((self.start, self.end))

    def __call__(self, place: float) -> ParticleCloud:
        """The cloud at the place s. Raises ValueError outside [0, 1]."""
        return self._line(place)


@dataclass(frozen=True, eq=False)
class TransportPath:
    """The geodesic of W_2 between two clouds: every part of mass goes straight to where an optimal plan sends it.

    The cloud at s has an atom (1 - s) x_l + s y_l of mass P_l for every move l of the plan (McCann 1997), so that
    W_2(start, cloud at s) = s W_2(start, end). For equal masses and counts these are particles paired one to one;
    otherwise there are more atoms than particles, up to m + m' - 1, and `start` and `end` are met as measures. So this
    is a path of networks where the prediction is one of the measure alone, as under `MeanField` and `Lazy`.

    With `odd`, a `Perceptron` whose activation is odd, (w, a) and (-w, -a) are one neuron, and each particle goes to
    the nearer of the two: the end is met up to such flips. Raises ValueError for an activation that is not odd, and
    what `transport` raises for clouds it cannot pair.
    """

    start: ParticleCloud
    end: ParticleCloud
    odd: Perceptron | None = None

    def __post_init__(self) -> None:
        _whole((self.start, self.end))
        self.transport  # noqa: B018  (refuse here what cannot be paired)

    @cached_property
    def transport(self) -> Transport:
        """The distance, exact, with its plan."""
        if self.odd is not None:
            return odd_distance(self.start.detached(), self.end.detached(), self.odd)
        return transport(self.start.detached(), self.end.detached(), method="exact")

    @cached_property
    def _line(self) -> PolygonalPath:
        plan = self.transport.plan
        if plan is None:
            raise ValueError(f"The method {self.transport.method!r} gives no plan; take an exact one.")
        masses = (plan.masses / plan.masses.sum()).to(self.start.positions)
        first, second = self.start.positions[plan.rows], self.end.positions.to(self.start.positions)[plan.columns]
        if self.odd is not None:
            second = torch.where((first * second).sum(dim=1, keepdim=True) < 0.0, -second, second)
        return PolygonalPath((ParticleCloud(first, masses), ParticleCloud(second, masses)))

    def __call__(self, place: float) -> ParticleCloud:
        """The cloud at the place s. Raises ValueError outside [0, 1]."""
        return self._line(place)


def checked_place(place: float) -> float:
    """The place as a float; raises ValueError outside [0, 1]."""
    found = number(place)
    if not 0.0 <= found <= 1.0:
        raise ValueError(f"The place on the path is {line(place)}, but a number from 0 to 1 is needed.")
    return found


def _whole(clouds: Sequence[ParticleCloud]) -> None:
    for cloud in clouds:
        if not isinstance(cloud, ParticleCloud) or not cloud.is_plain:
            raise TypeError(
                f"A path is of clouds that one process holds, but a {type(cloud).__name__} was given; make a "
                "ParticleCloud."
            )


def _alike(clouds: tuple[ParticleCloud, ...]) -> tuple[ParticleCloud, ...]:
    """Clouds of one size, in the dtype and on the device of the first."""
    _whole(clouds)
    if len(clouds) < 2:
        raise ShapeError(f"A path needs two clouds or more, but {len(clouds)} came; give where it begins and ends.")
    first = clouds[0]
    for cloud in clouds[1:]:
        if cloud.positions.shape != first.positions.shape:
            raise ShapeError(
                f"A path of {first.count} particles in {first.dim} dimensions meets {cloud.count} in {cloud.dim}; give "
                "clouds of one size, or take TransportPath where only the counts differ."
            )
    return tuple(cloud.to(device=first.device, dtype=first.dtype).detached() for cloud in clouds)
