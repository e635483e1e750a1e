"""One run: a setting and a seed, its network, its data, what is measured of it, and its trajectory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import cast

import torch

from particles import (
    NTK,
    Accuracy,
    Dataset,
    GaussianLaw,
    GramChange,
    Identity,
    LargestMovement,
    MassWeightedMovement,
    MeanMovement,
    ParticleCloud,
    Perceptron,
    RademacherOutputs,
    ReLU,
    Risk,
    SmallestEigenvalue,
    Squared,
    Trajectory,
)
from particles.shapes import Scalar
from particles.trajectory import Series
from runs.datasets import SplitData, load
from runs.figures.figures import Array
from runs.studies.asymmetric_scaling.config import NAME, Config, Setting
from runs.studies.asymmetric_scaling.reuse import Pruned, Transfer

#: A number measured of a cloud.
Measured = Callable[[ParticleCloud], Scalar]


@dataclass(frozen=True)
class Run:
    """One setting with one seed; its trajectory lies in the study's folder."""

    config: Config
    setting: Setting
    seed: int

    @property
    def name(self) -> str:
        """Also the name of the file."""
        return f"{self.setting.name}-seed{self.seed}"

    @property
    def path(self) -> Path:
        """Where the trajectory lies."""
        return self.config.out / f"{self.name}.h5"

    @cached_property
    def data(self) -> SplitData:
        """The data set."""
        return load(self.config.data)

    @cached_property
    def risk(self) -> Risk:
        """R = (1/2n) sum_i |f(x_i) - y_i|^2 of f(x) = sum_j sqrt(lambda_j) a_j relu(w_j . x / sqrt(d)), w_j trained.

        f, y_i and a_j have k entries; every entry of a_j is -1 or 1.
        """
        train, rows = self.data.train, self.config.rows
        return _risk(Dataset(train.inputs[:rows], train.targets[:rows]))

    @cached_property
    def law(self) -> GaussianLaw:
        """w_j ~ N(0, variance I), a_j = -1 or 1."""
        return GaussianLaw(self.risk.neuron, outputs=RademacherOutputs(), variance=self.config.variance)

    @cached_property
    def start(self) -> ParticleCloud:
        """Positions depend on the seed alone, masses on the setting alone."""
        masses = self.setting.masses(self.config.count, self.config.shifted_masses)
        cloud = self.law.sample(masses=masses, seed=self.seed)
        return cloud.to(device=self.config.device, dtype=self.config.torch_dtype)

    @cached_property
    def records(self) -> Mapping[str, Series]:
        """What the file of the complete run holds of every observable, read once."""
        with Trajectory.open(self.path) as trajectory:
            return dict(trajectory.observables)

    def observables(self) -> dict[str, Measured]:
        """What is recorded, by name; all of it evaluated in float64, whatever the flow is computed in.

        Risks are R itself, half the mean of squares. The Gram matrix is that of the first output on the first training
        rows. Accuracies are recorded where the network classifies.
        """
        start, test = self.start.to(dtype=torch.float64), self.risk.on(self.data.test)
        train, first = self.risk.data, self.of_first_output
        rows = slice(self.config.gram_points)
        gram = _risk(Dataset(train.inputs[rows], train.targets[rows, :1]))
        change, smallest = GramChange(gram, first(start), gram.data.inputs), SmallestEigenvalue(gram, gram.data.inputs)
        measured: dict[str, Measured] = {
            "train_risk": self.risk,
            "test_risk": test,
            "largest_movement": LargestMovement(start),
            "mean_movement": MeanMovement(start),
            "mass_weighted_movement": MassWeightedMovement(start),
            "gram_change": lambda cloud: change(first(cloud)),
            "smallest_eigenvalue": lambda cloud: smallest(first(cloud)),
        }
        if self.config.classifies:
            measured |= {"train_accuracy": Accuracy(self.risk), "test_accuracy": Accuracy(test)}
        return {name: _in_double(observable) for name, observable in measured.items()}

    def of_first_output(self, cloud: ParticleCloud) -> ParticleCloud:
        """The particles without the weights of the other outputs."""
        return ParticleCloud(cloud.positions[:, : cast(Perceptron, self.risk.neuron).hidden + 1], cloud.masses)

    def reuse(self, alive: Callable[[], None]) -> Mapping[str, Callable[[ParticleCloud], Array]]:
        """What is recorded of the trained network, by name: without its lightest particles, and of transfer.

        alive: called now and then while the networks are trained that learn from its features.
        """
        config, test = self.config, self.risk.on(self.data.test)
        neuron = cast(Perceptron, self.risk.neuron)
        size = (config.transfer_counts, config.transfer_units, config.transfer_steps)
        learnt = cache(Transfer(neuron, self.data.validation, *size, self.seed, alive))
        recorded: dict[str, Callable[[ParticleCloud], Array]] = {
            "pruned_train_risk": Pruned(self.risk, neuron),
            "pruned_test_risk": Pruned(test, neuron),
            "transfer_risk": lambda cloud: learnt(cloud).risks,
        }
        if config.classifies:
            recorded["pruned_test_accuracy"] = Pruned(Accuracy(test), neuron)
            recorded["transfer_accuracy"] = lambda cloud: learnt(cloud).accuracies
        return recorded

    def parameters(self) -> dict[str, object]:
        """What stands in the file beside the flow and the seed."""
        setting = self.setting
        return {
            "study": NAME,
            "config": self.config.identity(),
            "setting": {"name": setting.name, "gamma": setting.gamma, "alpha": setting.alpha},
            "data": {"source": self.data.source, "citation": self.data.citation, "checksum": self.data.checksum},
        }


def _risk(data: Dataset) -> Risk:
    neuron = Perceptron(ReLU(), Identity(data.inputs.shape[1]), outputs=data.outputs, trained="hidden")
    return Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=data)


def _in_double(observable: Measured) -> Measured:
    return lambda cloud: observable(cloud.to(dtype=torch.float64))
