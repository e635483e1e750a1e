"""Langevin flows whose groups of coordinates have temperatures, confinements and rates of their own, with known laws.

A loss that is linear in the prediction leaves linear neurons a potential V(theta) = sum_i p_i y_i a (w . phi_i) that no
other particle changes: the particles are independent, and the velocity of each is -B theta, with

    B = R [[c_h, G], [G^T, c_o]],   G = sum_i p_i y_i phi_i,

R the rates and c the confinements. The stationary law is Gaussian with the covariance S of B S + S B^T = 2 R T.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov
from torch import Tensor

from particles import Dataset, Identity, Linear, MeanField, ParticleCloud, Perceptron, Risk
from tests.tolerances import z_score

COUNT = 8_000
INPUTS = torch.tensor([[1.5, 0.2], [-0.3, 1.7], [1.0, 1.0]], dtype=torch.float64)
TARGETS = torch.tensor([[0.5], [-0.4], [0.3]], dtype=torch.float64)


@dataclass(frozen=True)
class Slope:
    """loss(f, y) = y . f."""

    def check(self, targets: Tensor) -> None:
        """Any target will do."""

    def value(self, f: Tensor, y: Tensor) -> Tensor:
        """y . f [data]."""
        return (f * y).sum(dim=1)

    def residual(self, f: Tensor, y: Tensor) -> Tensor:
        """y."""
        return y + 0.0 * f

    def curvature(self, f: Tensor, y: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros(*f.shape, f.shape[1], dtype=f.dtype)


@dataclass(frozen=True)
class Heated:
    """Two hidden weights and an output weight; `coupling` multiplies the targets, zero leaves the groups apart."""

    coupling: float = 1.0
    count: int = COUNT
    temperature: ClassVar[dict[str, float]] = {"hidden": 0.3, "output": 1.2}
    confinement: ClassVar[dict[str, float]] = {"hidden": 0.8, "output": 1.5}
    rates: ClassVar[dict[str, float]] = {"hidden": 2.0, "output": 0.5}

    @property
    def risk(self) -> Risk:
        """Under `MeanField`, so that every particle has this law whatever its mass."""
        neuron = Perceptron(Linear(), Identity(2), trained="both")
        return Risk(neuron, MeanField(rates=self.rates), Slope(), Dataset(INPUTS, self.coupling * TARGETS))

    @property
    def start(self) -> ParticleCloud:
        """All particles at zero."""
        return ParticleCloud(torch.zeros(self.count, 3, dtype=torch.float64))

    @property
    def drift(self) -> Tensor:
        """B."""
        pull = self.coupling * (TARGETS * INPUTS).mean(dim=0) / 2.0**0.5
        matrix = torch.diag(self.spread(self.confinement))
        matrix[:2, 2] = matrix[2, :2] = pull
        return self.spread(self.rates)[:, None] * matrix

    @property
    def shaking(self) -> Tensor:
        """2 R T."""
        return torch.diag(2.0 * self.spread(self.rates) * self.spread(self.temperature))

    @property
    def covariance(self) -> Tensor:
        """S of the continuous flow."""
        return torch.from_numpy(solve_continuous_lyapunov(self.drift.numpy(), self.shaking.numpy()))

    def covariance_of_euler(self, step: float) -> Tensor:
        """S of Euler-Maruyama with this step, A S A^T + h 2 R T with A = 1 - h B."""
        kept = torch.eye(3, dtype=torch.float64) - step * self.drift
        return torch.from_numpy(solve_discrete_lyapunov(kept.numpy(), step * self.shaking.numpy()))

    @staticmethod
    def spread(numbers: dict[str, float]) -> Tensor:
        """The number of every coordinate [3]."""
        return torch.tensor([numbers["hidden"]] * 2 + [numbers["output"]], dtype=torch.float64)


def worst_score(positions: Tensor, covariance: Tensor) -> float:
    """Of all means and second moments of the particles, the largest distance from the law in standard errors."""
    scores = [z_score(positions[:, q], 0.0) for q in range(3)]
    pairs = [(q, r) for q in range(3) for r in range(q + 1)]
    scores += [z_score(positions[:, q] * positions[:, r], float(covariance[q, r])) for q, r in pairs]
    return max(map(abs, scores))
