"""Functionals of the mean of m standard normal numbers around 1/2, whose laws at every width are known.

With X ~ N(1/2, 1/m): E X^2 = 1/4 + 1/m, E exp(X) = exp(1/2 + 1/(2 m)), E X^3 = 1/8 + 3/(2 m).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limits import Drawn
from particles import ParticleCloud

Array = NDArray[np.float64]

NAMES = ("square", "exponential", "cube")
#: F, c and Sigma of each.
LIMITS = np.array([0.25, np.exp(0.5), 0.125])
CORRECTIONS = np.array([1.0, 0.5 * np.exp(0.5), 1.5])
FLUCTUATIONS = np.array([1.0, np.e, 9.0 / 16.0])


def functionals(means: Array) -> Array:
    """The three functionals [..., 3] of means [...]."""
    return np.stack([means**2, np.exp(means), means**3], axis=-1)


def normal(width: int, seed: int) -> ParticleCloud:
    """A cloud of independent normal numbers around 1/2."""
    return ParticleCloud(torch.from_numpy(0.5 + np.random.default_rng(seed).standard_normal((width, 1))))


def mean_of(cloud: ParticleCloud) -> float:
    """The mean of a cloud's first coordinate."""
    return float(cloud.masses @ cloud.positions[:, 0])


def of_means(clouds: Sequence[Drawn]) -> Tensor:
    """The functionals of clouds that nothing moves."""
    return torch.from_numpy(functionals(np.array([mean_of(one.cloud) for one in clouds])))


def never(clouds: Sequence[Drawn]) -> Tensor:
    """Nothing is measured where samples are there already."""
    raise AssertionError(f"{len(clouds)} clouds were measured; there are too few samples.")


class Known:
    """Samples of halves of normal clouds, of a number that suffices, from the law of their means.

    With `independent` the coarse clouds are not the halves of the fine one. `of` are the functionals.
    """

    def __init__(
        self,
        seed: int,
        first_width: int = 16,
        *,
        independent: bool = False,
        counts: tuple[int, int] = (2**14, 2**11),
        of: Callable[[Array], Array] = functionals,
    ) -> None:
        self.seed, self.first_width, self.independent, self.counts, self.of = seed, first_width, independent, counts, of
        self.levels: dict[int, tuple[Array, Array]] = {}

    def kept(self, level: int) -> tuple[Array, Array]:
        """All samples of a level."""
        if level not in self.levels:
            numbers = np.random.default_rng((self.seed, level))
            width = self.first_width * 2**level
            most, least = self.counts
            count = most if level == 0 or self.independent else max(most // 4**level, least)
            halves = 0.5 + numbers.standard_normal((count, 2)) / np.sqrt(width / 2)
            fine = halves.mean(axis=1, keepdims=True)
            if self.independent:
                fine = 0.5 + numbers.standard_normal((count, 1)) / np.sqrt(width)
            self.levels[level] = self.of(fine), self.of(halves if level else halves[:, :0])
        return self.levels[level]

    def keep(self, level: int, fine: Array, coarse: Array) -> None:
        """Nothing is added."""
        raise AssertionError(f"Level {level} had too few samples.")
