"""Networks on the axis trained on images: how far theta and u have moved, losses and accuracy, as rows of a table."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flows import Euler, Every, HeavyBall, evolve
from flows.base import Integrator
from particles import Accuracy, Dataset, MeanMovement, ParticleCloud, Risk
from runs.batch.jobs import Report
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.networks import AxisNetwork, Convention
from runs.study.table import Row

#: Groups of coordinates by the letters of the paper.
GROUPS = {"theta": "hidden", "u": "output"}
#: What figures call them.
LETTERS = {"theta": "θ", "u": "u"}
#: Times at which a network in training is looked at, besides the start and the end.
LOOKS = 8
#: Units of progress of a run.
PROGRESS = 20


@dataclass(frozen=True, eq=False)
class Training:
    """A network, images that it is tested on, and how it is trained: rate, epochs and the seed of start and batches."""

    axis: AxisNetwork
    test: Dataset
    rate: float
    epochs: int
    batch: int
    seed: int
    momentum: float = 0.0

    @classmethod
    def of(
        cls, config: Config, count: int, alpha: float, convention: Convention, *, epochs: int, seed: int, rate: float
    ) -> "Training":
        """On the configured images."""
        data = config.source()
        axis = AxisNetwork(data.train, count, alpha, convention, device=config.device)
        return cls(axis, data.test, rate, epochs, config.batch, seed)

    @cached_property
    def start(self) -> ParticleCloud:
        """The particles at the start."""
        return self.axis.start(self.seed)

    @cached_property
    def tested(self) -> Risk:
        """The risk on test images."""
        return self.axis.risk.on(self.test.to(self.start.device, self.start.dtype))

    @property
    def steps(self) -> int:
        """Of all epochs."""
        return self.epochs * math.ceil(self.axis.data.count / self.batch)

    @property
    def method(self) -> Integrator[Any]:
        """Gradient descent, with momentum where there is some."""
        return HeavyBall(self.rate, momentum=self.momentum) if self.momentum else Euler(self.rate)

    def moved(self, cloud: ParticleCloud, letter: str) -> tuple[float, float]:
        """(1/m) sum_j |theta_j - theta_j(0)|, or of u, and its standard error over particles."""
        distances = MeanMovement(self.start, GROUPS[letter], self.axis.neuron).distances(cloud).double()
        return float(distances.mean()), float(distances.std()) / math.sqrt(cloud.count)

    def accuracy(self, cloud: ParticleCloud) -> float:
        """Share of test images in their class."""
        return float(Accuracy(self.tested)(cloud))

    def run(self, look: Callable[[int, ParticleCloud], None], report: Report) -> ParticleCloud:
        """Train; `look` sees the number of the step and the cloud at `LOOKS` times spaced evenly in their logarithm."""
        wanted = {round(self.steps ** (place / LOOKS)) for place in range(LOOKS)}

        def seen(step: int, time: float, cloud: ParticleCloud) -> None:
            if step in wanted:
                look(step, cloud)
                report(int(PROGRESS * step / self.steps))

        flow = self.axis.descent(self.rate, self.seed, self.batch)
        observers = [Every(steps=1, observer=seen)]
        end = evolve(flow, self.start, self.method, until=self.steps * self.rate, observers=observers)
        look(self.steps, end)
        return end

    def rows(self, experiment: str, curve: str, x: float, report: Report) -> Iterator[Row]:
        """What is seen along the run, against the step, as curve `curve x`, and at its end, against x."""
        along: list[Row] = []

        def look(step: int, cloud: ParticleCloud) -> None:
            for letter in GROUPS:
                along.append(
                    Row(experiment, f"{letter} along", f"{curve}, {x:g}", self.seed, step, *self.moved(cloud, letter))
                )

        end = self.run(look, report)
        yield from along
        for letter in GROUPS:
            yield Row(experiment, letter, curve, self.seed, x, *self.moved(end, letter))
        yield Row(experiment, "train loss", curve, self.seed, x, float(self.axis.risk(end)))
        yield Row(experiment, "test accuracy", curve, self.seed, x, self.accuracy(end))
