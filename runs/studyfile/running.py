"""Doing one run of a study file in a folder of its own: begun, continued or found complete, its error recorded."""

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from os.path import isdir
from pathlib import Path

from flows import Observer
from particles import FlowDiverged, FlowRefused, MassError, ParticleCloud, ShapeError, TrajectoryError
from runs.batch.jobs import Report, Stopped
from runs.batch.output_folder import CONFIG_FILE, claimed, held_configuration, hold_configuration, replace_text
from runs.recorded.origins import SOURCES, Held, held_in, is_longer, mixed, noted_seconds, noted_sources, noted_until
from runs.recorded.trajectory_run import File, TrajectoryRun
from runs.studyfile.experiment import Experiment
from runs.studyfile.model.config import RunConfig
from runs.studyfile.model.sources import changes, sources_of
from runs.studyfile.run_end import refuse_ends, same_but_until
from runs.system.files import content_of
from runs.system.printable import printable
from runs.system.refusal import Refusal

#: A run counts as so many steps of progress, in proportion to its flow time.
WHOLE = 1000
RUN_FILE = "run.h5"
ERROR_FILE = "error.txt"

#: What may go wrong in a run, a user's code included, without ending the others.
FAILURES = (
    *(ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, NameError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError),
)


OURS = (Refusal, TrajectoryError, FlowDiverged, FlowRefused, ShapeError, MassError)


@dataclass(frozen=True)
class Job:
    """A run, the folder of its study file, and the folder of all results.

    patience: seconds to wait for another process that is still at work in the run's folder; sources: checksums of the
    files beside the study, those of now where left out; redo: whether what was made of other ones is done again; name:
    of the run's folder where it is not the hash of its configuration, as once was.
    """

    config: RunConfig
    source: Path
    out: Path
    patience: float = 0.0
    sources: Mapping[str, str] | None = None
    redo: bool = False
    name: str | None = None

    @property
    def folder(self) -> Path:
        """The run's own folder, named by the hash of its configuration."""
        return self.out / (self.name or self.config.digest)

    @property
    def path(self) -> Path:
        """Its trajectory."""
        return self.folder / RUN_FILE

    @property
    def error(self) -> Path:
        """The error of a run that failed, with where it came from; removed when the run is tried again."""
        return self.folder / ERROR_FILE

    @property
    def made_of(self) -> Mapping[str, str]:
        """Checksums of the files beside the study that the run is to be made of."""
        return sources_of(self.config, self.source) if self.sources is None else self.sources

    def done(self) -> int:
        """How far the run is, of `WHOLE`, which only a complete one reaches.

        0 where its file cannot be read, or was made of other sources than those of now.
        """
        held = held_in(self.path)
        if held is None or self.changed(held):
            return 0
        return WHOLE if held.complete and not is_longer(self.config.until, held) else self.share(held.time)

    def changed(self, held: Held | None = None) -> list[str]:
        """What became of the files that the run was made of, a phrase each; nothing where nothing is done of it."""
        held = held or held_in(self.path)
        return changes(held.sources, self.made_of) if held is not None and held.begun else []

    def share(self, time: float) -> int:
        """Progress at a flow time of a run that is not complete."""
        return min(WHOLE - 1, int(WHOLE * time / self.config.until))


def perform(job: Job, report: Report) -> None:
    """Do the run, or what is left of it, if anything. Its folder is claimed meanwhile and holds its configuration.

    Raises Refusal with one sentence where it fails, which also stands in the folder's error.txt.
    """
    experiment = Experiment(job.config, job.source)
    with claim(job):
        try:
            job.error.unlink(missing_ok=True)
            if job.done() < WHOLE:  # another process may have come to its end while this one waited
                trajectory_run(experiment, job, told(job, report)).perform()
            report(WHOLE)
        except Stopped:
            raise
        except FAILURES as error:
            record_failure(job, error)
            raise Refusal(spoken_error(error)) from error


@contextmanager
def claim(job: Job) -> Iterator[None]:
    """Makes the run's folder its own for a while; it says which configuration and files beside the study it is of.

    And how many seconds of work were spent on the run, once it is let go.

    Raises Refusal where the files have changed since the study began, and where the folder holds what was made of
    other ones, unless that is to be done again; it is removed then.
    """
    now = sources_of(job.config, job.source)
    _refuse_meanwhile(job.sources, now)
    identity = {"config": job.config.identity(), "sources": now}
    share, began = job.done(), time.monotonic()
    spent = noted_seconds(job.folder) or 0.0 if share else 0.0
    remarks = {"seconds": spent} if share else {}
    with claimed(job.folder, identity, remarks, job.patience, partial(_renew, job, now)):
        try:
            yield
        finally:
            if share < WHOLE:
                noted = {**identity, "remarks": {"seconds": round(spent + time.monotonic() - began, 3)}}
                with suppress(OSError):
                    hold_configuration(job.folder / CONFIG_FILE, noted)


