"""The only main of a study: do the cases that are not done yet, then write table, claims and figures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console

from particles import FlowDiverged, TrajectoryError
from runs.batch.crew import Report, Stopped, perform_all, usable_cores
from runs.batch.fork_server import are_forked
from runs.batch.output_folder import claimed
from runs.batch.progress import BatchProgress
from runs.batch.standing_processes import standing_processes
from runs.study.claims import CLAIMS, Claim, write_claims
from runs.study.configuration import StudyConfig
from runs.study.experiment import PREDICTED, Case, Experiment, planned
from runs.study.provenance import note_work
from runs.study.study import Study
from runs.study.study_figures import draw_all, figures_of
from runs.study.table import COLUMNS, Table
from runs.system.files import opened_text
from runs.system.refusal import Refusal

RESULT, CASES, EARLIER = "result.csv", "cases", "result.earlier.csv"
#: Units of progress of a case in the mean over its experiment.
EVEN = 10_000


@dataclass(frozen=True)
class Job:
    """A case of an experiment in a folder; its rows lie in a file of its own, which is there once the case is done."""

    experiment: Experiment
    config: Any
    case: Case
    folder: Path

    @property
    def name(self) -> str:
        """Also the name of the file."""
        return f"{self.experiment.name}-{self.case.name}"

    @property
    def path(self) -> Path:
        """Where the rows lie."""
        return self.folder / CASES / f"{self.name}.csv"

    @property
    def begun(self) -> int:
        """Units of progress that are done, never all of them as long as the case is not."""
        return min(self.experiment.begun(self.config, self.case, self.folder), self.case.size - 1)


def perform(job: Job, report: Report) -> None:
    """Do a case and write its rows, whole or not at all. What goes wrong with its numbers is a Refusal."""
    try:
        if job.case == PREDICTED:
            rows = tuple(job.experiment.predicted(job.config))
        else:
            rows = tuple(job.experiment.measured(job.config, job.case, job.folder, report))
        Table(rows).write(job.path)
    except (FlowDiverged, Refusal, Stopped, TrajectoryError):
        raise
    except (ArithmeticError, MemoryError, RuntimeError, ValueError) as error:
        raise Refusal(f"{type(error).__name__}: {error}") from error
    report(job.case.size)


def run_study(
    study: Study,
    config: StudyConfig,
    *,
    only: Sequence[str] = (),
    workers: int | None = None,
    console: Console | None = None,
) -> Table:
    """Do the cases of some experiments, or of all, that are not done yet; write what the folder's cases give.

    Table, claims and figures are of every case in the folder, whenever it was done. Raises Refusal for a name that no
    experiment has, and for a folder of another configuration; a case that fails is named in the table.
    """
    console, chosen = console or Console(stderr=True), study.chosen(only)
    source = config.source()
    identity = {"study": study.name, **config.identity(), **({"data_checksum": source.checksum} if source else {})}
    remarks = {"citation": source.citation, "source": source.source} if source else {}
    with claimed(config.out, identity, remarks, added=True) as folder:
        (folder / CASES).mkdir(exist_ok=True)
        _set_aside(folder, console)
        jobs = [Job(one, config, case, folder) for one in chosen for case in planned(one, config)]
        pending = longest_first([job for job in jobs if not job.path.exists()])
        _announce(console, study, config, jobs, pending)
        began = time.monotonic()
        workers = _processes(config) if workers is None else workers
        failures = _perform(console, jobs, pending, workers)
        if len(failures) < len(pending):
            note_work(folder, config.device, time.monotonic() - began)
        table = table_of(study, config, folder)
        files = _write(study, config, folder, table, bool(pending), workers)
        return replace(table, failures=failures, files=files)


def table_of(study: Study, config: StudyConfig, folder: Path) -> Table:
    """The rows of every case of the configuration that is done, in the order of experiments and cases."""
    jobs = (Job(one, config, case, folder) for one in study.experiments for case in planned(one, config))
    return Table.merged(Table.read(job.path) for job in jobs if job.path.exists())


def claims_of(study: Study, config: StudyConfig, folder: Path, table: Table) -> list[Claim]:
    """What is stated beside what was measured, of the experiments that are complete."""
    complete = (one for one in study.experiments if all(_done(one, config, folder)))
    return [Claim(one.name, result) for one in complete for result in one.claims(config, table)]


def _done(experiment: Experiment, config: StudyConfig, folder: Path) -> list[bool]:
    return [Job(experiment, config, case, folder).path.exists() for case in planned(experiment, config)]


def _set_aside(folder: Path, console: Console) -> None:
    """Rename a table of an earlier layout, so that nothing of it is lost."""
    path = folder / RESULT
    if not path.exists():
        return
    with opened_text(path) as file:
        head = file.readline().strip()
    if head != ",".join(COLUMNS):
        path.rename(folder / EARLIER)
        said = f"{RESULT} has the layout of an earlier version; it is kept as {EARLIER}."
        console.print(said, highlight=False, soft_wrap=True)


def _processes(config: StudyConfig) -> int:
    """How many processes the configuration asks for: by default one a core, and none on a GPU."""
    if config.workers is not None:
        return config.workers
    return 0 if config.device == "cuda" else usable_cores()


def longest_first(jobs: Sequence[Job]) -> list[Job]:
    """The jobs, experiment by experiment and seed by seed as they come, and of one seed the longest first.

    So an interrupted study has whole comparisons, and at the end no process waits long for another.
    """
    groups = groupby(jobs, key=lambda job: (job.experiment.name, job.case.seed, job.case == PREDICTED))
    return [job for _, own in groups for job in sorted(own, key=lambda job: -job.case.size * job.case.weight)]


def _announce(console: Console, study: Study, config: StudyConfig, jobs: Sequence[Job], pending: Sequence[Job]) -> None:
    complete = [job.name for job in jobs if job not in pending]
    begun = [job.name for job in pending if job.begun]
    about = f" on {config.data}" if config.data else ""
    console.print(
        f"{study.name}{about}, scale {config.scale}: {len(jobs)} cases in {config.out}", highlight=False, soft_wrap=True
    )
    if complete:
        names = "all of them" if len(complete) == len(jobs) else ", ".join(complete)
        console.print(f"Already complete and not redone: {names}.", highlight=False, soft_wrap=True)
    if begun:
        console.print(f"Continued from the state kept last: {', '.join(begun)}.", highlight=False, soft_wrap=True)


def _perform(console: Console, jobs: Sequence[Job], pending: Sequence[Job], workers: int) -> tuple[str, ...]:
    """Do the pending cases; a sentence for each that failed."""
    if not pending:
        return ()
    sizes, begun = [job.case.size for job in pending], [job.begun for job in pending]

    def show(done: Sequence[int], failed: Sequence[int] = ()) -> None:
        progress.show(_evened(pending, done), failed)

    warm([call for one in {job.experiment.name: job for job in pending}.values() for call in _warming(one)], workers)
    complete = len(jobs) - len(pending)
    with BatchProgress(_evened(pending, sizes), _evened(pending, begun), console, complete=complete) as progress:
        outcomes = perform_all(pending, perform, begun=begun, workers=workers, watch=show)
    found = {job.name: out.failure for job, out in zip(pending, outcomes, strict=True)}
    return tuple(f"{job.name}: {found[job.name]}" for job in jobs if found.get(job.name))


def warm(calls: Sequence[Callable[[], object]], workers: int) -> None:
    """Let several processes, where there are to be some, share the calls."""
    if min(workers, len(calls)) > 1 and are_forked():
        with standing_processes(min(workers, len(calls))) as spread:
            spread(_called, calls)


def _called(call: Callable[[], object]) -> None:
    call()


def _warming(job: Job) -> Sequence[Callable[[], object]]:
    return job.experiment.warmed(job.config)


def _evened(jobs: Sequence[Job], units: Sequence[int]) -> list[int]:
    """Units of progress of each job by their weight, such that a case has `EVEN` in the mean of its experiment.

    One experiment counts steps and another data, so that their own units cannot be added.
    """
    sizes: dict[str, list[float]] = {}
    for job in jobs:
        sizes.setdefault(job.experiment.name, []).append(job.case.size * job.case.weight)
    mean = {name: sum(own) / len(own) for name, own in sizes.items()}
    pairs = zip(jobs, units, strict=True)
    return [round(EVEN * unit * job.case.weight / mean[job.experiment.name]) for job, unit in pairs]


def _write(
    study: Study, config: StudyConfig, folder: Path, table: Table, redraw: bool, workers: int
) -> tuple[Path, ...]:
    """Write table, claims and figures where something is new or missing; their paths."""
    if all(row.seed is None for row in table):
        return ()
    figures = figures_of(study, config, table)
    files = tuple(folder / name for name in (RESULT, CLAIMS, *(figure.file for figure in figures)))
    if redraw or not all(file.exists() for file in files):
        table.write(files[0])
        write_claims(files[1], claims_of(study, config, folder, table))
        draw_all(figures, folder, workers)
    return files
