"""One run: a setting and a seed, from the initial cloud to a complete trajectory, begun or continued."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import torch

from flows import Adaptive, Euler, Every, GradientFlow, Observer, evolve
from particles import (
    NTK,
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
from runs.datasets import SplitData, load
from runs.figures import Array
from runs.studies.asymmetric_scaling.config import NAME, Config, Setting
from runs.studies.asymmetric_scaling.reuse import PrunedRisk, TransferRisk
from runs.studies.asymmetric_scaling.schedule import GradientSteps, steps_at
from runs.sweep import Report

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
        """R = (1/2n) sum_i (f(x_i) - y_i)^2 of f(x) = sum_j sqrt(lambda_j) a_j relu(w_j . x / sqrt(d)), w_j trained."""
        train, rows = self.data.train, self.run.config.rows
        neuron = Perceptron(ReLU(), Identity(train.inputs.shape[1]), trained="hidden")
        kept = Dataset(train.inputs[:rows], train.targets[:rows])
        return Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=kept)

    @cached_property
    def start(self) -> ParticleCloud:
        """w_j ~ N(0, variance I), a_j = -1 or 1; positions depend on the seed alone, masses on the setting alone."""
        config = self.run.config
        law = GaussianLaw(self.risk.neuron, outputs=RademacherOutputs(), variance=config.variance)
        cloud = law.sample(masses=self.run.setting.masses(config.count, config.shifted_masses), seed=self.run.seed)
        return cloud.to(device=config.device, dtype=config.torch_dtype)

    def observables(self) -> dict[str, Callable[[ParticleCloud], Scalar]]:
        """What is recorded, by name; all of it evaluated in float64, whatever the flow is computed in.

        Risks are R itself, half the mean of squares. The Gram matrix is that of the first training rows.
        """
        start = self.start.to(dtype=torch.float64)
        points = self.risk.data.inputs[: self.run.config.gram_points]
        measured: dict[str, Callable[[ParticleCloud], Scalar]] = {
            "train_risk": self.risk,
            "test_risk": self.risk.on(self.data.test),
            "largest_movement": LargestMovement(start),
            "mean_movement": MeanMovement(start),
            "mass_weighted_movement": MassWeightedMovement(start),
            "gram_change": GramChange(self.risk, start, points),
            "smallest_eigenvalue": SmallestEigenvalue(self.risk, points),
        }
        return {name: _in_double(observable) for name, observable in measured.items()}

    def reuse(self, alive: Callable[[], None]) -> dict[str, Callable[[ParticleCloud], Array]]:
        """What is recorded of the trained network, by name: risks without its lightest particles, and of transfer.

        alive: called now and then while the networks are trained that learn from its features.
        """
        config = self.run.config
        neuron = cast(Perceptron, self.risk.neuron)
        small = TransferRisk(
            neuron, self.data.validation, config.transfer_counts, config.transfer_steps, self.run.seed, alive
        )
        return {
            "pruned_train_risk": PrunedRisk(self.risk),
            "pruned_test_risk": PrunedRisk(self.risk.on(self.data.test)),
            "transfer_risk": small,
        }

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
    """Begin the run, or continue it from the last frame of its file, and mark the file complete.

    Gradient descent has no state but the cloud: a continued run gives the bits of an uninterrupted one. The adaptive
    integrator starts anew from the last frame, and a continued run agrees to the tolerance.
    """
    experiment = Experiment(run, load(run.config.data))
    flow = GradientFlow(experiment.risk)
    with _opened(experiment, flow) as trajectory:
        end = _evolve(experiment, flow, trajectory, report)
        _reuse(experiment, end, trajectory, report)
        trajectory.complete()
    report(run.config.steps)


def _opened(experiment: Experiment, flow: GradientFlow) -> TrajectoryWriter:
    """The run's file to go on with; one that holds the start alone is made anew, or the start would come twice."""
    if experiment.run.is_begun:
        begun = Trajectory.append(experiment.run.path)
        if begun.last is not None and begun.last[0] > 0:
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
    """The flow from the file's last frame, or from the start, up to the last step.

    Observables are recorded before the frame of the same step, so that a frame in the file has its observables too.
    """
    config = experiment.run.config
    step, time, cloud = trajectory.last or (0, 0.0, experiment.start)
    recorder = trajectory.trace(**experiment.observables())
    observers: list[Observer] = [
        GradientSteps(config.step, config.steps, config.records, recorder),
        GradientSteps(config.step, config.steps, config.frames, trajectory),
        Every(steps=REPORT_STEPS, observer=lambda step, time, cloud: report(steps_at(time, config.step))),
    ]
    cloud, until = cloud.to(device=config.device), config.until
    if config.integrator == "adaptive":
        adaptive = Adaptive(config.rtol)
        return evolve(flow, cloud, adaptive, until=until, time=time, index=step, observers=observers)
    return evolve(flow, cloud, Euler(), until=until, step=config.step, time=time, index=step, observers=observers)


def _reuse(experiment: Experiment, end: ParticleCloud, trajectory: TrajectoryWriter, report: Report) -> None:
    """Record once, at the last step, what pruning and transfer give; a continued run may have that already."""
    config = experiment.run.config
    recorder = trajectory.trace(**experiment.reuse(alive=lambda: report(config.steps - 1)))
    if not recorder.elements:
        recorder(config.steps, config.until, end)


def _in_double(observable: Callable[[ParticleCloud], Scalar]) -> Callable[[ParticleCloud], Scalar]:
    return lambda cloud: observable(cloud.to(dtype=torch.float64))
