"""One run: a setting and a seed, from the initial cloud to a complete trajectory, begun or continued."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import torch

from flows import Adaptive, Euler, Every, GradientFlow, evolve
from flows.loop.checkpoint import CHECKPOINTED, Checkpoint
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
from particles.trajectory import TrajectoryWriter
from runs.batch.crew import Report
from runs.datasets import SplitData, load
from runs.figures.figures import Array
from runs.studies.asymmetric_scaling.config import NAME, Config, Setting
from runs.studies.asymmetric_scaling.reuse import Pruned, Transfer
from runs.studies.asymmetric_scaling.schedule import GradientSteps, steps_at
from runs.studyfile.running import KEEP_SECONDS
from runs.studyfile.state_keeper import Keeper

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

    @property
    def birth(self) -> Path:
        """Stands beside the trajectory while that is being created and cannot be read yet."""
        return self.config.out / f".{self.name}.birth"

    @property
    def is_begun(self) -> bool:
        """Whether there is a trajectory; what a kill in the moment of its creation left behind is none."""
        return self.path.exists() and not self.birth.exists()


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

    A continued run gives the bits of an uninterrupted one, by gradient descent and adaptively.
    """
    experiment = Experiment(run, load(run.config.data))
    flow = GradientFlow(experiment.risk)
    with _opened(experiment, flow) as trajectory:
        end = _evolve(experiment, flow, trajectory, report)
        _reuse(experiment, end, trajectory, report)
        trajectory.complete()
    report(run.config.steps)


def _opened(experiment: Experiment, flow: GradientFlow) -> TrajectoryWriter:
    """The run's file to go on with; one in which no state was kept is made anew."""
    if experiment.run.is_begun:
        begun = Trajectory.append(experiment.run.path)
        if begun.kept(CHECKPOINTED) is not None:
            return begun
        begun.close()
        experiment.run.path.unlink()
    return _created(experiment, flow)


def _created(experiment: Experiment, flow: GradientFlow) -> TrajectoryWriter:
    run = experiment.run
    if run.birth.exists():
        run.path.unlink(missing_ok=True)
    run.birth.touch()
    writer = Trajectory.create(run.path, flow=flow, seed=run.seed, parameters=experiment.parameters())
    run.birth.unlink()
    return writer


def _evolve(experiment: Experiment, flow: GradientFlow, trajectory: TrajectoryWriter, report: Report) -> ParticleCloud:
    """The flow from the state kept in the file, or from the start, up to the last step.

    Observables are recorded before the frame of the same step, so that a frame in the file has its observables too.
    """
    config = experiment.run.config
    recorder = trajectory.trace(**experiment.observables())
    keeper = _Kept(trajectory, config.step, trajectory.kept(CHECKPOINTED, config.device))
    return evolve(
        flow,
        experiment.start,
        Adaptive(config.rtol, config.atol) if config.integrator == "adaptive" else Euler(step=config.step),
        until=config.until,
        observers=[
            GradientSteps(config.step, config.steps, config.records, recorder),
            GradientSteps(config.step, config.steps, config.frames, trajectory),
            Every(steps=REPORT_STEPS, observer=lambda step, time, cloud: report(steps_at(time, config.step))),
        ],
        keep=keeper,
        resume=keeper.resumed,
    )


class _Kept(Keeper):
    """Keeps states under the number of gradient steps, by which the file counts, whatever the integrator's steps are.

    Of several states within one gradient step only the first is kept: a file tells its states apart by that number.
    """

    def __init__(self, trajectory: TrajectoryWriter, length: float, kept: object) -> None:
        super().__init__(trajectory, KEEP_SECONDS, kept)
        self._length, self._last = length, -1 if self.resumed is None else self.resumed.step

    def __call__(self, checkpoint: Checkpoint[Any]) -> None:
        """Keep it, if it is time."""
        step = steps_at(checkpoint.time, self._length)
        if step > self._last:
            self._last = step
            super().__call__(replace(checkpoint, step=step))


def _reuse(experiment: Experiment, end: ParticleCloud, trajectory: TrajectoryWriter, report: Report) -> None:
    """Record once, at the last step, what pruning and transfer give."""
    config = experiment.run.config
    recorder = trajectory.trace(**experiment.reuse(alive=lambda: report(config.steps - 1)))
    recorder(config.steps, config.until, end)


def _risk(data: Dataset) -> Risk:
    neuron = Perceptron(ReLU(), Identity(data.inputs.shape[1]), outputs=data.outputs, trained="hidden")
    return Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=data)


def _in_double(observable: Measured) -> Measured:
    return lambda cloud: observable(cloud.to(dtype=torch.float64))
