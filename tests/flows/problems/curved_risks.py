"""Risks of three outputs under every loss, and the Gauss-Newton part of their flows written out."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.func import jacrev

from particles import L2, Dataset, Identity, Loss, Perceptron, Risk, Scaling, Tanh, jacobian_transpose_product
from tests.problems import network_cloud, network_risk, numbers

TARGETS: dict[str, Tensor] = {
    "Squared": numbers(2, 7, 3),
    "Logistic": torch.sign(numbers(2, 7, 3)),
    "CrossEntropy": torch.softmax(numbers(2, 7, 3), dim=1),
}


#: A rate and a strength of L2 for each group of coordinates.
RATES, STRENGTHS = {"hidden": 3.0, "output": 0.2}, {"hidden": 0.2, "output": 2.5}


def risk_of(loss: Loss, scaling: Scaling, trained: str, strength: float | Mapping[str, float]) -> Risk:
    """Seven weighted data and three outputs."""
    like = network_risk(scaling)
    data = Dataset(like.data.inputs, TARGETS[type(loss).__name__], like.data.weights)
    neuron = Perceptron(Tanh(), Identity(3), outputs=3, trained=trained)
    return Risk(neuron, scaling, loss, data, L2(strength))


def dense_part(risk: Risk) -> Tensor:
    """A = -(Delta + M J^T C J) [m dim, m dim], written out from J^T of unit vectors and the loss's own curvature."""
    cloud = network_cloud(outputs=3)
    f, n = risk.predictions(cloud), risk.data.targets.numel()
    units = torch.eye(n, dtype=torch.float64).reshape(n, *f.shape)
    rows = torch.stack([jacobian_transpose_product(risk, cloud, unit).reshape(-1) for unit in units])
    gradient = jacrev(lambda f: risk.data.weights @ risk.loss.value(f, risk.data.targets))
    curvature = jacrev(gradient)(f).reshape(n, n)
    trained = torch.zeros_like(cloud.positions)
    trained[:, risk.network.neuron.trained_columns] = 1.0
    mobility = risk.scaling.mobility(cloud.masses)[:, None] * spread(getattr(risk.scaling, "rates", None) or {}, 1.0)
    strength = spread(0.0 if risk.regulariser is None else risk.regulariser.strength, 0.0)
    decay = torch.diag((strength * mobility * cloud.masses[:, None]).mul(trained).reshape(-1))
    return -(decay + mobility.reshape(-1)[:, None] * (rows.T @ curvature @ rows))


def spread(numbers: float | Mapping[str, float], rest: float) -> Tensor:
    """The number of every coordinate [6], three hidden and three output weights."""
    each = numbers if isinstance(numbers, Mapping) else dict.fromkeys(("hidden", "output"), numbers)
    return torch.tensor([each.get("hidden", rest)] * 3 + [each.get("output", rest)] * 3, dtype=torch.float64)
