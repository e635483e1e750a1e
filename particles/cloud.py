"""The particle cloud: positions and masses, a finite probability measure on parameter space."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from particles.arguments.display import Words
from particles.compute.member_tiles import MemberTiles
from particles.compute.tiles import CloudTangents, Tiles
from particles.errors import MassError, ShapeError
from particles.neurons.protocols import Neuron
from particles.shapes import AnyFloat, Features, Masses, MemberMasses, Positions, Scalar

#: Largest distance of the total mass from one: the rounding error of a few million masses in each dtype.
TOTAL_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}
#: Masses that differ by less than this part are called equal.
EQUAL = 1e-6


@dataclass(frozen=True, eq=False, init=False)
class ParticleCloud:
    """A weighted cloud: particle j is at theta_j = positions[j] and has mass lambda_j >= 0, with sum_j lambda_j = 1.

    `positions` are [particles, dim] in float64 or float32. `masses` are [particles]; they are equal where left out, and
    are converted to the dtype and device of the positions. A cloud is a frozen value: methods return new clouds, and no
    method writes into a tensor. Sums and maxima over all particles go through the methods `tangents`, `summed`,
    `norms`, `largest` and `counted`, because in a `SharedCloud` one process holds only a part of the particles.
    Raises ShapeError for positions or masses of a wrong shape, MassError for masses that are negative, not finite or
    without sum one, TypeError for tensors that are not float64 or float32, ValueError for positions that are not
    finite.
    """

    positions: Positions
    masses: Masses

    def __init__(self, positions: Positions, masses: Masses | None = None) -> None:
        _check_positions(positions)
        count = positions.shape[0]
        if masses is None:
            masses = torch.full((count,), 1.0 / count, dtype=positions.dtype, device=positions.device)
        _check_masses(masses, count)
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "masses", converted(masses, positions))

    @property
    def count(self) -> int:
        """The number m of particles."""
        return self.positions.shape[0]

    @property
    def first(self) -> int:
        """The number, in the whole cloud, of the first particle held here; noise is addressed by such numbers."""
        return 0

    @property
    def dim(self) -> int:
        """The number of coordinates of one particle."""
        return self.positions.shape[1]

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of positions and masses, torch.float64 or torch.float32."""
        return self.positions.dtype

    @property
    def device(self) -> torch.device:
        """The device of positions and masses."""
        return self.positions.device

    @property
    def shared_by(self) -> Hashable | None:
        """The group of processes that hold the particles together; None where this process holds all of them."""
        return None

    @property
    def is_plain(self) -> bool:
        """Whether the cloud consists of positions and masses only, and this process holds all of them."""
        return type(self) is ParticleCloud

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """The cloud on another device or in another dtype; raises TypeError for a dtype that is not a float one."""
        return type(self)(self.positions.to(device=device, dtype=dtype), self.masses)

    def detached(self) -> Self:
        """The cloud without autograd history; the cloud itself where it has none."""
        if not (self.positions.requires_grad or self.masses.requires_grad):
            return self
        return self._unchecked(self.positions.detach(), self.masses.detach())

    def moved(self, positions: Positions) -> Self:
        """A cloud with the same masses at other positions [particles, dim].

        Integrators call this inside a step, so only the shape is checked. Raises ShapeError for another shape.
        """
        if positions.shape != self.positions.shape:
            raise ShapeError(
                f"Positions of shape {tuple(positions.shape)} were given to a cloud of shape "
                f"{tuple(self.positions.shape)}; give one row per particle."
            )
        return self._unchecked(positions, self.masses)

    def reweighted(self, masses: Masses) -> Self:
        """A cloud with the same positions and other masses [particles]; raises ShapeError or MassError as the class."""
        return type(self)(self.positions, masses)

    def tangents(self, neuron: Neuron, phi: Features, *, fused: bool | None = None) -> CloudTangents:
        """The tangents of the particles, as neurons at embedded inputs [data, features]; `fused` as in `Risk`."""
        return Tiles(neuron, self.positions, phi, fused=fused)

    def summed(self, partial: Callable[[slice], AnyFloat]) -> AnyFloat:
        """The sum over all particles; `partial(slice)` gives the sum [...] over a slice of the particles held here."""
        return partial(slice(None))

    def norms(self, *vectors: Positions) -> AnyFloat:
        """Euclidean norms [vectors], over all particles, of vectors [particles, dim]."""
        return torch.stack([torch.linalg.vector_norm(vector) for vector in vectors])

    def largest(self, values: AnyFloat) -> Scalar:
        """The largest entry, over all particles, of values [particles, ...]."""
        return values.max()

    def counted(self, number: int) -> int:
        """The total over all particles of a number that was counted among the particles held here."""
        return number

    def rows(self, values: AnyFloat) -> Iterator[tuple[slice, AnyFloat]]:
        """The values [particles, ...] of all particles, in order, as pairs of a slice of the cloud and its values."""
        yield slice(0, self.count), values

    def _shown(self) -> dict[str, object]:
        sizes = {"particles": self.count, "dim": self.dim, "masses": in_words(self.masses[None])}
        return {**sizes, "dtype": self.dtype, "device": self.device}

    def _unchecked(self, positions: Positions, masses: Masses) -> Self:
        cloud = object.__new__(type(self))
        object.__setattr__(cloud, "positions", positions)
        object.__setattr__(cloud, "masses", masses)
        return cloud


