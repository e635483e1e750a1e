"""Gaussian noise addressed by (seed, step, particle, coordinate): no generator state, nothing to save, nothing to seed.

The number a particle receives in a step does not depend on tiles, on how many processes share the cloud, on who
observes, or on where a run was resumed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from flows.philox import MASK, Key, Words, philox, words
from particles import ParticleCloud
from particles.arguments.integers import whole
from particles.shapes import Positions

WORD = 2.0**-32

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

    A run with `split` = s steps s times as far as one with split 1 and the same seed, along the same Brownian path:
    its increment in step n is the sum of the other's increments in steps s n, ..., s n + s - 1.
    """

    seed: int
    step: int
    stream: int = 0
    split: int = 1
    first: int = 0

    def __post_init__(self) -> None:
        if not (type(self.seed) is type(self.step) is type(self.stream) is type(self.first) is int):
            checked_seed(self.seed)  # one is made in every step, so that plain integers are trusted
            whole(self.step, "The number of the step", least=0)
            whole(self.stream, "The stream of the noise", least=0)
            whole(self.first, "The number of the first particle", least=0)
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
        drawn = self._drawn(self.step * self.split, positions, first)
        for part in range(1, self.split):
            drawn = drawn + self._drawn(self.step * self.split + part, positions, first)
        return (drawn if self.split == 1 else drawn / math.sqrt(self.split)).to(positions.dtype)

    def uniforms(self, count: int) -> Uniforms:
        """Independent numbers in (0, 1), in float64 on the CPU [count]; with `split` those of the first increment."""
        device = torch.device("cpu")
        blocks = torch.arange(-(-count // 4), dtype=torch.int64)[:, None]
        four = torch.cat(self._words(self.step * self.split, blocks, words(0, device)), dim=1)
        return (four.reshape(-1)[:count].double() + 0.5) * WORD

    def _drawn(self, step: int, positions: Positions, first: int) -> Positions:
        count, dim = positions.shape
        blocks = torch.arange(-(-dim // 4), dtype=torch.int64, device=positions.device)[None, :]
        particles = self._particles(first, count, positions.device)
        four = self._words(step, blocks, particles)
        pairs = [_box_muller(four[0], four[1]), _box_muller(four[2], four[3])]
        numbers = torch.stack([number for pair in pairs for number in pair], dim=-1)
        return numbers.reshape(count, -1)[:, :dim]

    def _words(self, step: int, blocks: Tensor, particles: Tensor) -> Words:
        low, high = words(step, blocks.device), words((step >> 32) ^ (self.stream << 16), blocks.device)
        return philox((blocks, particles, low, high), self._key(particles))

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
    `StepNoise(seeds[e], step, first=firsts[e])` for member e.
    """

    seeds: tuple[int, ...] = ()
    firsts: tuple[int, ...] = ()

    @classmethod
    def of(cls, seeds: Sequence[int], step: int, firsts: Sequence[int]) -> "MemberNoise":
        """The noise of this step."""
        return cls(seeds[0], step, seeds=tuple(seeds), firsts=tuple(firsts))

    def _particles(self, first: int, count: int, device: torch.device) -> Tensor:
        each = count // len(self.seeds)
        begins = torch.tensor(self.firsts, dtype=torch.int64, device=device)
        return (begins[:, None] + torch.arange(each, dtype=torch.int64, device=device)).reshape(-1, 1)

    def _key(self, particles: Tensor) -> Key:
        parts = ([seed & MASK for seed in self.seeds], [(seed >> 32) & MASK for seed in self.seeds])
        low, high = (torch.tensor(part, dtype=torch.int64, device=particles.device) for part in parts)
        each = particles.shape[0] // len(self.seeds)
        return low.repeat_interleave(each)[:, None], high.repeat_interleave(each)[:, None]


def _box_muller(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Two independent N(0, 1) numbers from two words."""
    radius = torch.sqrt(-2.0 * torch.log((first.double() + 0.5) * WORD))
    angle = (2.0 * math.pi * WORD) * second.double()
    return radius * torch.cos(angle), radius * torch.sin(angle)
