"""One network of the three scalings trained on the data of Wei et al., and what is seen of it at each time."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from flows import Euler, GradientFlow, Observer, evolve
from particles import Dataset, ParticleCloud, ReLU, Risk
from particles.shapes import Hidden
from runs.studies.feature_learning.config import WEI_INPUTS, Config
from runs.studies.feature_learning.data import wei
from runs.studies.feature_learning.networks import (
    Scaled,
    features,
    frozen,
    perceptron,
    placed,
    relative_movement,
    risk_of,
    root_mean_square,
    wrong_signs,
)

#: What is seen of a network, by name.
Seen = dict[str, float]


@dataclass(frozen=True)
class Network:
    """A scaling, its number of particles and random features, rows to train on, and a draw of data and weights."""

    config: Config
    scaled: Scaled
    count: int
    rows: int
    seed: int

    @cached_property
    def data(self) -> tuple[Dataset, Dataset]:
        """Rows to train on, and others."""
        return wei(self.rows, WEI_INPUTS, self.seed)

    @cached_property
    def risk(self) -> Risk:
        """Of the rows to train on; frozen weights are those of the draw."""
        embedding = frozen(ReLU(), WEI_INPUTS, self.count, 1, self.seed)
        return risk_of(ReLU(), embedding, self.scaled.scaling, self.data[0])

    @cached_property
    def start(self) -> ParticleCloud:
        """The particles at the start."""
        cloud = self.scaled.start(perceptron(self.risk), self.count, self.seed)
        return placed(cloud, self.config)

    @cached_property
    def before(self) -> Hidden:
        """Features at the start on the rows trained on."""
        return features(self.risk, self.start, self.data[0].inputs)

    def seen(self, cloud: ParticleCloud) -> Seen:
        """Training risk, test error, and how far features have moved relative to their size at the start."""
        moved = relative_movement(self.before, features(self.risk, cloud, self.data[0].inputs))
        return {
            "train": float(self.risk(cloud)),
            "test": float(wrong_signs(self.risk, cloud, self.data[1])),
            "movement": float(moved),
        }

    def at_end(self, cloud: ParticleCloud) -> Seen:
        """What is seen at the end alone: the size of features at the start, and how loose the lower bound is.

        `looseness` is the least, over test inputs whose output moved by more than a tenth of the mean, of
        sum_j s_j |h_j - h_j(0)| / |f - f_0|, which is one at least.
        """
        x = self.data[1].inputs
        ways = (features(self.risk, cloud, x) - features(self.risk, self.start, x)).double().abs()
        far = self.scaled.scaling.factor(self.start.masses).double() @ ways
        outputs = [self.risk.predictions(one, x.to(one.positions))[:, 0].double() for one in (cloud, self.start)]
        changed = (outputs[0] - outputs[1]).abs()
        plain = changed > 0.1 * changed.mean()
        return {"size": float(root_mean_square(self.before)), "looseness": float((far / changed)[plain].min())}

    def train(self, watch: Callable[[float, ParticleCloud], None], alive: Callable[[float], None]) -> ParticleCloud:
        """Gradient descent with short steps at first; `watch` sees time and cloud at the times of `times`."""
        config, early = self.config, min(self.config.early, self.config.until)
        flow, due = GradientFlow(self.risk), list(times(config))

        def look(step: int, time: float, cloud: ParticleCloud) -> None:
            if due and time >= due[0] * (1.0 - 1e-9):
                watch(time, cloud)
                while due and due[0] * (1.0 - 1e-9) <= time:
                    due.pop(0)
            if step % 50 == 0:
                alive(time)

        observers: list[Observer] = [look]
        cloud = evolve(flow, self.start, Euler(1.0), until=early, observers=observers)
        return evolve(flow, cloud, Euler(config.later), until=config.until, observers=observers, time=early, index=0)


def times(config: Config) -> list[float]:
    """The start, and times spaced evenly in their logarithm up to the end."""
    spaced = np.unique(np.geomspace(1.0, math.floor(config.until), config.records).round())
    return [0.0, *map(float, spaced)]


def pair(network: Network) -> torch.Tensor:
    """x_1 and x_2 [2, inputs]: the first row that is trained on, and the first test input of another class."""
    train, test = network.data
    other = int((test.targets[:, 0] != train.targets[0, 0]).nonzero()[0])
    return torch.stack([train.inputs[0], test.inputs[other]])
