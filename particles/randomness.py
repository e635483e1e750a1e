"""Named streams of random numbers from one seed per run; the global generators are never touched."""

from zlib import crc32

import numpy as np


def generator(seed: int, stream: str) -> np.random.Generator:
    """The generator of one named stream ("init", "masses", "data", ...) of a run with this seed.

    Streams of one seed are independent of each other, so drawing more of one never shifts another.
    Raises ValueError for a seed that is not a non-negative integer.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"The seed is {seed!r}, but a non-negative integer is needed.")
    return np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=(crc32(stream.encode()),)))