class Stacked(ParticleCloud):
    """The particles of several clouds of one size in one, member after member; the masses of each sum to one.

    Integrators and flows get it where members are evolved side by side. What treats particles one by one is the same as
    for one cloud, and sums over neurons run within a member (`tangents`). `summed`, `norms`, `largest` and `count` are
    those of the particles of all members together. Raises ShapeError for clouds of several sizes.
    """

    members: int

    def __init__(self, clouds: Sequence[ParticleCloud]) -> None:
        sizes = {tuple(cloud.positions.shape) for cloud in clouds}
        if len(sizes) != 1:
            raise ShapeError(f"Clouds of shapes {sorted(sizes)} were given to be stacked; stack those of one size.")
        object.__setattr__(self, "positions", torch.cat([cloud.positions for cloud in clouds]))
        object.__setattr__(self, "masses", torch.cat([cloud.masses for cloud in clouds]))
        object.__setattr__(self, "members", len(clouds))

    @property
    def is_plain(self) -> bool:
        """True: it consists of the positions and masses of all members."""
        return True

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """The same clouds on another device or in another dtype, in float64 with masses that sum to one in each."""
        return type(self)([cloud.to(device=device, dtype=dtype) for cloud in self.clouds()])

    def reweighted(self, masses: Masses) -> Self:
        """The particles where they are, with other masses [members particles], checked member by member."""
        parts = zip(self.clouds(), masses.chunk(self.members), strict=True)
        return type(self)([cloud.reweighted(part) for cloud, part in parts])

    def tangents(self, neuron: Neuron, phi: Features, *, fused: bool | None = None) -> MemberTiles:
        """The tangents of all members at embedded inputs that they share; sums run within a member."""
        return MemberTiles(neuron, self.positions, phi, self.members, fused=fused)

    def clouds(self) -> list[ParticleCloud]:
        """The members, one by one."""
        parts = zip(self.positions.chunk(self.members), self.masses.chunk(self.members), strict=True)
        return [ParticleCloud(positions, masses) for positions, masses in parts]

    def _shown(self) -> dict[str, object]:
        masses = in_words(self.masses.reshape(self.members, -1))
        own = {"particles": self.count // self.members, "masses": masses}
        return {"members": self.members, **super()._shown(), **own}

    def _unchecked(self, positions: Positions, masses: Masses) -> Self:
        stacked = super()._unchecked(positions, masses)
        object.__setattr__(stacked, "members", self.members)
        return stacked


def members_of(cloud: ParticleCloud) -> list[ParticleCloud]:
    """The clouds that were stacked, or the one cloud."""
    return cloud.clouds() if isinstance(cloud, Stacked) else [cloud]


def converted(masses: Masses, like: Tensor) -> Masses:
    """Masses in the dtype and on the device of another tensor.

    From float32 to float64 they are normalised again, because three times a third in float32 is 1 + 3e-8.
    """
    result = masses.to(like)
    return result / result.sum() if result.dtype == torch.float64 != masses.dtype else result


def in_words(masses: MemberMasses) -> Words:
    """The range of masses [members, particles], and the effective number of particles 1 / sum_j lambda_j^2."""
    held = masses.detach().double()
    least, most = float(held.min()), float(held.max())
    if most - least <= EQUAL * most:
        return Words(f"{most:.4g} each")
    few, many = (f"{float(one):.4g}" for one in held.square().sum(dim=1).reciprocal().aminmax())
    return Words(f"{least:.3g} to {most:.3g}, effective number {few if few == many else f'{few} to {many}'}")


def _check_positions(positions: Positions) -> None:
    if positions.shape[0] == 0 or positions.shape[1] == 0:
        raise ShapeError(
            f"Positions have shape {tuple(positions.shape)}, but [particles, dim] with at least one of each is needed."
        )
    broken = int((~torch.isfinite(positions)).any(dim=1).sum())
    if broken:
        raise ValueError(f"{broken} of {positions.shape[0]} particles have positions that are not finite; remove them.")


def _check_masses(masses: Masses, count: int) -> None:
    if masses.shape != (count,):
        raise ShapeError(
            f"Cloud has {count} positions but masses of shape {tuple(masses.shape)}; give one mass per particle, or "
            "leave masses out for equal ones."
        )
    if not bool(torch.isfinite(masses).all()):
        raise MassError(f"{int((~torch.isfinite(masses)).sum())} of {count} masses are not finite; give finite masses.")
    if bool((masses < 0).any()):
        raise MassError(
            f"{int((masses < 0).sum())} of {count} masses are negative, the smallest {masses.min().item():.6g}; "
            "masses are non-negative, signs belong into the output weights."
        )
    total = float(masses.detach().double().sum())
    if abs(total - 1.0) > TOTAL_TOLERANCE[masses.dtype]:
        raise MassError(f"Masses sum to {total:.9g} instead of 1; normalise them with masses.from_values.")
