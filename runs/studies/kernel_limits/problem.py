"""The data, the limit kernel of tanh neurons whose hidden weights are trained, and clouds of its law."""

import math
from dataclasses import dataclass

from limits import TangentKernel, tangent_kernel
from particles import Dataset, GaussianLaw, Identity, ParticleCloud, Perceptron, Tanh
from particles.shapes import Gram, Masses
from runs.datasets import load
from runs.studies.kernel_limits.config import Config

#: Seeds of clouds: those of one seed of the study lie in a block of their own.
BLOCK = 100_000


@dataclass(frozen=True, eq=False)
class Problem:
    """The first rows of the data, and the limit kernel."""

    config: Config
    train: Dataset
    test: Dataset
    kernel: TangentKernel

    @classmethod
    def of(cls, config: Config) -> "Problem":
        """The problem on the configured device."""
        data = load(config.data).to(device=config.device)
        train, test = (
            Dataset(part.inputs[: config.rows], part.targets[: config.rows]) for part in (data.train, data.test)
        )
        neuron = Perceptron(Tanh(), Identity(train.inputs.shape[1]))
        return cls(config, train, test, tangent_kernel(neuron, GaussianLaw(neuron)))

    def cloud(self, weights: Masses, seed: int) -> ParticleCloud:
        """A cloud of the law."""
        return self.kernel.law.sample(masses=weights, seed=seed).to(device=self.config.device)

    def squared_distance(self, weights: Masses, mean: Gram, seed: int) -> float:
        """The mean of |K_m - K|_F^2 over the clouds of one seed."""
        seeds = range(BLOCK * seed, BLOCK * seed + self.config.clouds)
        draws = [self.kernel.sampled(self.cloud(weights, number), self.train.inputs) - mean for number in seeds]
        return math.fsum(float(draw.square().sum()) for draw in draws) / len(draws)
