"""Gaussian noise addressed by (seed, step, particle, coordinate): no generator state, nothing to save, nothing to seed.

The number a particle receives in a step does not depend on tiles, on how many processes share the cloud, on who
observes, or on where a run was resumed.
"""

import math
from dataclasses import dataclass

import torch

from flows.philox import MASK, philox, words
from particles.shapes import Positions

WORD = 2.0**-32


@dataclass(frozen=True)
class StepNoise:
    """The noise of one step of a run."""

    seed: int
    step: int
    stream: int = 0

    def normals(self, positions: Positions, first: int = 0) -> Positions:
        """Independent N(0, 1) numbers in the shape, dtype and device of positions [particles, dim].

        `first` is the number in the whole cloud of the first particle given, where only a part of it is at hand.
        Box-Muller on 32-bit words, evaluated in float64: |z| < 6.8.
        """
        count, dim = positions.shape
        device = positions.device
        blocks = torch.arange(-(-dim // 4), dtype=torch.int64, device=device)[None, :]
        particles = torch.arange(first, first + count, dtype=torch.int64, device=device)[:, None]
        step, stream = words(self.step, device), words((self.step >> 32) ^ (self.stream << 16), device)
        four = philox((blocks, particles, step, stream), (self.seed & MASK, (self.seed >> 32) & MASK))
        pairs = [_box_muller(four[0], four[1]), _box_muller(four[2], four[3])]
        numbers = torch.stack([number for pair in pairs for number in pair], dim=-1)
        return numbers.reshape(count, -1)[:, :dim].to(positions.dtype)


def _box_muller(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Two independent N(0, 1) numbers from two words."""
    radius = torch.sqrt(-2.0 * torch.log((first.double() + 0.5) * WORD))
    angle = (2.0 * math.pi * WORD) * second.double()
    return radius * torch.cos(angle), radius * torch.sin(angle)
