"""The same network in other parameterisations: a scaling and an embedding for particles, and plain torch."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from particles import Dataset, Embedding, ParticleCloud, Risk
from particles.shapes import AnyFloat, PerParticle
from runs.studies.feature_learning.networks import perceptron


@dataclass(frozen=True)
class Undivided:
    """phi(x) = sqrt(D) inner(x): random features that are not divided by the square root of their number."""

    inner: Embedding

    @property
    def inputs(self) -> int:
        """Inputs of the inner embedding."""
        return self.inner.inputs

    @property
    def features(self) -> int:
        """D."""
        return self.inner.features

    def __call__(self, x: AnyFloat) -> AnyFloat:
        """sqrt(D) inner(x)."""
        phi: AnyFloat = math.sqrt(self.features) * self.inner(x)
        return phi


@dataclass(frozen=True)
class MaximalUpdate:
    """s_j = lambda_j, eta_j = 1: hidden weights of maximal-update parameterisation, w' = w / sqrt(m) in h = w' . sigma.

    Its last layer is c_j / m with c_j = -1 or 1, and its rate does not depend on the width.
    """

    def factor(self, masses: PerParticle) -> PerParticle:
        """lambda_j."""
        return masses

    def mobility(self, masses: PerParticle) -> PerParticle:
        """1, zero for mass zero."""
        return (masses > 0.0).to(masses)


def torch_outputs(
    risk: Risk, start: ParticleCloud, powers: tuple[float, float], rate: float, steps: int, inputs: Tensor
) -> Tensor:
    """f at inputs [steps, data] while torch.optim.SGD trains W in f = m^(-1) sum_i c_i sigma(m^(-a) W_i . sigma(z)).

    W = m^b w of the particles' start, powers = (a, b), at this learning rate; the loss is the mean of squares and 1/2.
    """
    neuron = perceptron(risk)
    count, features = start.count, neuron.hidden
    lower = Undivided(neuron.embedding)
    outputs = start.positions[:, features]
    weights = (count ** powers[1] * start.positions[:, :features]).clone().requires_grad_()
    descent = torch.optim.SGD([weights], lr=rate)
    data: Dataset = risk.data

    def f(x: Tensor) -> Tensor:
        h = count ** -powers[0] * lower(x) @ weights.T
        value: Tensor = neuron.activation.value(h) @ outputs / count
        return value

    found = [f(inputs).detach()]
    for _ in range(steps):
        descent.zero_grad()
        loss = 0.5 * (f(data.inputs) - data.targets[:, 0]).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
        found.append(f(inputs).detach())
    return torch.stack(found)
