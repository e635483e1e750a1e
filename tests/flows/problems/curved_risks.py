"""Risks of three outputs under every loss, and the Gauss-Newton part of their flows written out."""

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


def risk_of(loss: Loss, scaling: Scaling, trained: str, strength: float) -> Risk:
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
    mobility = risk.scaling.mobility(cloud.masses)
    trained = torch.zeros_like(cloud.positions)
    trained[:, risk.network.neuron.trained_columns] = 1.0
    decay = torch.diag((risk.strength * mobility * cloud.masses)[:, None].mul(trained).reshape(-1))
    return -(decay + mobility.repeat_interleave(cloud.dim)[:, None] * (rows.T @ curvature @ rows))
