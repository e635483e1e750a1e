"""Features of trained networks used again: networks trained by Adam side by side, and output weights trained anew.

Networks are f(x) = sum_j u_j tanh(theta_j . x), alpha = m on the axis, with the scaling `Standard`: Adam sees the
gradients that `torch.optim.Adam` would see, and theta and u begin as small as torch's layers do.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from flows import Adam, Epochs, Every, Flow, MinibatchFlow, evolve
from particles import (
    CrossEntropy,
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Linear,
    ParticleCloud,
    Perceptron,
    Plain,
    Risk,
    Standard,
    Tanh,
    masses,
)
from particles.cloud import Stacked, members_of
from particles.ensemble.risk import EnsembleRisk
from particles.shapes import Positions
from runs.studies.one_axis.config import Config

#: Called with the number of a step and the clouds then.
Look = Callable[[int, list[ParticleCloud]], None]


@dataclass(frozen=True, eq=False)
class Reuse:
    """Images for training and for tests, and the networks on them; `batch` images are seen in a step."""

    train: Dataset
    test: Dataset
    batch: int

    @classmethod
    def of(cls, config: Config, pool: int) -> "Reuse":
        """On the configured images, averaged over blocks of `pool` x `pool` pixels, in float32."""
        data = config.model_copy(update={"pool": pool}).source()
        train, test = (part.to(config.device, torch.float32) for part in (data.train, data.test))
        return cls(train, test, min(config.batch, train.count))

    @property
    def inputs(self) -> int:
        """d."""
        return self.train.inputs.shape[1]

    @property
    def epoch(self) -> int:
        """Steps of an epoch."""
        return math.ceil(self.train.count / self.batch)

    def risk(self, trained: str = "both") -> Risk:
        """Cross-entropy of f = sum_j u_j tanh(theta_j . x); "both" are trained or u, the "output", alone."""
        neuron = Perceptron(Tanh(), Plain(self.inputs), self.train.outputs, trained)
        return Risk(neuron, Standard(), CrossEntropy(), self.train)

    def start(self, count: int, seed: int, variance: float | None = None) -> ParticleCloud:
        """Particles with theta from N(0, variance I), 1/(3 d) where left out, and u from N(0, I/(3 m))."""
        variance = 1.0 / (3.0 * self.inputs) if variance is None else variance
        law = GaussianLaw(self.risk().network.neuron, GaussianOutputs(1.0 / (3.0 * count)), variance)
        return law.sample(masses=masses.uniform(count), seed=seed).to(self.train.inputs.device, torch.float32)

    def descended(
        self, risk: Risk, clouds: Sequence[ParticleCloud], method: Adam, steps: int, seed: int, look: Look | None = None
    ) -> list[ParticleCloud]:
        """Clouds of one size after so many steps; all see the same batches, which the seed draws."""
        joint = EnsembleRisk.of([risk] * len(clouds)) if len(clouds) > 1 else risk
        flow = MinibatchFlow(joint, Epochs(self.batch, seed), _rate(method))
        return self.followed(flow, clouds, method, steps, look)

    def followed(
        self, flow: Flow, clouds: Sequence[ParticleCloud], method: Adam, steps: int, look: Look | None = None
    ) -> list[ParticleCloud]:
        """The same along any flow of all clouds together."""
        start = Stacked(clouds) if len(clouds) > 1 else clouds[0]

        def seen(step: int, time: float, cloud: ParticleCloud) -> None:
            if look is not None:
                look(step, members_of(cloud))

        observers = [] if look is None else [Every(steps=1, observer=seen)]
        end = evolve(flow, start, method, until=steps * _rate(method), observers=observers)
        return members_of(end)

    def through(self, theta: Positions) -> "Reuse":
        """Images seen through features that stand still: inputs tanh(theta_j . x) [data, m] of theta [m, d]."""
        train, test = (
            Dataset(torch.tanh(part.inputs @ theta.to(part.inputs).T), part.targets) for part in (self.train, self.test)
        )
        return Reuse(train, test, self.batch)

    @property
    def linear(self) -> Risk:
        """Cross-entropy of f = sum_c e_c (w_c . x), a particle for each class c: all of it is linear in the inputs."""
        neuron = Perceptron(Linear(), Plain(self.inputs), self.train.outputs, "hidden")
        return Risk(neuron, Standard(), CrossEntropy(), self.train)

    @property
    def nothing(self) -> ParticleCloud:
        """The particles of `linear` with w_c = 0."""
        units = torch.eye(self.train.outputs).to(self.train.inputs)
        return ParticleCloud(torch.cat([units.new_zeros(len(units), self.inputs), units], dim=1))

    def accuracies(self, risk: Risk, clouds: Sequence[ParticleCloud]) -> Tensor:
        """Shares of test images in their class [clouds]."""
        return self.correct(torch.stack([risk.predictions(cloud, self.test.inputs) for cloud in clouds]))

    def correct(self, outputs: Tensor) -> Tensor:
        """Shares of test images that outputs [..., data, classes] put into their class."""
        return (outputs.argmax(dim=-1) == self.test.targets.argmax(dim=-1)).double().mean(dim=-1)


def _rate(method: Adam) -> float:
    """The learning rate, which is the step of its flow."""
    rate = method.grid
    if rate is None:
        raise ValueError("The method has no learning rate; give Adam a step.")
    return rate
