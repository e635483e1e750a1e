"""What a trained network is still good for: without its lightest particles, and as a supplier of features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch

from flows import Euler, Every, GradientFlow, evolve
from particles import NTK, Dataset, FlowDiverged, GaussianLaw, Identity, ParticleCloud, Perceptron, ReLU, Risk, Squared
from particles.masses import uniform
from particles.shapes import Inputs, PerParticle
from runs.figures import Array

#: Shares of the particles that are removed: none, 5 %, ..., 95 %.
REMOVED = tuple(percent / 100.0 for percent in range(0, 100, 5))
#: Hidden units of the network that is trained on transferred features, and the length of a gradient step of rate 1.
UNITS, STEP = 64, 2.0
#: Steps of that training between two signs of life.
SIGN_STEPS = 50


def importance(cloud: ParticleCloud, neuron: Perceptron) -> PerParticle:
    """lambda_j sum_k a_jk^2 [particles]; the mass itself for one output of size one."""
    outputs = cloud.positions[:, neuron.hidden :]
    return cloud.masses.to(outputs.dtype) * outputs.square().sum(dim=1)


@dataclass(frozen=True, eq=False)
class PrunedRisk:
    """Risks [len(REMOVED)] of the network without that share of its particles, the least important ones first.

    A removed particle's output weight is set to zero; the masses of the others stay what they are, nothing is trained
    again. Of equally important particles those with the highest number go first.
    """

    risk: Risk

    def __call__(self, cloud: ParticleCloud) -> Array:
        """The risks, from all particles to 5 % of them."""
        neuron = cast(Perceptron, self.risk.neuron)
        order = torch.argsort(importance(cloud, neuron), descending=True, stable=True)
        risks = []
        for share in REMOVED:
            kept = cloud.count - round(share * cloud.count)
            positions = cloud.positions.clone()
            positions[order[kept:], neuron.hidden :] = 0.0
            risks.append(float(self.risk(cloud.moved(positions))))
        return np.array(risks)


@dataclass(frozen=True, eq=False)
class TransferRisk:
    """Risks [len(counts)] of small networks that learn other rows from features of the trained one.

    The features are sqrt(lambda_j) sigma(Z_j(x)) of the k most important particles. From them a network of 64 ReLU in
    NTK scaling, all weights trained by gradient descent at rate 1, learns the first half of `data`; its risk on the
    second half counts. Where that descent diverges the risk is NaN.
    """

    neuron: Perceptron
    data: Dataset
    counts: Sequence[int]
    steps: int
    seed: int
    alive: Callable[[], None]

    def __call__(self, cloud: ParticleCloud) -> Array:
        """The risks, in the order of the counts of features."""
        return np.array([self._risk(cloud, count) for count in self.counts])

    def features(self, cloud: ParticleCloud, inputs: Inputs, count: int) -> torch.Tensor:
        """sqrt(lambda_j) sigma(w_j . phi(x_i)) [data, count] of the most important particles."""
        chosen = torch.argsort(importance(cloud, self.neuron), descending=True, stable=True)[:count]
        weights = cloud.positions[chosen, : self.neuron.hidden]
        hidden = self.neuron.activation.value(self.neuron.embed(inputs.to(weights)) @ weights.T)
        return hidden * cloud.masses[chosen].to(weights).sqrt()

    def _risk(self, cloud: ParticleCloud, count: int) -> float:
        features = self.features(cloud, self.data.inputs, count).float()
        targets, half = self.data.targets.to(features), self.data.count // 2
        small = Perceptron(ReLU(), Identity(count), outputs=targets.shape[1], trained="both")
        risk = Risk(neuron=small, scaling=NTK(), loss=Squared(), data=Dataset(features[:half], targets[:half]))
        start = GaussianLaw(small).sample(masses=uniform(UNITS), seed=self.seed).to(features.device, torch.float32)
        signs = Every(SIGN_STEPS, lambda step, time, cloud: self.alive())
        try:
            until = self.steps * STEP
            end = evolve(GradientFlow(risk), start, Euler(), until=until, step=STEP, observers=[signs])
        except FlowDiverged:
            return float("nan")
        return float(risk.on(Dataset(features[half:], targets[half:]))(end))
