"""The simulated regression data of Caron et al. (2023): inputs on the sphere, a sum of sines, and noise."""

import numpy as np
import torch

from particles import Dataset
from particles.numerics.randomness import generator
from runs.datasets.split import SplitData, Table, checksum_of

COUNT, DIM, NOISE = 100, 50, 0.1
SOURCE = "drawn here (runs.datasets.simulated)"
CITATION = "Caron et al., Over-parameterised shallow neural networks with asymmetrical node scaling, arXiv 2302.01002"


def load_simulated(seed: int) -> SplitData:
    """100 rows each for training, validation and test, from one law, by the seed's stream "data".

    x is uniform on the unit sphere of R^50, and y = (1/d) sum_k 5 sin(pi x_k) + N(0, 0.1^2) with d = 50. Nothing is
    standardised.
    """
    random = generator(seed, "data")
    tables = [_drawn(random, COUNT) for _ in range(3)]
    train, test, validation = (Dataset(torch.from_numpy(x), torch.from_numpy(y)) for x, y in tables)
    return SplitData(
        name="simulated",
        train=train,
        validation=validation,
        test=test,
        source=SOURCE,
        citation=CITATION,
        checksum=checksum_of(*(array for table in tables for array in table)),
    )


def _drawn(random: np.random.Generator, count: int) -> tuple[Table, Table]:
    normal = random.standard_normal((count, DIM))
    inputs: Table = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    targets = np.mean(5.0 * np.sin(np.pi * inputs), axis=1) + NOISE * random.standard_normal(count)
    return inputs, targets.reshape(count, 1)
