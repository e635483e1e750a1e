"""The state of the cases of a study by name, from its folder: a case is finished once its rows are there."""

from collections.abc import Iterator, Mapping, Sequence
from os.path import isdir
from pathlib import Path
from typing import Any

from runs.batch.output_folder import CONFIG_FILE, LOCK_FILE, held_configuration
from runs.inspect.status.states import BEGUN, FINISHED, MISSING, RUNNING, FolderState, RunState
from runs.studies import STUDIES, named
from runs.study.configuration import StudyConfig
from runs.study.experiment import planned
from runs.study.running import CASES, Job
from runs.study.study import Study
from runs.system.locks import age_of, is_locked
from runs.system.refusal import Refusal

#: Entries of the folder's configuration that are no fields of the study's.
NO_FIELDS = ("study", "data_checksum", "remarks", "device")


def is_study_folder(folder: Path) -> bool:
    """Whether a folder is that of a study by name."""
    return "study" in _held(folder)


def study_state(folder: Path) -> FolderState:
    """The state of every case of the experiments that were begun, or that the study does where none is named.

    Seeds are those of the scale, and more where cases of more are there. Raises Refusal where the study is not known,
    or its configuration is not one of this version.
    """
    held = _held(folder)
    if held.get("study") not in STUDIES:
        raise Refusal(f"{folder} is of the study {held.get('study')!r}, which this version does not have.")
    study = named(str(held["study"]))
    given = {name: value for name, value in held.items() if name not in NO_FIELDS and value != ""}
    there = {path.stem for path in (folder / CASES).glob("*.csv")} if isdir(folder / CASES) else set()
    config = _configured(study, given, folder, there)
    every = [Job(one, config, case, folder) for one in study.experiments for case in planned(one, config)]
    begun = {job.experiment.name for job in every if job.path.exists() or job.begun > 0}
    asked = begun | set(study.usual or (() if begun else [one.name for one in study.experiments]))
    jobs = [job for job in every if job.experiment.name in asked]
    going = bool(is_locked(folder / LOCK_FILE))
    runs = tuple(_states(jobs, going))
    return FolderState(
        folder,
        "study",
        study.name,
        going,
        runs,
        _left(jobs, runs, folder) if going else None,
        tuple(_remarks(study, asked, runs)),
    )


def _held(folder: Path) -> Mapping[str, Any]:
    try:
        return held_configuration(folder / CONFIG_FILE)
    except (OSError, Refusal):
        return {}


def _configured(study: Study, given: Mapping[str, Any], folder: Path, there: set[str]) -> StudyConfig:
    """The configuration of the folder, with so many seeds that its cases are among those planned."""
    config = study.configured(**given, out=folder, device="cpu")
    missed = len(there - _names(study, config, folder))
    for seeds in range(config.seeds + 1, config.seeds + missed + 1):
        more = study.configured(**given, out=folder, device="cpu", seeds=seeds)
        left = len(there - _names(study, more, folder))
        if left < missed:
            config, missed = more, left
        if not left:
            break
    return config


def _names(study: Study, config: StudyConfig, folder: Path) -> set[str]:
    return {Job(one, config, case, folder).name for one in study.experiments for case in planned(one, config)}


def _states(jobs: Sequence[Job], going: bool) -> Iterator[RunState]:
    """A state for each case; of those that are begun nobody knows which go on, but that some do."""
    for job in jobs:
        done = 1.0 if job.path.exists() else job.begun / job.case.size
        state = FINISHED if job.path.exists() else MISSING if done == 0.0 else RUNNING if going else BEGUN
        yield RunState(job.name, job.experiment.name, job.case.seed, state, done, changed=age_of(job.path))


def _left(jobs: Sequence[Job], runs: Sequence[RunState], folder: Path) -> float | None:
    """Seconds that are left, if the rest goes as what was done since somebody is at work in the folder."""
    since = age_of(folder / CONFIG_FILE)
    sizes = _even(jobs)
    new = sum(
        run.done * size
        for run, size in zip(runs, sizes, strict=True)
        if run.state != FINISHED or (run.changed is not None and since is not None and run.changed <= since)
    )
    rest = sum((1.0 - run.done) * size for run, size in zip(runs, sizes, strict=True))
    return None if since is None or new <= 0.0 else since * rest / new


def _even(jobs: Sequence[Job]) -> list[float]:
    """The size of each case in the mean of its experiment, since experiments count in units of their own."""
    own: dict[str, list[int]] = {}
    for job in jobs:
        own.setdefault(job.experiment.name, []).append(job.case.size)
    return [job.case.size * len(own[job.experiment.name]) / sum(own[job.experiment.name]) for job in jobs]


def _remarks(study: Study, asked: set[str], runs: Sequence[RunState]) -> Iterator[str]:
    left = [one.name for one in study.experiments if one.name not in asked]
    if left:
        yield f"not begun, and not among those done without being named: {', '.join(left)}"
    if any(run.state != FINISHED for run in runs):
        yield "cases that failed are done again by the same command, which says why; the folder keeps no word of them"
