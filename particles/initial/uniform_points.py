"""Sources of the uniform numbers behind a law: pseudo-random numbers, or a scrambled Sobol sequence."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import scipy
import torch

from particles.numerics.randomness import generator
from particles.shapes import Positions

#: Keeps quantiles finite where a generator returns zero exactly.
SMALLEST = 2.0**-54
#: The most coordinates that scipy has direction numbers for; scipy.stats takes half a second to import.
SOBOL_DIMENSIONS = 21201


@runtime_checkable
class Points(Protocol):
    """A source of numbers in (0, 1), one row for each particle and one column for each coordinate."""

    def draw(self, count: int, dim: int, seed: int) -> Positions:
        """The numbers [count, dim] of this seed, in float64."""
        ...


@dataclass(frozen=True)
class Random:
    """Independent uniform numbers; a larger draw begins with the rows of a smaller one."""

    def draw(self, count: int, dim: int, seed: int) -> Positions:
        """Independent uniform numbers [count, dim] in float64, from the seed's stream "init".

        Raises ValueError for a seed that is not a non-negative integer.
        """
        numbers = generator(seed, "init").random((count, dim))
        return torch.from_numpy(np.maximum(numbers, SMALLEST))


@dataclass(frozen=True)
class Sobol:
    """A scrambled Sobol sequence (Owen 1995): every row is uniform, and all rows together are more even than random.

    Averages of smooth functions of few coordinates over such a cloud converge nearly like 1/count instead of
    1/sqrt(count). Counts that are powers of two are best. There are at most 21,201 coordinates.
    """

    def draw(self, count: int, dim: int, seed: int) -> Positions:
        """The first `count` points [count, dim], in float64, of the sequence that this seed scrambles.

        Raises ValueError for more than 21,201 coordinates, and a seed that is not a non-negative integer.
        """
        if dim > SOBOL_DIMENSIONS:
            raise ValueError(
                f"A Sobol sequence has at most {SOBOL_DIMENSIONS} coordinates, but {dim} are needed; use Random()."
            )
        sequence = scipy.stats.qmc.Sobol(dim, scramble=True, rng=generator(seed, "init"))
        numbers = sequence.random_base2(max(count - 1, 0).bit_length())[:count]
        return torch.from_numpy(np.clip(numbers, SMALLEST, 1.0 - 2.0**-53))
