"""The ensemble: clouds of one size that are evolved side by side, for instance seeds of one experiment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch

from particles.cloud import ParticleCloud, in_words
from particles.errors import MassError, ShapeError
from particles.shapes import Masses, MemberMasses, MemberPositions, Positions


@dataclass(frozen=True, eq=False, init=False)
class Ensemble:
    """Members e = 0, 1, ..., each a cloud: positions [members, particles, dim], masses [members, particles].

    The masses of every member sum to one; they are equal where left out. An ensemble is a frozen value and a sequence
    of its members: `ensemble[e]` is a cloud that shares the tensors of the ensemble. It raises the errors of
    `ParticleCloud`, with the number of the member.
    """

    positions: MemberPositions
    masses: MemberMasses

    def __init__(self, positions: MemberPositions, masses: MemberMasses | None = None) -> None:
        if positions.shape[0] == 0:
            raise ShapeError(
                f"Positions of an ensemble are {tuple(positions.shape)}, but [members, particles, dim] with at least "
                "one of each is needed."
            )
        if masses is not None and len(masses) != len(positions):
            raise ShapeError(
                f"The ensemble has {len(positions)} members but not masses for each; give [members, particles], or "
                "leave masses out for equal ones."
            )
        members = [
            _member(e, cloud, None if masses is None else masses[e]) for e, cloud in enumerate(positions.unbind())
        ]
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "masses", torch.stack([member.masses for member in members]))

    @classmethod
    def of(cls, clouds: Sequence[ParticleCloud]) -> Self:
        """The ensemble of these clouds, which must agree in count, dim, dtype and device.

        Raises ShapeError where their sizes differ, TypeError for other differences and for clouds that are more than
        positions and masses.
        """
        if not clouds:
            raise ShapeError("An ensemble was given no clouds, but one or more are needed.")
        for e, cloud in enumerate(clouds):
            _check_alike(e, cloud, clouds[0])
        return cls(torch.stack([cloud.positions for cloud in clouds]), torch.stack([cloud.masses for cloud in clouds]))

    @property
    def count(self) -> int:
        """Number of particles of every member, m."""
        return self.positions.shape[1]

    @property
    def dim(self) -> int:
        """Number of coordinates of one particle."""
        return self.positions.shape[2]

    @property
    def dtype(self) -> torch.dtype:
        """torch.float64 or torch.float32, of positions and masses alike."""
        return self.positions.dtype

    @property
    def device(self) -> torch.device:
        """The device of positions and masses."""
        return self.positions.device

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """The same ensemble on another device or in another dtype."""
        return self.of([cloud.to(device=device, dtype=dtype) for cloud in self])

    def _shown(self) -> dict[str, object]:
        sizes = {"members": len(self), "particles": self.count, "dim": self.dim, "masses": in_words(self.masses)}
        return {**sizes, "dtype": self.dtype, "device": self.device}

    def __len__(self) -> int:
        return self.positions.shape[0]

    def __getitem__(self, member: int) -> ParticleCloud:
        """One member, counted from the end where the number is negative; IndexError where there is none."""
        return ParticleCloud(self.positions[member], self.masses[member])

    def __iter__(self) -> Iterator[ParticleCloud]:
        return (self[e] for e in range(len(self)))


def _member(number: int, positions: Positions, masses: Masses | None) -> ParticleCloud:
    try:
        return ParticleCloud(positions, masses)
    except (ShapeError, MassError, TypeError, ValueError) as error:
        raise type(error)(f"Member {number}: {error}") from error


def _check_alike(number: int, cloud: ParticleCloud, first: ParticleCloud) -> None:
    if type(cloud) is not ParticleCloud:
        raise TypeError(
            f"Member {number} is a {type(cloud).__name__}, but an ensemble keeps positions and masses only; evolve it "
            "by itself."
        )
    if cloud.positions.shape != first.positions.shape:
        raise ShapeError(
            f"Member {number} has {cloud.count} particles in {cloud.dim} dimensions, but member 0 has {first.count} in "
            f"{first.dim}; make an ensemble of each size."
        )
    if (cloud.dtype, cloud.device) != (first.dtype, first.device):
        raise TypeError(
            f"Member {number} is {cloud.dtype} on {cloud.device}, but member 0 is {first.dtype} on {first.device}; "
            "take all to one with cloud.to(...)."
        )
