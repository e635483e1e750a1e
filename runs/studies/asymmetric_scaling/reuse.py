"""What a trained network is still good for: without its lightest particles, and as a supplier of features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from flows import Euler, Every, GradientFlow, evolve
from particles import (
    NTK,
    Accuracy,
    Dataset,
    FlowDiverged,
    GaussianLaw,
    Identity,
    ParticleCloud,
    Perceptron,
    ReLU,
    Risk,
    Squared,
)
from particles.initial.masses import uniform
from particles.shapes import Inputs, PerParticle, Scalar
from runs.figures.figures import Array

#: Shares of the particles that are removed: none, 5 %, ..., 95 %.
REMOVED = tuple(percent / 100.0 for percent in range(0, 100, 5))
#: Steps of the training on transferred features between two signs of life.
SIGN_STEPS = 50


def importance(cloud: ParticleCloud, neuron: Perceptron) -> PerParticle:
    """lambda_j sum_k a_jk^2 [particles]; the mass itself, times the number of outputs, for output weights -1 and 1."""
    outputs = cloud.positions[:, neuron.hidden :]
    return cloud.masses.to(outputs.dtype) * outputs.square().sum(dim=1)


@dataclass(frozen=True, eq=False)
class Pruned:
    """A risk or accuracy [len(REMOVED)] of the network without that share of its particles, the least important first.

    A removed particle's output weights are set to zero; the masses of the others stay what they are, nothing is trained
    again. Of equally important particles those with the highest number go first.
    """

    measure: Callable[[ParticleCloud], Scalar]
    neuron: Perceptron

    def __call__(self, cloud: ParticleCloud) -> Array:
        """The values, from all particles to 5 % of them."""
        order = torch.argsort(importance(cloud, self.neuron), descending=True, stable=True)
        values = []
        for share in REMOVED:
            kept = cloud.count - round(share * cloud.count)
            positions = cloud.positions.clone()
            positions[order[kept:], self.neuron.hidden :] = 0.0
            values.append(float(self.measure(cloud.moved(positions))))
        return np.array(values)


@dataclass(frozen=True, eq=False)
class Learnt:
    """Risks and accuracies [counts] of networks that learnt from so many features."""

    risks: Array
    accuracies: Array


@dataclass(frozen=True, eq=False)
class Transfer:
    """Risks and accuracies of small networks that learn other rows from features of the trained one.

    The features are sqrt(lambda_j) sigma(Z_j(x)) of the k most important particles. From them a network of `units` ReLU
    in NTK scaling, all weights trained by gradient descent at rate 1 on the mean of squares over rows and outputs,
    learns the first half of `data`; what it is worth on the second half counts. Where that descent diverges the values
    are NaN, and so are accuracies where there is one output, and nothing to classify.
    """

    neuron: Perceptron
    data: Dataset
    counts: Sequence[int]
    units: int
    steps: int
    seed: int
    alive: Callable[[], None]

    @property
    def step(self) -> float:
        """Length of a gradient step of rate 1 in flow time."""
        return 2.0 / self.data.outputs

    def __call__(self, cloud: ParticleCloud) -> Learnt:
        """The values, in the order of the counts of features."""
        values = np.array([self._learnt(cloud, count) for count in self.counts])
        return Learnt(values[:, 0], values[:, 1])

    def features(self, cloud: ParticleCloud, inputs: Inputs, count: int) -> torch.Tensor:
        """sqrt(lambda_j) sigma(w_j . phi(x_i)) [data, count] of the most important particles."""
        chosen = torch.argsort(importance(cloud, self.neuron), descending=True, stable=True)[:count]
        weights = cloud.positions[chosen, : self.neuron.hidden]
        hidden = self.neuron.activation.value(self.neuron.embed(inputs.to(weights)) @ weights.T)
        return hidden * cloud.masses[chosen].to(weights).sqrt()

    def _learnt(self, cloud: ParticleCloud, count: int) -> tuple[float, float]:
        features = self.features(cloud, self.data.inputs, count).float()
        targets, half = self.data.targets.to(features), self.data.count // 2
        small = Perceptron(ReLU(), Identity(count), outputs=targets.shape[1], trained="both")
        risk = Risk(neuron=small, scaling=NTK(), loss=Squared(), data=Dataset(features[:half], targets[:half]))
        start = GaussianLaw(small).sample(masses=uniform(self.units), seed=self.seed)
        signs = Every(SIGN_STEPS, lambda step, time, cloud: self.alive())
        until = self.steps * self.step
        try:
            end = evolve(
                GradientFlow(risk),
                start.to(features.device, torch.float32),
                Euler(step=self.step),
                until=until,
                observers=[signs],
            )
        except FlowDiverged:
            return float("nan"), float("nan")
        other = risk.on(Dataset(features[half:], targets[half:]))
        accuracy = float(Accuracy(other)(end)) if targets.shape[1] > 1 else float("nan")
        return float(other(end)), accuracy
