"""The data of the paper's experiments, drawn from seeds: random labels, a quadratic teacher, and those of Wei et al."""

import torch
from torch import Tensor

from particles import Dataset, GaussianLaw, MeanField, Network, Perceptron, Quadratic, ReLU, masses
from particles.numerics.randomness import generator

#: Particles of the teacher, and inputs that the test error is taken at.
TEACHERS, TESTED = 5, 500


def random_labels(rows: int, inputs: int, seed: int) -> Dataset:
    """x ~ N(0, I), y uniform on [-1/2, 1/2]: nothing to be learnt, only to be fitted."""
    numbers = generator(seed, "data")
    x, y = numbers.standard_normal((rows, inputs)), numbers.uniform(-0.5, 0.5, rows)
    return Dataset(torch.from_numpy(x), torch.from_numpy(y))


def taught(rows: int, inputs: int, seed: int) -> tuple[Dataset, Dataset]:
    """Rows to train on and `TESTED` others: x ~ N(0, I), y = sum_j lambda_j a_j relu(w_j . vec(x x^T) / d), m = 5.

    Targets are divided by their standard deviation over the test rows. The first rows of a seed are the same for any
    number of rows.
    """
    x = torch.from_numpy(generator(seed, "test data").standard_normal((TESTED, inputs)))
    training = torch.from_numpy(generator(seed, "data").standard_normal((rows, inputs)))
    neuron = Perceptron(ReLU(), Quadratic(inputs))
    teacher = GaussianLaw(neuron).sample(masses=masses.uniform(TEACHERS), seed=_teacher(seed))
    network = Network(neuron, MeanField())
    y = network(teacher, x)
    scale = y.std()
    return Dataset(training, network(teacher, training) / scale), Dataset(x, y / scale)


def wei(rows: int, inputs: int, seed: int) -> tuple[Dataset, Dataset]:
    """Rows to train on and `TESTED` others of Wei et al. (2019): y = x_1^2 - x_2^2.

    (x_1, x_2) is uniform on (-1, 0), (1, 0), (0, -1), (0, 1), the other inputs are -1 or 1, and say nothing of y. The
    first rows of a seed are the same for any number of rows.
    """
    return _wei(rows, inputs, seed, "data"), _wei(TESTED, inputs, seed, "test data")


def _wei(rows: int, inputs: int, seed: int, stream: str) -> Dataset:
    numbers = generator(seed, stream)
    signs = 2.0 * numbers.integers(0, 2, (rows, inputs)) - 1.0
    first = numbers.integers(0, 2, rows)
    x: Tensor = torch.from_numpy(signs)
    x[:, 0] *= torch.from_numpy(first)
    x[:, 1] *= torch.from_numpy(1 - first)
    return Dataset(x, x[:, 0].square() - x[:, 1].square())


def _teacher(seed: int) -> int:
    """Seeds of teachers are apart from those of the networks that learn from them."""
    return 1_000_000 + seed
