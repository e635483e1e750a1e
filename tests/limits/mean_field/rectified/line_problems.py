"""Data on the line with laws that are known, and some without."""

from collections.abc import Sequence

import torch

from particles import Biased, Dataset, MeanField, Perceptron, Plain, ReLU, Risk, Squared, generator

#: The three points whose numbers are known.
INPUTS, TARGETS = (-1.0, 0.0, 1.0), (0.5, -0.3, 0.4)


def rectifiers(inputs: Sequence[float], targets: Sequence[float], weights: Sequence[float] | None = None) -> Risk:
    """The risk of rectifiers with bias on these data."""
    data = Dataset([[x] for x in inputs], list(targets), None if weights is None else list(weights))
    return Risk(Perceptron(ReLU(), Biased(Plain(1)), trained="both"), MeanField(), Squared(), data)


def three_points() -> Risk:
    """Inputs -1, 0, 1."""
    return rectifiers(INPUTS, TARGETS)


def random_points(count: int, seed: int) -> Risk:
    """Uniform inputs in [-1, 1] and normal targets."""
    numbers = generator(seed, "line")
    return rectifiers(numbers.uniform(-1.0, 1.0, count).tolist(), numbers.standard_normal(count).tolist())


def places(low: float, high: float, count: int) -> torch.Tensor:
    """Evenly spaced inputs [count, 1]."""
    return torch.linspace(low, high, count, dtype=torch.float64)[:, None]
