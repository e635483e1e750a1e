"""Small mean-field problems on grids that several suites share."""

import torch
from torch import Tensor

from limits.mean_field.grid import Atoms, Grid, Interval
from particles import Dataset, Identity, Linear, Loss, MeanField, Perceptron, Risk, Squared, Tanh

TEMPERATURE, CONFINEMENT = 0.05, 0.2
INPUTS = torch.tensor([[-1.6], [-0.7], [0.4], [1.1], [1.9]], dtype=torch.float64)
TARGETS = torch.tensor([-0.5, -0.6, 0.3, 0.5, 0.1], dtype=torch.float64)
WEIGHTS = torch.tensor([0.3, 0.1, 0.2, 0.25, 0.15], dtype=torch.float64)


class Sine:
    """g(theta, x) = sin(theta x): one coordinate, trained."""

    dim = 1

    def feature(self, theta: Tensor, x: Tensor) -> Tensor:
        """sin(theta x)."""
        return torch.sin(theta[0] * x[0])


def sine_risk(loss: Loss = Squared(), targets: Tensor = TARGETS) -> Risk:
    """Five weighted data for sines."""
    return Risk(Sine(), MeanField(), loss, Dataset(INPUTS, targets, WEIGHTS))


def line(cells: int = 100, reach: float = 5.0) -> Grid:
    """An interval around zero."""
    return Grid((Interval(-reach, reach, cells),))


def tanh_risk() -> Risk:
    """Perceptrons (w, a) on one input with frozen a."""
    return Risk(Perceptron(Tanh(), Identity(1)), MeanField(), Squared(), Dataset(INPUTS, TARGETS, WEIGHTS))


def signed_line(cells: int = 100, reach: float = 5.0) -> Grid:
    """An interval for w and the atoms -1, 1 for a."""
    return Grid((Interval(-reach, reach, cells), Atoms((-1.0, 1.0))))


def linear_risk(trained: str = "both") -> Risk:
    """Linear perceptrons (w, a) on one input."""
    return Risk(
        Perceptron(Linear(), Identity(1), trained=trained), MeanField(), Squared(), Dataset(INPUTS, TARGETS, WEIGHTS)
    )
