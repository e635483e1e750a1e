"""The network, its data, its flow, and clouds of any count at the times of the study."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch

from flows import EulerMaruyama, Flow, GradientFlow, Heun, LangevinFlow, NTKFlow, evolve
from limits.chaos import Maker
from particles import (
    Dataset,
    GaussianLaw,
    GaussianOutputs,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    masses,
    tangent_gram,
)
from particles.shapes import Scalar
from runs.datasets import load
from runs.studies.propagation_of_chaos.config import Config


@dataclass(frozen=True, eq=False)
class Clouds:
    """The network, its data and its flow."""

    config: Config
    name: str

    @cached_property
    def risk(self) -> Risk:
        """R = (1/2n) sum_i (f(x_i) - y_i)^2 of f(x) = sum_j lambda_j a_j tanh(w_j . x / sqrt(d)), w and a trained."""
        train, config = load(self.config.data).train, self.config
        data = Dataset(train.inputs[: config.rows, : config.inputs], train.targets[: config.rows])
        neuron = Perceptron(Tanh(), Identity(data.inputs.shape[1]), trained="both")
        return Risk(neuron=neuron, scaling=MeanField(), loss=Squared(), data=data)

    @cached_property
    def flow(self) -> Flow:
        """The gradient flow, the Langevin flow, or the same cloud read in NTK scaling."""
        if self.name == "langevin":
            return LangevinFlow(self.risk, self.config.temperature, self.config.confinement)
        return NTKFlow(self.risk) if self.name == "ntk" else GradientFlow(self.risk)

    def at_times(self, count: int, seed: int) -> tuple[ParticleCloud, ...]:
        """One cloud of this count and seed, w ~ N(0, I) and a ~ N(0, 1) at the start, at each of the times."""
        config, time, found = self.config, 0.0, []
        law = GaussianLaw(self.risk.neuron, outputs=GaussianOutputs())
        cloud = law.sample(masses=masses.uniform(count), seed=seed).to(config.device)
        integrator = EulerMaruyama(config.step) if self.name == "langevin" else Heun(config.step)
        for until in config.times:
            index = round(time / config.step)
            cloud = evolve(self.flow, cloud, integrator, until=until, time=time, index=index, seed=seed)
            time = until
            found.append(cloud)
        return tuple(found)

    def observables(self) -> Mapping[str, Callable[[ParticleCloud], Scalar]]:
        """The prediction at the first datum, sum_j lambda_j |theta_j|^2, and the tangent kernel's entry there."""
        risk = self.flow.risk if isinstance(self.flow, NTKFlow) else self.risk
        first = risk.data.inputs[:1]
        return {
            "prediction": lambda cloud: risk.predictions(cloud, first)[0, 0],
            "second_moment": lambda cloud: cloud.masses @ cloud.positions.square().sum(dim=1),
            "kernel": lambda cloud: tangent_gram(risk, cloud, first)[0, 0],
        }


@dataclass(frozen=True, eq=False)
class Kept:
    """Makes every cloud once, keeps it at all times, and tells how many were made."""

    clouds: Clouds
    report: Callable[[int], None]
    made: dict[tuple[int, int], tuple[ParticleCloud, ...]] = field(default_factory=dict)

    def at(self, number: int) -> Maker:
        """A function of count and seed that gives the cloud at the time of this number."""

        def make(count: int, seed: int) -> ParticleCloud:
            if (count, seed) not in self.made:
                with torch.no_grad():
                    self.made[count, seed] = self.clouds.at_times(count, seed)
                self.report(len(self.made))
            return self.made[count, seed][number]

        return make
