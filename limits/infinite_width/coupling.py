"""Coupled clouds: a cloud of 2 m particles beside clouds of m particles that are made of the same particles.

One sample of a level is the mean of a quantity over its fine clouds minus the mean over its coarse ones. Its
expectation is E F(2 m) - E F(m) whatever the coupling, as long as each coarse cloud has by itself the law of a cloud of
m particles. The coupling decides only how small the variance is.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from limits.infinite_width.drawing import Draw, drawn, half_of, part, renormalised
from particles import Neuron, ParticleCloud


@dataclass(frozen=True)
class Drawn:
    """One cloud that is to be trained: its noise has this `seed`, and its first particle the number `first` in it.

    Half b of a cloud of 2 m particles begins at m, so that its particles see the Brownian paths they have in the whole.
    """

    cloud: ParticleCloud
    seed: int
    first: int = 0


@dataclass(frozen=True)
class Coupled:
    """One sample of a level: `fine` clouds of one width and `coarse` clouds of half of it, none at the lowest level."""

    fine: tuple[Drawn, ...]
    coarse: tuple[Drawn, ...] = ()


#: Clouds of ONE width, trained and measured: a tensor [clouds, quantities].
Measured = Callable[[Sequence[Drawn]], Tensor]


@runtime_checkable
class Coupling(Protocol):
    """A way to couple clouds of two widths. Every sample must have the same number of fine and of coarse clouds."""

    def lowest(self, draw: Draw, width: int, seed: int) -> Coupled:
        """A sample of the lowest level, which has no coarse clouds."""
        ...

    def coupled(self, draw: Draw, width: int, seed: int) -> Coupled:
        """A sample whose fine clouds have `width` particles, an even number, and whose coarse ones half as many."""
        ...


@dataclass(frozen=True)
class Halves:
    """A cloud of 2 m particles and its two halves, with masses that are renormalised to one.

    The measure of the whole is the mean of those of its halves, mu = (mu_a + mu_b) / 2. For a functional with two
    derivatives in the measure

        F(mu) - (F(mu_a) + F(mu_b)) / 2 = - F''(mu)[mu_a - mu_b, mu_a - mu_b] / 8 + ... ,

    so what is linear in the fluctuations, which are of size m^(-1/2), cancels: the variance falls as m^(-2), where
    independent clouds leave m^(-1) (the partitioning of Haji-Ali and Tempone 2018; Szpruch and Tse 2021; the idea for
    stochastic equations is from Giles and Szpruch 2014). This is for the mean-field scaling, and for clouds that start
    at zero. Clouds of `SymmetricPairs` are split between pairs: particles j and j + m of the whole go to the same half.
    Masses must be equal or exchangeable, so that a half has the law of a cloud of m; otherwise take `Nested`.
    """

    def lowest(self, draw: Draw, width: int, seed: int) -> Coupled:
        """One cloud."""
        return Coupled((Drawn(drawn(draw, width, seed), seed),))

    def coupled(self, draw: Draw, width: int, seed: int) -> Coupled:
        """One cloud and its two halves, the second of which begins at its middle in the noise."""
        middle = half_of(width)
        whole, halves = _split(drawn(draw, width, seed))
        coarse = tuple(Drawn(half, seed, place * middle) for place, half in enumerate(halves))
        return Coupled((Drawn(whole, seed),), coarse)


@dataclass(frozen=True)
class Rotated:
    """Two clouds a and b of m particles, coupled by a rotation of their functions: for NTK scaling with random f_0.

    There f of the whole is (f_a + f_b) / sqrt(2), which is not close to f_a or f_b: halves do not cancel. With b* the
    cloud b with negative output weights, the clouds (a, b) and (a, b*) have the functions f_+- = (f_a +- f_b) /
    sqrt(2): the pair (f_a, f_b) turned by 45 degrees. A sample takes each with either sign:

        fine  (a, b), (a*, b*), (a, b*), (a*, b);   coarse  a, a*, b, b*.

    Both are squares on one circle, and squares integrate polynomials up to degree three alike. So in the limit a
    quantity cancels exactly where it is a polynomial of degree three in f_0: outputs under the squared loss (affine in
    f_0), the risk and second moments over initialisations (quadratic). At finite m the tangent kernels differ by
    m^(-1/2): the variance falls as m^(-2) for quantities that are affine in f_0 and as m^(-1) for quadratic ones, since
    products of f_0 f_0^T with the kernel's fluctuation remain. For other quantities, or another loss, the variance need
    not fall beyond the part of degree three; the estimate stays right and costs more.
    The law of output weights must be symmetric. A sample has four clouds of either width. Raises ValueError for a
    neuron without output weights.
    """

    neuron: Neuron

    def __post_init__(self) -> None:
        _check_outputs(self.neuron)

    def lowest(self, draw: Draw, width: int, seed: int) -> Coupled:
        """One cloud with either sign of its output weights."""
        return Coupled(_signed(Drawn(drawn(draw, width, seed), seed), self.neuron, [0]))

    def coupled(self, draw: Draw, width: int, seed: int) -> Coupled:
        """The cloud with all signs of its halves, and either half with either sign."""
        half = half_of(width)
        whole, halves = _split(drawn(draw, width, seed))
        coarse = [_signed(Drawn(one, seed, place * half), self.neuron, [0]) for place, one in enumerate(halves)]
        return Coupled(_signed(Drawn(whole, seed), self.neuron, [0, half]), (*coarse[0], *coarse[1]))


@dataclass(frozen=True)
class Nested:
    """A cloud of 2 m particles and clouds of m particles that share its heavy ones, for asymmetrical masses.

    Masses lambda_j = gamma/m + (1 - gamma) z_j keep a random limit as m grows, carried by the heavy particles with
    small j. They have the same number j, position and noise at all widths. The draws must be nested, as laws with
    `Random()` points are: draw(2 m, seed) begins with the positions of draw(m, seed), which also brings the masses of
    its width.

    `shared` = 1 takes one coarse cloud, draw(m, seed). With `shared` = s < 1 there is a second one, where only the
    first ceil(m^s) particles are the same and the others are particles of the second half of the fine cloud. Under
    mean-field scaling the fluctuations of light particles then cancel as for `Halves`, up to the variance sum_(j > m^s)
    z_j^2 of their unequal masses and m^(s - 2) of what is shared; s = alpha balances both for Zipf masses of index
    alpha, at m^(alpha - 2). Under NTK scaling the light particles keep a random part of f_0; with the `neuron` given
    their output weights take all signs, as in `Rotated`, and that part is rotated too.
    Raises ValueError for a `shared` outside [0, 1] and for a neuron without output weights.
    """

    shared: float = 1.0
    neuron: Neuron | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.shared <= 1.0:
            raise ValueError(f"The exponent of shared particles is {self.shared!r}, but a number in [0, 1] is needed.")
        if self.neuron is not None:
            _check_outputs(self.neuron)

    def lowest(self, draw: Draw, width: int, seed: int) -> Coupled:
        """One cloud, with either sign for its light particles if a neuron is given."""
        cloud = drawn(draw, width, seed)
        return Coupled(self._signed(cloud, seed, [self._heavy(cloud.count)]))

    def coupled(self, draw: Draw, width: int, seed: int) -> Coupled:
        """One cloud beside one of its first half, and beside one of its heavy and its last particles if so asked.

        Raises ValueError where the draws are not nested.
        """
        half = half_of(width)
        heavy = self._heavy(half)
        whole, first = drawn(draw, width, seed), drawn(draw, half, seed)
        if not torch.equal(whole.positions[:half], first.positions):
            raise ValueError(
                f"Clouds of {width} and {half} particles with seed {seed} begin with different particles, but nested "
                "ones are needed; draw both from one law with Random() points, or take Halves()."
            )
        coarse = self._signed(first, seed, [heavy])
        if heavy < half:
            second = first.moved(torch.cat([whole.positions[:heavy], whole.positions[half + heavy :]]))
            coarse = (*coarse, *self._signed(second, seed, [heavy]))
        return Coupled(self._signed(whole, seed, [heavy, half] if heavy < half else [half]), coarse)

    def _heavy(self, width: int) -> int:
        """The number of particles that all clouds share."""
        return min(width, math.ceil(math.pow(width, self.shared)))

    def _signed(self, cloud: ParticleCloud, seed: int, starts: Sequence[int]) -> tuple[Drawn, ...]:
        one = Drawn(cloud, seed)
        return (one,) if self.neuron is None else _signed(one, self.neuron, [at for at in starts if at < cloud.count])


def _check_outputs(neuron: Neuron) -> None:
    if neuron.hidden == neuron.dim:
        raise ValueError("Output weights are flipped here, but this neuron has none; leave it out, or take Halves().")


def _signed(one: Drawn, neuron: Neuron, starts: Sequence[int]) -> tuple[Drawn, ...]:
    """The cloud with all signs of the output weights of its pieces, which begin at these particles and end at the next.

    Particles before the first start keep their signs.
    """
    pieces = list(pairwise([*starts, one.cloud.count]))
    found = []
    for signs in product((1.0, -1.0), repeat=len(pieces)):
        positions = one.cloud.positions.clone()
        for (begin, end), sign in zip(pieces, signs, strict=True):
            positions[begin:end, neuron.hidden :] *= sign
        found.append(replace(one, cloud=one.cloud.moved(positions)))
    return tuple(found)


def _split(cloud: ParticleCloud) -> tuple[ParticleCloud, list[ParticleCloud]]:
    """The cloud, and its two halves with masses renormalised; its particles are put in order such that pairs are kept.

    Pairs j and j + m are found by coordinates that agree up to their signs in the first and second half.
    """
    half = cloud.count // 2
    first, second = cloud.positions[:half], cloud.positions[half:]
    if half % 2 == 0 and torch.equal(first.abs(), second.abs()):
        order = torch.arange(cloud.count, device=cloud.device).reshape(2, 2, half // 2).transpose(0, 1).reshape(-1)
        cloud = part(cloud, order)
    return cloud, [renormalised(cloud, slice(0, half)), renormalised(cloud, slice(half, cloud.count))]
