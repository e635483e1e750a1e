"""Doing one run of a study file in a folder of its own: begun, continued or found complete, its error recorded."""

import math
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows import Observer, evolve
from flows.checkpoint import CHECKPOINTED, Checkpoint
from particles import FlowDiverged, FlowRefused, MassError, ParticleCloud, ShapeError, Trajectory, TrajectoryError
from particles.trajectory import SharedTrajectory, TrajectoryWriter
from runs.folder import claimed, replace_text
from runs.jobs import Report, Stopped
from runs.refusal import Refusal
from runs.studyfile.config import RunConfig
from runs.studyfile.experiment import Experiment

#: Seconds between two checkpoints: what a killed run loses at most.
KEEP_SECONDS = 10.0
#: A run counts as so many steps of progress, in proportion to its flow time.
WHOLE = 1000

#: What may go wrong in a run, a user's code included, without ending the others.
FAILURES = (
    *(ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, NameError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError),
)


OURS = (Refusal, TrajectoryError, FlowDiverged, FlowRefused, ShapeError, MassError)


@dataclass(frozen=True)
class Job:
    """A run, the folder of its study file, and the folder of all results.

    patience: seconds to wait for another process that is still at work in the run's folder.
    """

    config: RunConfig
    source: Path
    out: Path
    patience: float = 0.0

    @property
    def folder(self) -> Path:
        """The run's own folder, named by the hash of its configuration."""
        return self.out / self.config.digest

    @property
    def path(self) -> Path:
        """Its trajectory."""
        return self.folder / "run.h5"

    @property
    def error(self) -> Path:
        """The error of a run that failed, with where it came from; removed when the run is tried again."""
        return self.folder / "error.txt"

    def done(self) -> int:
        """How far the run is, of `WHOLE`, which only a complete one reaches; 0 where its file cannot be read."""
        try:
            with Trajectory.open(self.path) as trajectory:
                if trajectory.is_complete:
                    return WHOLE
                return self.share(float(trajectory.times[-1])) if len(trajectory) else 0
        except TrajectoryError:
            return 0

    def share(self, time: float) -> int:
        """Progress at a flow time of a run that is not complete."""
        return min(WHOLE - 1, int(WHOLE * time / self.config.until))


def perform(job: Job, report: Report) -> None:
    """Do the run, or what is left of it, if anything. Its folder is claimed meanwhile and holds its configuration.

    Raises Refusal with one sentence where it fails, which also stands in the folder's error.txt.
    """
    experiment = Experiment(job.config, job.source)
    with claim(job, experiment):
        try:
            job.error.unlink(missing_ok=True)
            if job.done() < WHOLE:  # another process may have come to its end while this one waited
                _continued(experiment, job, report)
            report(WHOLE)
        except Stopped:
            raise
        except FAILURES as error:
            record_failure(job, error)
            raise Refusal(spoken_error(error)) from error


def claim(job: Job, experiment: Experiment) -> AbstractContextManager[Path]:
    """Makes the run's folder its own for a while; it says which configuration and files beside the study it is of."""
    identity = {"config": job.config.identity(), "sources": experiment.sources()}
    return claimed(job.folder, identity, remarks={}, patience=job.patience)


def record_failure(job: Job, error: BaseException) -> None:
    """Write an error with where it came from into the run's error.txt."""
    with suppress(OSError):  # where the disk is full, the sentence alone has to do
        replace_text(job.error, "".join(traceback.format_exception(error)))


def spoken_error(error: BaseException) -> str:
    """An error in one line, with its class where it is not one of ours, whose sentences speak for themselves."""
    said = (str(error).strip() or "no further word").splitlines()[0]
    return said if isinstance(error, OURS) else f"{type(error).__name__}: {said}"


def _continued(experiment: Experiment, job: Job, report: Report) -> None:
    with opened(experiment, job) as trajectory:
        kept = trajectory.kept(CHECKPOINTED, experiment.start.device)
        evolve_run(experiment, job, trajectory, kept, Keeper(trajectory, KEEP_SECONDS), report)
        trajectory.complete()


def opened(experiment: Experiment, job: Job) -> TrajectoryWriter:
    """The run's file to go on with where it has a checkpoint; one without, which holds the start at most, is removed.

    A new one where there is none.
    """
    if job.path.exists():
        trajectory = Trajectory.append(job.path)
        if trajectory.kept_parts() is not None:
            return trajectory
        trajectory.close()
        job.path.unlink()
    return Trajectory.create(
        job.path,
        flow=experiment.flow,
        seed=job.config.seed,
        parameters={"config": job.config.identity()},
        moving_masses=experiment.moves_masses,
    )


class Keeper:
    """Keeps the state of the run in its file at the start and then every so many seconds.

    When it does so does not change the run: the file that is resumed from any of these ends with the same bits.
    """

    def __init__(
        self, trajectory: TrajectoryWriter | SharedTrajectory, seconds: float, agreed: Callable[[int], int] = int
    ) -> None:
        """agreed: makes of 1, it is time, or 0 what all ranks do."""
        self._trajectory, self._seconds, self._agreed = trajectory, seconds, agreed
        self._next = -math.inf

    def __call__(self, checkpoint: Checkpoint[Any]) -> None:
        """Keep it, if it is time."""
        if self._agreed(int(time.monotonic() >= self._next)):
            self._trajectory.keep(checkpoint)
            self._next = time.monotonic() + self._seconds


def observers_of(
    experiment: Experiment, trajectory: TrajectoryWriter | SharedTrajectory, tell: Observer
) -> list[Observer]:
    """The recorders of a run, what stops it, and who is told how far it is."""
    recorder = trajectory.trace(**experiment.observables())
    return [*experiment.observers(trajectory, recorder), tell]


def evolve_run(
    experiment: Experiment,
    job: Job,
    trajectory: TrajectoryWriter | SharedTrajectory,
    kept: object,
    keeper: Keeper,
    report: Report,
) -> None:
    """The run from its start, or from what was kept of it, to its end."""

    def tell(step: int, moment: float, cloud: ParticleCloud) -> None:
        report(job.share(moment))

    evolve(
        experiment.flow,
        experiment.start,
        experiment.integrator,
        until=job.config.until,
        observers=observers_of(experiment, trajectory, tell),
        seed=job.config.seed,
        keep=keeper,
        resume=kept if isinstance(kept, Checkpoint) else None,
    )
