"""The same networks written plainly: dense, from the formulas alone, differentiated by autograd."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from particles import L2, Dataset, Identity, Loss, MeanField, ParticleCloud, Perceptron, Risk, Scaling, Tanh
from tests.draws import normals, unequal
from tests.particles.risk.contracts.members import LOSSES, Map

INPUTS, DATA, PARTICLES = 3, 5, 7
#: Kinks stay this far from every pre-activation, farther than differences reach.
MARGIN = 0.1


@dataclass(frozen=True)
class PlainRisk:
    """R = sum_i p_i loss(f_i, y_i) + sum_j lambda_j (strength / 2) |theta_j|^2, the second over trained coordinates.

    f_i = sum_j s_j a_j sigma(w_j . x_i / sqrt(d)).
    """

    sigma: Map
    loss: Callable[[Tensor, Tensor], Tensor]
    factor: Map
    mobility: Map
    trained: str
    strength: float

    def predictions(self, positions: Tensor, masses: Tensor, inputs: Tensor) -> Tensor:
        """[data, outputs], one input after the other."""
        w, a = positions[:, : inputs.shape[1]], positions[:, inputs.shape[1] :]
        rows = [(self.factor(masses) * self.sigma((w * x).sum(dim=1) / math.sqrt(len(x)))) @ a for x in inputs]
        return torch.stack(rows)

    def __call__(self, positions: Tensor, masses: Tensor, data: Dataset) -> Tensor:
        """R."""
        f = self.predictions(positions, masses, data.inputs)
        losses = [p * self.loss(f_i, y_i) for p, f_i, y_i in zip(data.weights, f, data.targets, strict=True)]
        penalty = 0.5 * self.strength * (masses * (positions * self.moves(positions)).square().sum(dim=1)).sum()
        return torch.stack(losses).sum() + penalty

    def velocity(self, positions: Tensor, masses: Tensor, data: Dataset) -> Tensor:
        """-eta_j dR / dtheta_j by autograd, zero where nothing is trained."""
        leaf = positions.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(self(leaf, masses, data), leaf)
        return -self.mobility(masses)[:, None] * gradient * self.moves(positions)

    def moves(self, positions: Tensor) -> Tensor:
        """One for trained coordinates, zero for the others [dim]."""
        is_hidden = torch.arange(positions.shape[1]) < INPUTS
        trained = {"hidden": is_hidden, "output": ~is_hidden, "both": torch.ones_like(is_hidden)}
        return trained[self.trained].to(positions)


def dataset(loss: Loss, outputs: int, *, dtype: torch.dtype = torch.float64) -> Dataset:
    """Data with unequal weights and targets that this loss accepts."""
    (targets,) = [make for member, _, make, _ in LOSSES if member == loss]
    inputs = normals(DATA, INPUTS, seed=11, dtype=dtype)
    return Dataset(inputs, targets(normals(DATA, outputs, seed=12, dtype=dtype)), unequal(DATA, dtype))


def cloud(inputs: Tensor, outputs: int, *, count: int = PARTICLES) -> ParticleCloud:
    """Particles of unequal masses none of which sees one of these inputs within MARGIN of a kink at zero."""
    pool = normals(40 * count, inputs.shape[1] + outputs, seed=13).to(inputs)
    z = pool[:, : inputs.shape[1]] @ inputs.T / math.sqrt(inputs.shape[1])
    far = pool[z.abs().amin(dim=1) > MARGIN]
    return ParticleCloud(far[:count], unequal(count, inputs.dtype))


def example(
    *,
    neuron: Perceptron = Perceptron(Tanh(), Identity(INPUTS), 2, "both"),
    scaling: Scaling = MeanField(),
    loss: Loss = LOSSES[0][0],
    strength: float | None = 0.3,
    dtype: torch.dtype = torch.float64,
) -> tuple[Risk, ParticleCloud]:
    """A risk on weighted data and a cloud of unequal masses."""
    data = dataset(loss, neuron.outputs, dtype=dtype)
    risk = Risk(neuron, scaling, loss, data, None if strength is None else L2(strength))
    return risk, cloud(data.inputs, neuron.outputs)
