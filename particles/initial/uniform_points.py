"""Where the uniform numbers behind a law come from: pseudo-random, or a scrambled Sobol sequence."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from scipy.stats import qmc

from particles.numerics.randomness import generator
from particles.shapes import Positions

#: Keeps quantiles finite where a generator returns zero exactly.
SMALLEST = 2.0**-54
SOBOL_DIMENSIONS = qmc.Sobol.MAXDIM


@runtime_checkable
class Points(Protocol):
    """Numbers in (0, 1), one row per particle, one column per coordinate."""

    def draw(self, count: int, dim: int, seed: int) -> Positions:
        """The numbers [count, dim] in float64 that belong to this seed."""
        ...


@dataclass(frozen=True)
class Random:
    """Independent uniform numbers. The first rows of a larger draw are the rows of a smaller one."""

    def draw(self, count: int, dim: int, seed: int) -> Positions:
        """Independent uniform numbers [count, dim]."""
        numbers = generator(seed, "init").random((count, dim))
        return torch.from_numpy(np.maximum(numbers, SMALLEST))


@dataclass(frozen=True)
class Sobol:
    """A scrambled Sobol sequence (Owen 1995): every row uniform, all rows together far more even than random.

    Averages over such a cloud of smooth functions of few coordinates converge nearly like 1/count instead of
    1/sqrt(count). A count that is a power of two is best. At most 21,201 coordinates.
    """

    def draw(self, count: int, dim: int, seed: int) -> Positions:
        """The first `count` points of the sequence scrambled by this seed."""
        if dim > SOBOL_DIMENSIONS:
            raise ValueError(
                f"A Sobol sequence has at most {SOBOL_DIMENSIONS} coordinates, but {dim} are needed; use Random()."
            )
        sequence = qmc.Sobol(dim, scramble=True, rng=generator(seed, "init"))
        numbers = sequence.random_base2(max(count - 1, 0).bit_length())[:count]
        return torch.from_numpy(np.clip(numbers, SMALLEST, 1.0 - 2.0**-53))
