"""One run: a setting and a seed, from the initial cloud to a complete trajectory, begun or continued."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import cast

import torch

from flows import Adaptive, Euler, Every, GradientFlow, Observer
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
)
from particles.shapes import Scalar
from runs.batch.crew import Report
from runs.datasets import SplitData, load
from runs.figures.figures import Array
from runs.studies.asymmetric_scaling.config import NAME, Config, Setting
from runs.studies.asymmetric_scaling.reuse import Pruned, Transfer
from runs.studies.asymmetric_scaling.schedule import GradientSteps, steps_at
from runs.trajectory_run import File, TrajectoryRun

#: A number measured of a cloud.
Measured = Callable[[ParticleCloud], Scalar]

#: Steps of the integrator between two reports of progress.
REPORT_STEPS = 20


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


@dataclass(frozen=True, eq=False)
class Experiment:
    """The network of a run, its data, its flow and what is measured."""

    run: Run
    data: SplitData

    @cached_property
    def risk(self) -> Risk:
        """R = (1/2n) sum_i |f(x_i) - y_i|^2 of f(x) = sum_j sqrt(lambda_j) a_j relu(w_j . x / sqrt(d)), w_j trained.

        f, y_i and a_j have k entries; every entry of a_j is -1 or 1.
        """
        train, rows = self.data.train, self.run.config.rows
        return _risk(Dataset(train.inputs[:rows], train.targets[:rows]))

    @cached_property
    def start(self) -> ParticleCloud:
        """w_j ~ N(0, variance I), a_j = -1 or 1; positions depend on the seed alone, masses on the setting alone."""
        config = self.run.config
        law = GaussianLaw(self.risk.neuron, outputs=RademacherOutputs(), variance=config.variance)
        cloud = law.sample(masses=self.run.setting.masses(config.count, config.shifted_masses), seed=self.run.seed)
        return cloud.to(device=config.device, dtype=config.torch_dtype)

    def observables(self) -> dict[str, Measured]:
        """What is recorded, by name; all of it evaluated in float64, whatever the flow is computed in.

        Risks are R itself, half the mean of squares. The Gram matrix is that of the first output on the first training
        rows. Accuracies are recorded where the network classifies.
        """
        start, test = self.start.to(dtype=torch.float64), self.risk.on(self.data.test)
        train, first = self.risk.data, self.of_first_output
        rows = slice(self.run.config.gram_points)
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
        if self.run.config.classifies:
            measured |= {"train_accuracy": Accuracy(self.risk), "test_accuracy": Accuracy(test)}
        return {name: _in_double(observable) for name, observable in measured.items()}

    def of_first_output(self, cloud: ParticleCloud) -> ParticleCloud:
        """The particles without the weights of the other outputs."""
        return ParticleCloud(cloud.positions[:, : cast(Perceptron, self.risk.neuron).hidden + 1], cloud.masses)

    def reuse(self, alive: Callable[[], None]) -> Mapping[str, Callable[[ParticleCloud], Array]]:
        """What is recorded of the trained network, by name: without its lightest particles, and of transfer.

        alive: called now and then while the networks are trained that learn from its features.
        """
        config, test = self.run.config, self.risk.on(self.data.test)
        neuron = cast(Perceptron, self.risk.neuron)
        size = (config.transfer_counts, config.transfer_units, config.transfer_steps)
        learnt = cache(Transfer(neuron, self.data.validation, *size, self.run.seed, alive))
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
        setting = self.run.setting
        return {
            "study": NAME,
            "config": self.run.config.identity(),
            "setting": {"name": setting.name, "gamma": setting.gamma, "alpha": setting.alpha},
            "data": {"source": self.data.source, "citation": self.data.citation, "checksum": self.data.checksum},
        }


def perform(run: Run, report: Report) -> None:
    """Begin the run, or continue it from the state kept last in its file, and mark the file complete.

    A continued run gives the bits of an uninterrupted one, by gradient descent and adaptively. States are kept under
    the number of gradient steps, by which the file counts, whatever the integrator's steps are. Observables are
    recorded before the frame of the same step, so that a frame in the file has its observables too; once, at the last
    step, what pruning and transfer give.
    """
    config = run.config
    experiment = Experiment(run, load(config.data))

    def observers(file: File) -> list[Observer]:
        recorder = file.trace(**experiment.observables())
        return [
            GradientSteps(config.step, config.steps, config.records, recorder),
            GradientSteps(config.step, config.steps, config.frames, file),
            Every(steps=REPORT_STEPS, observer=lambda step, time, cloud: report(steps_at(time, config.step))),
        ]

    def ended(file: File, end: ParticleCloud) -> None:
        recorder = file.trace(**experiment.reuse(alive=lambda: report(config.steps - 1)))
        recorder(config.steps, config.until, end)

    TrajectoryRun(
        path=run.path,
        flow=GradientFlow(experiment.risk),
        start=experiment.start,
        integrator=Adaptive(config.rtol, config.atol) if config.integrator == "adaptive" else Euler(step=config.step),
        until=config.until,
        seed=run.seed,
        parameters=experiment.parameters,
        observers=observers,
        counted=lambda time: steps_at(time, config.step),
        ended=ended,
    ).perform()
    report(config.steps)


def _risk(data: Dataset) -> Risk:
    neuron = Perceptron(ReLU(), Identity(data.inputs.shape[1]), outputs=data.outputs, trained="hidden")
    return Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=data)


def _in_double(observable: Measured) -> Measured:
    return lambda cloud: observable(cloud.to(dtype=torch.float64))
