"""Runs of a study file as an ensemble: evolved side by side in one process, each with its folder and its file."""

import json
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from flows import Checkpoint, MembersFailed, Observer, evolve_all
from particles import Ensemble, ParticleCloud
from runs.batch.jobs import Report, Stopped
from runs.recorded.trajectory_run import File, Keeper, TrajectoryRun
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.config import RunConfig
from runs.studyfile.model.kinds import FLOWS, INTEGRATORS
from runs.studyfile.model.networks import NEURONS
from runs.studyfile.running import (
    FAILURES,
    WHOLE,
    Job,
    claim,
    perform,
    record_failure,
    spoken_error,
    trajectory_run,
)
from runs.system.files import check_open
from runs.system.refusal import Refusal

#: Runs that are done together, one or more.
Unit = tuple[Job, ...]
#: Files that a run has open: its trajectory and the lock of its folder.
FILES = 2
#: Keys in which runs may differ that are evolved together: starts and scalings but for their rates, and what is looked
#: at.
FREE = ("seed", "law", "masses", "scaling", "frames", "records", "observables", "stop_below", "stop_above")


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
        not config.neuron.import_paths()
        and hasattr(NEURONS[held["neuron"]["kind"]].makes, "member_tangent")
        and FLOWS[held["flow"]["kind"]].declared("stackable")
        and INTEGRATORS[integrator["kind"]].declared("together")
        and integrator.get("step") != "bound"
    )
    if not can:
        return config.digest
    shared = {name: value for name, value in held.items() if name not in FREE}
    shared |= {"count": held["masses"]["count"], "rates": held["scaling"].get("rates")}
    return json.dumps(shared, sort_keys=True)


def check_units(units: Sequence[Unit]) -> None:
    """Raise Refusal where this process may not have the files of a unit open at once."""
    check_open(FILES * max(map(len, units)), "give a smaller --ensemble")


def perform_unit(unit: Unit, report: Report) -> None:
    """Do the runs, or what is left of them. Raises Refusal where one or more fail; each has its own error.txt.

    A run whose folder cannot be had keeps its place beside the others, whose bits so do not depend on it.
    """
    if len(unit) == 1:
        perform(unit[0], report)
        return
    check_units([unit])
    experiments = [Experiment(job.config, job.source) for job in unit]
    with ExitStack() as folders:
        refused = dict[int, BaseException]()
        for e, job in enumerate(unit):
            try:
                folders.enter_context(claim(job))
            except Refusal as error:
                if job.done() < WHOLE:
                    refused[e] = error
        try:
            failures = _evolved(unit, experiments, report, refused)
        except Stopped:
            raise
        except FAILURES as error:
            undone = [e for e, job in enumerate(unit) if e not in refused and job.done() < WHOLE]
            failures = dict.fromkeys(undone, error)
        for e, failure in failures.items():
            record_failure(unit[e], failure)
    failures |= refused
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
    """A run as a member: what `evolve_all` asks of each, and its open file unless it is complete or cannot go on."""

    begun: tuple[TrajectoryRun, File, Keeper] | None = None
    observers: Sequence[Observer] = ()
    keep: Callable[[Checkpoint[Any]], None] | None = None
    resume: Checkpoint[Any] | None = None


class _Members:
    """The runs of a unit that are evolved side by side: how far each is, and the failure of each that has one.

    A run that is complete, or was refused, keeps its place beside the others.
    """

    def __init__(self, unit: Unit, experiments: Sequence[Experiment], refused: Container[int], report: Report) -> None:
        self._unit = unit
        self._experiments = experiments
        self._report = report
        self.shares = [WHOLE if e in refused else job.done() for e, job in enumerate(unit)]
        self.failures = dict[int, BaseException]()

    def part(self, e: int, files: ExitStack) -> _Part:
        """The run with its file opened, where something is left of it to be done."""
        job = self._unit[e]
        experiment = self._experiments[e]
        if self.shares[e] < WHOLE:
            with self.alone(e):
                job.error.unlink(missing_ok=True)
                run = trajectory_run(experiment, job, partial(self._tell, e), partial(self._guarded, e))
                file = run.opened()
                files.enter_context(file)
                keeper = run.keeper(file)
                observers = run.observers(file)
                return _Part((run, file, keeper), observers, partial(self._keep, e, keeper), keeper.resumed)
        return _Part(resume=Checkpoint(0, job.config.until, experiment.start, None))

    def end(self, e: int, part: _Part) -> None:
        """Close the file of a run that has one, marked complete unless the run has failed."""
        if part.begun is None:
            return
        run, file, keeper = part.begun
        with self.alone(e):
            if e not in self.failures:
                run.complete(file, keeper)
        with self.alone(e):
            file.close()
        if e not in self.failures:
            self.shares[e] = WHOLE

    @contextmanager
    def alone(self, e: int) -> Iterator[None]:
        """What goes wrong in the block is the failure of one run, unless it has one, and the others go on."""
        try:
            yield
        except FAILURES as error:
            self.failures.setdefault(e, error)

    def _guarded(self, e: int, act: Callable[..., bool | None]) -> Callable[..., bool | None]:
        """The same act until it fails, which stops its run alone."""

        def guarded(*given: Any) -> bool | None:
            with self.alone(e):
                return True if e in self.failures else act(*given)
            return True

        return guarded

    def _keep(self, e: int, keeper: Keeper, checkpoint: Checkpoint[Any]) -> None:
        with self.alone(e):
            if e not in self.failures:
                keeper(checkpoint)

    def _tell(self, e: int, step: int, moment: float, cloud: ParticleCloud) -> bool:
        """Whether the run has failed and ends here."""
        self.shares[e] = self._unit[e].share(moment)
        self._report(sum(self.shares))
        return e in self.failures


def _evolved(
    unit: Unit, experiments: Sequence[Experiment], report: Report, refused: Container[int]
) -> dict[int, BaseException]:
    """Evolve what is left of the runs and mark those complete that came to their end; the errors of the others."""
    members = _Members(unit, experiments, refused, report)
    with ExitStack() as files:
        parts = [members.part(e, files) for e in range(len(unit))]
        try:
            evolve_all(
                [experiment.flow for experiment in experiments],
                Ensemble.of([experiment.start for experiment in experiments]),
                experiments[0].integrator,
                until=unit[0].config.until,
                observers=[part.observers for part in parts],
                seeds=[job.config.seed for job in unit],
                keep=[part.keep for part in parts],
                resume=[part.resume for part in parts],
            )
        except MembersFailed as error:
            members.failures.update(error.failures)
        for e, part in enumerate(parts):
            members.end(e, part)
    report(sum(members.shares))
    return members.failures
