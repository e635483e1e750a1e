"""Deep networks on images beside the linear model of their tangent kernel, and residuals along and across inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from flows import Epochs, MinibatchFlow
from limits import KernelFlow, LinearModel, linear_model
from particles import (
    NTK,
    Convolution,
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    Erf,
    ParticleCloud,
    Risk,
    Squared,
    tangent_gram,
)
from runs.studies.early_time.config import Config

#: Networks by name, hidden layers of each, pixels of a filter's side, and images on which the model is fitted.
NETWORKS = ("dense", "convolutional")
DEPTH, FILTER, FITTED = 4, 3, 300


@dataclass(frozen=True, eq=False)
class DeepStart:
    """A deep network at its start in float32, and images with the targets of it and of its linear model.

    The initial output is subtracted: f_t - f_0 is trained to y, which is f_t trained to y + f_0.
    """

    config: Config
    neuron: Deep
    cloud: ParticleCloud
    train: Dataset
    test: Dataset

    @classmethod
    def of(cls, config: Config, network: str, seed: int) -> "DeepStart":
        """Four hidden layers of erf, NTK parameterisation, on the configured images."""
        data = config.source()
        channels = 3 if config.images == "cifar" else 1
        side = round((data.train.inputs.shape[1] / channels) ** 0.5)
        if network == "dense":
            neuron = Deep(data.train.inputs.shape[1], (*[Dense(config.units)] * DEPTH, Dense(1)), Erf())
        else:
            layers = (*[Convolution(config.channels, FILTER)] * DEPTH, Dense(1))
            neuron = Deep((channels, side, side), layers, Erf())
        cloud = DeepLaw(neuron).sample(seed=seed).to(dtype=torch.float32)
        return cls(config, neuron, cloud, data.train, data.test)

    @cached_property
    def risk(self) -> Risk:
        """Trained to y + f_0."""
        single = self.train.to(dtype=torch.float32)
        plain = Risk(self.neuron, NTK(), Squared(), single)
        return plain.on(Dataset(single.inputs, single.targets + plain.predictions(self.cloud)))

    @cached_property
    def flow(self) -> MinibatchFlow:
        """Stochastic gradient descent."""
        return MinibatchFlow(self.risk, Epochs(min(self.config.batch, self.train.count), 0), self.step)

    @cached_property
    def model(self) -> LinearModel:
        """The model a x.x'/d + b + c I that is fitted to the tangent kernel at the start."""
        few = self.risk.on(self.risk.data.some(slice(FITTED)))
        return linear_model(tangent_gram(few, self.cloud).double(), few.data.inputs.double())

    @cached_property
    def step(self) -> float:
        """eta, such that it is the configured part of the inverse of the model's fastest rate."""
        return self.config.rate / KernelFlow(self.model, self.train).spectrum.fastest

    def modelled(self, steps: Sequence[int]) -> list[Tensor]:
        """Outputs of the model at the test images after these numbers of steps, on the batches of the network.

        Its parameters are the weights theta of its features and, of the part c I, one number q_i for every image:
        f(x_i) = psi_i . theta + c q_i, and f(x) = psi(x) . theta elsewhere.
        """
        psi, elsewhere = (self.model.features(data.inputs) for data in (self.train, self.test))
        y, numbered = self.train.targets, torch.arange(self.train.count, dtype=torch.float64)[:, None]
        numbered_data = Dataset(numbered, y)
        theta, own = psi.new_zeros(psi.shape[1], 1), torch.zeros_like(y)
        found, wanted = [], set(steps)
        for number in range(max(steps)):
            rows = self.flow.batches.batch(numbered_data, number).inputs[:, 0].long()
            residual = (psi[rows] @ theta + self.model.excess * own[rows] - y[rows]) / len(rows)
            theta -= self.step * psi[rows].T @ residual
            own[rows] -= self.step * residual
            if number + 1 in wanted:
                found.append(elsewhere @ theta)
        return found

    def outputs(self, cloud: ParticleCloud) -> Tensor:
        """f_t - f_0 at the test images."""
        inputs = self.test.inputs.to(self.cloud.positions)
        return (self.risk.predictions(cloud, inputs) - self._initial).double()

    @cached_property
    def _initial(self) -> Tensor:
        return self.risk.predictions(self.cloud, self.test.inputs.to(self.cloud.positions))

    def split(self, outputs: Tensor) -> tuple[float, float]:
        """Mean squares of the test residual's part in the span of the test inputs, and of the rest."""
        residual = outputs - self.test.targets
        along = self._basis @ (self._basis.T @ residual)
        return float(along.square().mean()), float((residual - along).square().mean())

    @cached_property
    def _basis(self) -> Tensor:
        """An orthonormal basis of the span of the columns of X [test, inputs]."""
        left, values, _ = torch.linalg.svd(self.test.inputs, full_matrices=False)
        return left[:, values > 1e-10 * values[0]]
