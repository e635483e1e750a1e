"""Runs of a study file as an ensemble: evolved side by side in one process, each with its folder and its file."""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from flows import CHECKPOINTED, Checkpoint, MembersFailed, Observer, evolve_all
from particles import Ensemble, ParticleCloud
from particles.trajectory import TrajectoryWriter
from runs.jobs import Report, Stopped
from runs.refusal import Refusal
from runs.studyfile import running
from runs.studyfile.config import RunConfig
from runs.studyfile.experiment import Experiment
from runs.studyfile.running import (
    FAILURES,
    WHOLE,
    Job,
    Keeper,
    claim,
    observers_of,
    opened,
    perform,
    record_failure,
    spoken_error,
)

#: Runs that are done together, one or more.
Unit = tuple[Job, ...]
#: What an ensemble can be evolved by, as `flows.evolve_all` says.
FLOWS = ("gradient", "ntk", "langevin")
GIVEN_STEP = ("euler", "heun", "rk4", "euler-maruyama", "leimkuhler-matthews", "linear-splitting")
OWN_STEPS = ("adaptive", "bdf", "chebyshev", "dormand-prince")
#: Keys in which runs may differ that are evolved together: starts and scalings, and what is looked at.
FREE = ("seed", "law", "masses", "scaling", "frames", "records", "observables", "stop_below")


def units_of(jobs: Sequence[Job], members: int) -> list[Unit]:
    """The runs, `members` together at the most where an ensemble can have them, in the order of their first ones.

    Which are together follows from the whole study and not from what is done of it: on that the last bits depend.
    """
    units: list[list[Job]] = []
    last: dict[str, list[Job]] = {}
    for job in jobs:
        key = _key(job.config)
        if key not in last or len(last[key]) == members:
            last[key] = []
            units.append(last[key])
        last[key].append(job)
    return [tuple(unit) for unit in units]


def _key(config: RunConfig) -> str:
    """The same for runs that can be evolved together; a run's own where it cannot."""
    held = config.identity()
    integrator = held["integrator"]
    can = (
        held["neuron"]["kind"] == "perceptron"
        and held["flow"]["kind"] in FLOWS
        and (integrator["kind"] in OWN_STEPS or integrator["kind"] in GIVEN_STEP and integrator["step"] != "bound")
    )
    if not can:
        return config.digest
    shared = {name: value for name, value in held.items() if name not in FREE}
    return json.dumps({**shared, "count": held["masses"]["count"]}, sort_keys=True)


def perform_unit(unit: Unit, report: Report) -> None:
    """Do the runs, or what is left of them. Raises Refusal where one or more fail; each has its own error.txt."""
    if len(unit) == 1:
        perform(unit[0], report)
        return
    experiments = [Experiment(job.config, job.source) for job in unit]
    with ExitStack() as folders:
        for job in unit:
            folders.enter_context(claim(job))
        try:
            for job in unit:
                job.error.unlink(missing_ok=True)
            failures = _evolved(unit, experiments, report)
        except Stopped:
            raise
        except FAILURES as error:
            failures = dict.fromkeys((e for e, job in enumerate(unit) if job.done() < WHOLE), error)
        for e, failure in failures.items():
            record_failure(unit[e], failure)
    if failures:
        raise Refusal("\n".join(f"{unit[e].config.digest}: {spoken_error(error)}" for e, error in failures.items()))


def failures_of(unit: Unit, said: str) -> dict[str, str]:
    """The sentence of every run of a unit that failed, by its hash, from what `perform_unit` said."""
    if len(unit) == 1:
        return {unit[0].config.digest: said}
    told = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    own = {job.config.digest: told[job.config.digest] for job in unit if job.config.digest in told}
    return own or {job.config.digest: said for job in unit if job.done() < WHOLE}


@dataclass(frozen=True, eq=False)
class _Part:
    """A run as a member: its job, what it stands for, and its open file unless it is complete."""

    job: Job
    experiment: Experiment
    trajectory: TrajectoryWriter | None

    def observers(self, tell: Observer) -> list[Observer]:
        """Its recorders and who is told how far it is; nobody where it is complete."""
        return [] if self.trajectory is None else observers_of(self.experiment, self.trajectory, tell)

    def keeper(self) -> Keeper | None:
        """Who keeps its state."""
        return None if self.trajectory is None else Keeper(self.trajectory, running.KEEP_SECONDS)

    def resume(self) -> Checkpoint[Any] | None:
        """What it goes on from; a complete run only keeps its place beside the others."""
        if self.trajectory is None:
            return Checkpoint(0, self.job.config.until, self.experiment.start, None)
        kept = self.trajectory.kept(CHECKPOINTED, self.experiment.start.device)
        return kept if isinstance(kept, Checkpoint) else None


def _evolved(unit: Unit, experiments: Sequence[Experiment], report: Report) -> dict[int, BaseException]:
    """Evolve what is left of the runs and mark those complete that came to their end; the errors of the others."""
    shares, failures = [job.done() for job in unit], dict[int, BaseException]()

    def tell(e: int, step: int, moment: float, cloud: ParticleCloud) -> None:
        shares[e] = unit[e].share(moment)
        report(sum(shares))

    with ExitStack() as files:
        parts = [
            _Part(job, experiment, files.enter_context(opened(experiment, job)) if share < WHOLE else None)
            for job, experiment, share in zip(unit, experiments, shares, strict=True)
        ]
        try:
            evolve_all(
                [experiment.flow for experiment in experiments],
                Ensemble.of([experiment.start for experiment in experiments]),
                experiments[0].integrator,
                until=unit[0].config.until,
                observers=[part.observers(partial(tell, e)) for e, part in enumerate(parts)],
                seeds=[job.config.seed for job in unit],
                keep=[part.keeper() for part in parts],
                resume=[part.resume() for part in parts],
            )
        except MembersFailed as error:
            failures.update(error.failures)
        for e, part in enumerate(parts):
            if part.trajectory is None:
                continue
            if e in failures:
                part.trajectory.close()
            else:
                part.trajectory.complete()
                shares[e] = WHOLE
    report(sum(shares))
    return failures
