"""Clouds as the user's function draws them, checked, and the clouds of some of their particles."""

from collections.abc import Callable

import torch
from torch import Tensor

from particles import ParticleCloud, ShapeError
from particles.arguments.integers import whole

#: draw(width, seed) gives a cloud of `width` particles; another seed gives an independent one.
Draw = Callable[[int, int], ParticleCloud]


def drawn(draw: Draw, width: int, seed: int) -> ParticleCloud:
    """The cloud that the user's function draws.

    Raises TypeError for anything else than a plain cloud, ShapeError for one of another width, ValueError for a width
    that is not a positive integer.
    """
    width = whole(width, "The width")
    cloud = draw(width, seed)
    if not isinstance(cloud, ParticleCloud) or not cloud.is_plain:
        raise TypeError(f"draw(width, seed) gave {type(cloud).__name__}, but a ParticleCloud is needed; return one.")
    if cloud.count != width:
        raise ShapeError(f"draw({width}, {seed}) gave a cloud of {cloud.count} particles; return one of {width}.")
    return cloud


def half_of(width: int) -> int:
    """Half of the width of a fine cloud; raises ValueError for one that is not even."""
    if whole(width, "The width of a fine cloud", least=2) % 2:
        raise ValueError(f"A fine cloud of {width} particles has no half; the width must be even.")
    return int(width) // 2


def part(cloud: ParticleCloud, chosen: Tensor | slice) -> ParticleCloud:
    """The chosen particles with the masses they have; they must be all of them, in some order."""
    return ParticleCloud(cloud.positions[chosen], cloud.masses[chosen])


def renormalised(cloud: ParticleCloud, chosen: slice) -> ParticleCloud:
    """The chosen particles, with masses that are divided by their sum.

    Raises ValueError where the chosen particles have no mass.
    """
    masses = cloud.masses[chosen]
    total = masses.sum()
    if not bool(total > 0.0):
        raise ValueError("A half of a cloud has particles of mass zero only; take Nested() for masses that die out.")
    return ParticleCloud(cloud.positions[chosen], masses / torch.as_tensor(total))
