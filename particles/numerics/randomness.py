"""Named streams of random numbers from one seed for each run; the global generators are never used."""

from zlib import crc32

import numpy as np

from particles.arguments.integers import whole


def generator(seed: int, stream: str) -> np.random.Generator:
    """The NumPy generator of one named stream ("init", "masses", "data", ...) of a run with this seed.

    The streams of one seed are independent of each other, so drawing more numbers from one does not change another.
    Raises ValueError for a seed that is not a non-negative integer.
    """
    keys = np.random.SeedSequence(whole(seed, "The seed", 0), spawn_key=(crc32(stream.encode()),))
    return np.random.default_rng(keys)
