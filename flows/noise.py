"""Gaussian noise addressed by (seed, step, particle, coordinate): no generator state, nothing to save, nothing to seed.

The number a particle receives in a step does not depend on tiles, on how many processes share the cloud, on who
observes, or on where a run was resumed.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from particles import ParticleCloud
from particles.arguments.integers import whole
from particles.compute.noise.normals import EARLIEST, TODAY, WORD, compiled_normals, plain_normals
from particles.compute.noise.philox import MASK, Key, philox, words
from particles.shapes import Positions

#: Numbers that particles can have: a word of the counter.
PARTICLES = 2**32

Uniforms = Float[Tensor, " count"]


def checked_seed(seed: int) -> int:
    """The seed of a run as a plain integer; raises ValueError for one that has no stream of its own."""
    number = whole(seed, "The seed", 0)
    if number >= 2**64:
        raise ValueError(f"The seed is {seed!r}, but an integer from 0 to 2^64 - 1 is needed.")
    return number


def checked_first(first: int, cloud: ParticleCloud) -> int:
    """The number that the noise gives to a cloud's first particle; raises ValueError where it has none for the last."""
    number = whole(first, "first, the number of the cloud's first particle in the noise,", 0)
    if number + cloud.count > PARTICLES:
        raise ValueError(
            f"first is {first!r} for a cloud of {cloud.count} particles, but the noise numbers particles from 0 to "
            "2^32 - 1; give a smaller number."
        )
    return number