def _renew(job: Job, now: Mapping[str, str]) -> None:
    """Make way for a run of the files as they are now, until when it goes now, in a folder that is the run's."""
    place = job.folder / CONFIG_FILE
    held = held_configuration(place) if place.exists() else {}
    then = held.get(SOURCES)
    if not same_but_until(held.get("config"), job.config) or not isinstance(then, Mapping):
        return
    _refuse_outdated([job])
    _refuse_shorter([job])
    if job.changed() or changes(then, now):
        job.path.unlink(missing_ok=True)
    hold_configuration(place, {**held, "config": job.config.identity(), SOURCES: dict(now)})


def _refuse_meanwhile(before: Mapping[str, str] | None, now: Mapping[str, str]) -> None:
    """Raise Refusal where files have changed since the study began, if it is known what they were then."""
    found = [] if before is None else changes(before, now)
    if found:
        raise Refusal(f"{', '.join(found)} while the study was running: run it again once the files stay as they are.")


def refuse_changed(jobs: Sequence[Job]) -> None:
    """Raise Refusal where files have changed since runs were made of them, unless these are to be done again.

    Also where a run goes longer than is asked or cannot go longer, and where the folder holds other runs, for which
    nothing is asked, of other files of the same names.
    """
    _refuse_outdated(jobs)
    _refuse_shorter(jobs)
    asked, folder = {job.folder.name for job in jobs}, jobs[0].out
    now = {name: digest for job in jobs for name, digest in job.made_of.items()}
    for place in sorted(folder.glob(f"*/{CONFIG_FILE}")) if isdir(folder) else ():
        beside = place.parent
        other = [] if beside.name in asked else sorted(mixed([noted_sources(beside), now]))
        held = held_in(beside / RUN_FILE) if other else None
        if held is not None and held.begun:
            raise Refusal(
                f"{folder} holds the run {beside.name}, which the study does not ask for and which was made of "
                f"another {other[0]}: name another folder with --out, or remove that run."
            )


def _refuse_outdated(jobs: Sequence[Job]) -> None:
    """Raise Refusal for runs of the study. Files are opened only where the notes beside them say so."""
    doubtful = [job for job in jobs if not job.redo and noted_sources(job.folder) != job.made_of]
    found = {job.config.digest: job.changed() for job in doubtful}
    outdated = [digest for digest, changed in found.items() if changed]
    if outdated:
        runs = f"run {outdated[0]} was" if len(outdated) == 1 else f"{len(outdated)} runs ({outdated[0]}, ...) were"
        raise Refusal(
            f"{', '.join(found[outdated[0]])} since {runs} made in {jobs[0].out}: put the old files back, name another "
            "folder with --out, or do these runs again with --stale redo."
        )


def _refuse_shorter(jobs: Sequence[Job]) -> None:
    """Raise Refusal for runs that go longer than is asked or cannot go longer; opened as `_refuse_outdated` says."""
    doubtful = [job for job in jobs if noted_until(job.folder) != job.config.until]
    held = {job.folder.name: (job, found) for job in doubtful if (found := held_in(job.path)) is not None}
    ends = {name: (job.config.until, found) for name, (job, found) in held.items() if not job.changed(found)}
    refuse_ends(ends, jobs[0].out)


def record_failure(job: Job, error: BaseException) -> None:
    """Write an error with where it came from into the run's error.txt."""
    with suppress(OSError):  # where the disk is full, the sentence alone has to do
        replace_text(job.error, "".join(traceback.format_exception(error)))


def traceback_in(path: Path) -> str:
    """What stands in an error.txt, in letters that any terminal shows."""
    try:
        lines = content_of(path).decode(errors="replace").splitlines()
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    return "\n".join(map(printable, lines))


def spoken_error(error: BaseException) -> str:
    """An error in one line, with its class where it is not one of ours, whose sentences speak for themselves."""
    said = (str(error).strip() or "no further word").splitlines()[0]
    return said if isinstance(error, OURS) else f"{type(error).__name__}: {said}"


def trajectory_run(
    experiment: Experiment,
    job: Job,
    tell: Observer,
    guarded: Callable[[Observer], Observer] = lambda act: act,
) -> TrajectoryRun:
    """The run and its trajectory. Recorders are guarded against what may go wrong, `tell` is told how far it is.

    It does not go on, by a Refusal, where a file beside the study has changed since the folder was claimed.
    """

    def parameters() -> dict[str, object]:
        sources = sources_of(job.config, job.source)
        _refuse_meanwhile(held_configuration(job.folder / CONFIG_FILE).get(SOURCES), sources)
        return {"config": job.config.identity(), SOURCES: sources}

    def observers(file: File) -> list[Observer]:
        recorder = file.trace(**experiment.observables())
        return [*experiment.observers(guarded(file), guarded(recorder)), tell]

    return TrajectoryRun(
        path=job.path,
        flow=experiment.flow,
        start=experiment.start,
        integrator=experiment.integrator,
        until=job.config.until,
        seed=job.config.seed,
        parameters=parameters,
        observers=observers,
        moves_masses=experiment.moves_masses,
        extendable=True,
        ranks=experiment.ranks,
    )


def told(job: Job, report: Report) -> Observer:
    """Reports how far the run is."""

    def tell(step: int, moment: float, cloud: ParticleCloud) -> None:
        report(job.share(moment))

    return tell
