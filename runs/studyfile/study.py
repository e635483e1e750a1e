"""`meanfield run study.toml`: every run of the file that is not complete, on a few local processes or a cluster."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from os.path import isdir
from pathlib import Path

from rich.console import Console

from particles import Ranks
from runs.batch.crew import GLANCE, perform_all, usable_cores
from runs.batch.dask_cluster import scheduler_at
from runs.batch.jobs import Crew, Report
from runs.batch.output_folder import CONFIG_FILE, replace_text
from runs.batch.progress import BatchProgress
from runs.studyfile.ensembles import Unit, check_units, failures_of, perform_unit, units_of
from runs.studyfile.model.identity import Identity, check_folder
from runs.studyfile.model.reading import StudyFile, read_study
from runs.studyfile.model.sources import sources_of
from runs.studyfile.over_ranks import check_shareable, perform_shared, refuse_changed_together, shares_done
from runs.studyfile.plan import planned
from runs.studyfile.results.index import LiveIndex
from runs.studyfile.results.summary import summarised
from runs.studyfile.run_end import older_names
from runs.studyfile.running import WHOLE, Job, traceback_in
from runs.system.printable import printable
from runs.system.refusal import Refusal, chosen
from runs.system.verbosity import is_verbose, progress_console

#: Seconds that a run on a cluster waits for one of an earlier command, whose worker may still be coming to its end.
PATIENCE = 60.0
#: From so many runs on a word is said before they are looked at.
MANY = 10_000
#: Said of a run that came to its end, but not of its file.
GONE = "It came to its end, but its file is not there any more: put it back, or run again and leave it where it is."
#: Seconds until a file that another machine has written is seen here, as file systems in a network have it.
ARRIVAL = 30.0
#: What may become of runs whose data or code have changed since.
STALE = ("refuse", "redo")


@dataclass(frozen=True)
class StudyEnd:
    """How a study ended: its runs, and the sentence of each one that failed."""

    jobs: tuple[Job, ...]
    failures: dict[str, str]


def jobs_of(study: StudyFile, out: Path | None = None) -> tuple[Job, ...]:
    """The runs with their folders, by default below results/NAME."""
    folder = Path("results") / study.name if out is None else out
    older = older_names(folder)
    there = {config.digest for config in study.runs if isdir(folder / config.digest)}
    names = {digest: name for digest, name in older.items() if digest not in there}
    return tuple(Job(config, study.folder, folder, name=names.get(config.digest)) for config in study.runs)


def with_sources(jobs: Sequence[Job], stale: str) -> tuple[Job, ...]:
    """The runs with the checksums of the files beside the study as they are now.

    stale: refuse or redo, what is to become of runs that were made of other ones.
    """
    redo, found = chosen("value of --stale", stale, STALE) == "redo", dict[str, Mapping[str, str]]()
    made = []
    for job in jobs:
        named = json.dumps([job.config.data.files, job.config.import_paths()])
        found[named] = found[named] if named in found else sources_of(job.config, job.source)
        made.append(replace(job, sources=found[named], redo=redo))
    return tuple(made)


def run_study(
    jobs: Sequence[Job],
    console: Console,
    workers: int | Crew | None = None,
    ranks: Ranks | None = None,
    members: int = 1,
) -> StudyEnd:
    """Do what is not complete, by one process per core unless a number (0: in this process) or a crew is given.

    Up to so many `members` are evolved side by side by one process. Where there are ranks, one of which this process
    is, they share each run. Raises Refusal, before anything is done, where the files beside the study have changed
    since a run was made, unless it is to be done again.
    """
    refuse_changed_together(jobs, ranks)
    shares = [job.done() for job in jobs] if ranks is None else shares_done(jobs, ranks)
    done = {job.config.digest: share for job, share in zip(jobs, shares, strict=True)}
    shared = [(unit, [done[job.config.digest] for job in unit]) for unit in units_of(jobs, members)]
    pending = [unit for unit, parts in shared if min(parts) < WHOLE]
    begun = [sum(parts) for _, parts in shared if min(parts) < WHOLE]
    complete = shares.count(WHOLE)
    index = LiveIndex(jobs[0].out, jobs) if ranks is None or ranks.is_first else None
    said = f"{len(jobs)} runs in {printable(str(jobs[0].out))}, {complete} complete already."
    console.print(said, highlight=False, soft_wrap=True, markup=False)
    if not pending:
        return StudyEnd(tuple(jobs), {})
    if workers is None:
        on_device = any(job.config.device != "cpu" for job in jobs)
        workers = 0 if on_device or len(pending) == 1 else min(usable_cores(), len(pending))
    sizes, aside = [WHOLE * len(unit) for unit in pending], len(jobs) - sum(map(len, pending))
    performed = perform_unit if ranks is None else partial(_perform_shared, ranks=ranks)
    with ExitStack() as ending, BatchProgress(sizes, begun, console, complete=aside) as progress:
        if index is not None:
            ending.callback(index.write)

        def watch(done: Sequence[int], failed: Sequence[int]) -> None:
            progress.show(done, failed)
            if index is not None:
                index.watch(len(failed) + sum(map(int.__ge__, done, sizes)))

        outcomes = perform_all(pending, performed, begun=begun, workers=workers, watch=watch)
    failures = {}
    for unit, outcome in zip(pending, outcomes, strict=True):
        if outcome.failure is not None:
            failures.update(failures_of(unit, outcome.failure))
            for job in unit if outcome.lost else ():
                if job.done() < WHOLE and (job.folder / CONFIG_FILE).exists():
                    with suppress(OSError):
                        replace_text(job.error, outcome.failure + "\n")
    if ranks is None or ranks.is_first:
        failures |= {job.config.digest: GONE for job in _gone([j for j in jobs if j.config.digest not in failures])}
    return StudyEnd(tuple(jobs), failures)


def _gone(jobs: Sequence[Job]) -> Sequence[Job]:
    """Those of the runs that came to their end whose files are not there to be read."""
    deadline = time.monotonic() + min(ARRIVAL, max((job.patience for job in jobs), default=0.0))
    while jobs := [job for job in jobs if job.done() < WHOLE]:
        if time.monotonic() >= deadline:
            return jobs
        time.sleep(GLANCE)
    return jobs


def _perform_shared(unit: Unit, report: Report, ranks: Ranks) -> None:
    perform_shared(unit[0], report, ranks)


def _check_folder(folder: Path, identity: Identity, ranks: Ranks | None) -> None:
    """Raise Refusal, on every rank, where the folder of the results holds another study."""
    said = ""
    if ranks is None or ranks.is_first:
        try:
            check_folder(folder, identity)
        except Refusal as error:
            said = str(error)
    said = said if ranks is None else ranks.text(said)
    if said:
        raise Refusal(said)


def _tell_failures(end: StudyEnd) -> None:
    """Say why runs failed, however quiet the command is, and where a verbose one is to say that too."""
    errors, places = Console(stderr=True), {job.config.digest: job.error for job in end.jobs}
    for digest, failure in end.failures.items():
        said = [f"Failed: {digest}: {printable(failure)}", *([traceback_in(places[digest])] if is_verbose() else [])]
        errors.print(*said, sep="\n", highlight=False, soft_wrap=True, markup=False)


def command(
    path: Path,
    settings: Sequence[str],
    out: Path | None,
    dry: bool,
    workers: int | None,
    scheduler: str | None,
    ranks: Ranks | None = None,
    members: int | None = None,
    stale: str = STALE[0],
    summary: bool = True,
    page: Callable[[Path], None] | None = None,
) -> bool:
    """The study as the command line calls it; whether every run is complete.

    summary: whether it ends with a table, a figure and a page; page: writes the page of a folder.
    """
    if scheduler is not None and workers is not None:
        raise Refusal("--workers and --scheduler both say who does the runs: leave one of them out.")
    study = read_study(path, settings)
    jobs = with_sources(jobs_of(study, out), stale)
    shown, console = Console(), progress_console()
    if len(jobs) >= MANY:
        console.print(f"{len(jobs)} runs are looked at, which takes a while.", highlight=False)
    if ranks is not None:
        if dry or workers is not None or scheduler is not None or members is not None:
            given = "--dry-run, --ensemble, --workers and --scheduler"
            raise Refusal(f"{given} are for a study without torchrun: leave them out.")
        check_shareable(jobs, ranks)
    refuse_changed_together(jobs, ranks)
    identity = Identity.of(study.sweep, study.runs[0])
    _check_folder(jobs[0].out, identity, ranks)
    if scheduler is None:
        check_units(units_of(jobs, members or 1))
    remark = [f"{study.asked} runs were asked for, {len(jobs)} of them different"] if study.asked > len(jobs) else []
    if dry:
        plan = planned(jobs, members or 1)
        text = "\n".join(map(printable, [*plan.lines, *remark]))
        shown.print(text, highlight=False, soft_wrap=True, markup=False)
        outdated = sum(bool(job.changed()) for job in jobs)
        if outdated:
            shown.print(f"done again, since files beside the study have changed: {outdated} runs", highlight=False)
        return plan.impossible == 0
    for line in remark:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    if scheduler is None:
        if ranks is None or ranks.is_first:
            identity.write(jobs[0].out)
        result = run_study(jobs, console, workers if ranks is None else 0, ranks, members or 1)
    else:
        jobs = tuple(replace(job, out=job.out.absolute(), patience=PATIENCE) for job in jobs)
        with scheduler_at(scheduler, jobs[0].out) as crew:
            identity.write(jobs[0].out)
            result = run_study(jobs, console, crew, members=members or 1)
    finished = len(jobs) - len(result.failures)
    place = printable(str(jobs[0].out))
    shown.print(f"{finished} of {len(jobs)} runs complete in {place}", highlight=False, soft_wrap=True, markup=False)
    if summary and (ranks is None or ranks.is_first):
        for line in summarised(jobs, shown):
            shown.print(printable(line), highlight=False, soft_wrap=True, markup=False)
    _tell_failures(result)
    if page is not None and summary and finished and (ranks is None or ranks.is_first):
        page(jobs[0].out)
    return not result.failures