@dataclass(frozen=True)
class StepNoise:
    """The noise of one step of a run, in which the cloud's first particle has the number `first`.

    `version` says how words become numbers. Those of versions 1 and 2 differ by rounding; a run goes on in that of its
    beginning, and one begun today has version 2, whose bits are the same on every machine.

    A run with `split` = s steps s times as far as one with split 1 and the same seed, along the same Brownian path:
    its increment in step n is the sum of the other's increments in steps s n, ..., s n + s - 1.
    """

    seed: int
    step: int
    stream: int = 0
    split: int = 1
    first: int = 0
    version: int = TODAY

    def __post_init__(self) -> None:
        if not (type(self.seed) is type(self.step) is type(self.stream) is type(self.first) is int):
            checked_seed(self.seed)  # one is made in every step, so that plain integers are trusted
            whole(self.step, "The number of the step", least=0)
            whole(self.stream, "The stream of the noise", least=0)
            whole(self.first, "The number of the first particle", least=0)
        if self.version not in (EARLIEST, TODAY):
            raise ValueError(f"The version of the noise is {self.version!r}, but {EARLIEST} or {TODAY} is needed.")
        object.__setattr__(self, "split", whole(self.split, "The number of increments that noise is split into"))

    @property
    def after(self) -> "StepNoise":
        """The noise of the next step."""
        return replace(self, step=self.step + 1)

    def on(self, stream: int) -> "StepNoise":
        """Noise of the same step that is independent of this one: another stream."""
        return replace(self, stream=stream)

    def normals(self, positions: Positions, first: int = 0) -> Positions:
        """Independent N(0, 1) numbers in the shape, dtype and device of positions [particles, dim].

        `first` is the place in the cloud of the first particle given, where only a part of it is at hand.
        Box-Muller on 32-bit words, evaluated in float64: |z| < 6.8.
        """
        if self.split == 1:
            return self._drawn(self.step, positions, first, positions.dtype)
        drawn = self._drawn(self.step * self.split, positions, first, torch.float64)
        for part in range(1, self.split):
            drawn += self._drawn(self.step * self.split + part, positions, first, torch.float64)
        return (drawn / math.sqrt(self.split)).to(positions.dtype)

    def uniforms(self, count: int) -> Uniforms:
        """Independent numbers in (0, 1), in float64 on the CPU [count]; with `split` those of the first increment."""
        device = torch.device("cpu")
        blocks = torch.arange(-(-count // 4), dtype=torch.int64)[:, None]
        address = self._address(self.step * self.split)
        low, high = (words(word, device) for word in address)
        four = torch.cat(philox((blocks, words(0, device), low, high), self._key(blocks)), dim=1)
        return (four.reshape(-1)[:count].double() + 0.5) * WORD

    def _drawn(self, step: int, positions: Positions, first: int, dtype: torch.dtype) -> Positions:
        """The numbers of one step in a dtype; compiled loops give them the same bits as plain torch."""
        count, dim = positions.shape
        write = compiled_normals(positions) if self.version == TODAY else None
        if write is None:
            particles = self._particles(first, count, positions.device)
            return plain_normals(dim, particles, self._address(step), self._key(particles), self.version).to(dtype)
        drawn = torch.empty(count, dim, dtype=dtype)
        for rows, number, seed in self._parts(first, count):
            write(drawn[rows], number, self._address(step), (seed & MASK, seed >> 32))
        return drawn

    def _address(self, step: int) -> tuple[int, int]:
        """The two words of a counter that say which step and stream it is."""
        return step & MASK, ((step >> 32) ^ (self.stream << 16)) & MASK

    def _parts(self, first: int, count: int) -> Iterable[tuple[slice, int, int]]:
        """Rows of one seed: which they are, the number of the first particle there, and the seed."""
        return [(slice(None), self.first + first, self.seed)]

    def _particles(self, first: int, count: int, device: torch.device) -> Tensor:
        """The numbers of the particles given [count, 1]."""
        begin = self.first + first
        return torch.arange(begin, begin + count, dtype=torch.int64, device=device)[:, None]

    def _key(self, particles: Tensor) -> Key:
        return self.seed & MASK, (self.seed >> 32) & MASK


@dataclass(frozen=True)
class MemberNoise(StepNoise):
    """The noise of one step of several runs side by side: each with its seed and the number of its first particle.

    `normals` of the positions of all, stacked member by member, are those of
    `StepNoise(seeds[e], step, first=firsts[e], version=versions[e])` for member e.
    """

    seeds: tuple[int, ...] = ()
    firsts: tuple[int, ...] = ()
    versions: tuple[int, ...] = ()

    @classmethod
    def of(cls, seeds: Sequence[int], step: int, firsts: Sequence[int], versions: Sequence[int]) -> "MemberNoise":
        """The noise of this step."""
        parts = tuple(seeds), tuple(firsts), tuple(versions)
        return cls(seeds[0], step, 0, 1, 0, versions[0], *parts)

    def _drawn(self, step: int, positions: Positions, first: int, dtype: torch.dtype) -> Positions:
        """The numbers of all members at once, and one by one where they have different versions."""
        if len(set(self.versions)) == 1:
            return super()._drawn(step, positions, first, dtype)
        alone = [
            StepNoise(seed, step, self.stream, first=number, version=version)
            for seed, number, version in zip(self.seeds, self.firsts, self.versions, strict=True)
        ]
        parts = positions.chunk(len(alone))
        return torch.cat([noise._drawn(step, part, 0, dtype) for noise, part in zip(alone, parts, strict=True)])

    def _particles(self, first: int, count: int, device: torch.device) -> Tensor:
        each = count // len(self.seeds)
        begins = torch.tensor(self.firsts, dtype=torch.int64, device=device)
        return (begins[:, None] + torch.arange(each, dtype=torch.int64, device=device)).reshape(-1, 1)

    def _parts(self, first: int, count: int) -> Iterable[tuple[slice, int, int]]:
        each = count // len(self.seeds)
        rows = (slice(member * each, (member + 1) * each) for member in range(len(self.seeds)))
        return zip(rows, self.firsts, self.seeds, strict=True)

    def _key(self, particles: Tensor) -> Key:
        parts = ([seed & MASK for seed in self.seeds], [(seed >> 32) & MASK for seed in self.seeds])
        low, high = (torch.tensor(part, dtype=torch.int64, device=particles.device) for part in parts)
        each = particles.shape[0] // len(self.seeds)
        return low.repeat_interleave(each)[:, None], high.repeat_interleave(each)[:, None]
