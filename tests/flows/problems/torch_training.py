"""A network trained as people train it: parameters of torch, autograd, an optimiser and a schedule of `torch.optim`."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from particles import NTK, Dataset, Identity, ParticleCloud, Perceptron, Risk, Squared, Tanh
from tests.problems import numbers

#: From parameters to an optimiser of them.
Made = Callable[[list[Tensor]], torch.optim.Optimizer]


def start(count: int = 8, outputs: int = 2) -> ParticleCloud:
    """Neurons of equal masses in three dimensions."""
    return ParticleCloud(numbers(11, count, 3 + outputs))


def risk(trained: str = "both", outputs: int = 2) -> Risk:
    """Twelve data, tanh, NTK scaling."""
    data = Dataset(numbers(12, 12, 3), numbers(13, 12, outputs))
    return Risk(Perceptron(Tanh(), Identity(3), outputs=outputs, trained=trained), NTK(), Squared(), data)


def trained_by_torch(
    begin: ParticleCloud,
    made: Made,
    batches: list[Dataset],
    *,
    only_hidden: bool = False,
    scheduled: Callable[[torch.optim.Optimizer], Any] | None = None,
) -> Tensor:
    """The positions after one step of the optimiser on each of these batches.

    f(x) = sum_j tanh(w_j . x / sqrt(d)) a_j / sqrt(m), and the loss is half the mean of |f - y|^2.
    """
    hidden = begin.positions[:, :3].clone().requires_grad_()
    output = begin.positions[:, 3:].clone().requires_grad_(not only_hidden)
    optimiser = made([hidden] if only_hidden else [hidden, output])
    schedule = None if scheduled is None else scheduled(optimiser)
    for batch in batches:
        optimiser.zero_grad()
        features = torch.tanh(batch.inputs @ hidden.T / math.sqrt(3.0))
        predictions = features @ output / math.sqrt(begin.count)
        loss = 0.5 * (batch.weights @ (predictions - batch.targets).square().sum(dim=1))
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if schedule is not None:
            schedule.step()
    return torch.cat([hidden, output], dim=1).detach()
