"""Small problems whose end is known: one datum of logistic regression, and two columns in units of their own."""

import math

import torch
from scipy.optimize import brentq

from particles import Dataset, Identity, Linear, Logistic, MeanField, ParticleCloud, Perceptron, Risk, Squared
from particles.shapes import AnyFloat


def one_logistic_datum(start: float) -> tuple[Risk, ParticleCloud]:
    """f = a with a' = 1 / (1 + e^a), from this a."""
    one = torch.ones(1, 1, dtype=torch.float64)
    risk = Risk(Perceptron(Linear(), Identity(1), 1, "output"), MeanField(), Logistic(), Dataset(one, one))
    return risk, ParticleCloud(torch.tensor([[1.0, start]], dtype=torch.float64))


def one_logistic_end(start: float, until: float) -> float:
    """The a with a + e^a = t + a(0) + e^a(0)."""
    end: float = brentq(
        lambda a: a + math.exp(a) - until - start - math.exp(start), start, max(start, 0.0) + 40.0, xtol=1e-13
    )
    return end


def columns_apart(unit: float) -> tuple[Risk, ParticleCloud, AnyFloat]:
    """Two data (1, s), (-1, 2 s) with targets 1, -1 and two linear neurons, and where their hidden weights go.

    The function is w . x / sqrt(2), w the mean of a_j w_j; it comes to w = (sqrt(2), 0), and w_j moves along a_j.
    """
    x = torch.tensor([[1.0, unit], [-1.0, 2.0 * unit]], dtype=torch.float64)
    risk = Risk(
        Perceptron(Linear(), Identity(2)), MeanField(), Squared(), Dataset(x, torch.tensor([1.0, -1.0]).double())
    )
    cloud = ParticleCloud(torch.tensor([[0.3, -0.2, 1.0], [0.1, 0.4, -1.0]], dtype=torch.float64))
    way = torch.tensor([[2**0.5 - 0.1, 0.3], [0.1 - 2**0.5, -0.3]], dtype=torch.float64)
    return risk, cloud, way
