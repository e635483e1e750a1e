"""The state of a folder of results, whichever kind of study it is of, and its report for the terminal."""

from collections.abc import Iterator
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from runs.batch.progress import spoken_duration
from runs.inspect.status.states import FAILED, RUNNING, STATES, FolderState, RunState, counted, share
from runs.inspect.status.study import is_study_folder, study_state
from runs.inspect.status.study_file import is_study_file_folder, study_file_state
from runs.system.printable import printable, shortened
from runs.system.refusal import Refusal

#: Letters of a setting at most, and runs told one by one.
LETTERS, TOLD = 60, 20


def states_in(folder: Path) -> list[FolderState]:
    """The state of the study whose folder this is, or of each whose folder lies in it.

    Nothing is locked or written. Of several studies one that cannot be told has its sentence as a remark. Raises
    Refusal where there is no folder, or no study's in it, or where the only study cannot be told.
    """
    if not folder.is_dir():
        raise Refusal(f"{folder} is no folder: name the folder of a study's results, such as results/NAME.")
    if _is_ours(folder):
        return [_state(folder)]
    found = [_told(place) for place in sorted(folder.iterdir()) if place.is_dir() and _is_ours(place)]
    if not found:
        raise Refusal(f"{folder} is no folder of a study's results, and has none in it: name one, as results/NAME.")
    return found


def _is_ours(folder: Path) -> bool:
    return is_study_file_folder(folder) or is_study_folder(folder)


def _state(folder: Path) -> FolderState:
    return study_file_state(folder) if is_study_file_folder(folder) else study_state(folder)


def _told(folder: Path) -> FolderState:
    try:
        return _state(folder)
    except Refusal as error:
        return FolderState(folder, "study", "", False, (), None, (str(error),))


def headline(state: FolderState) -> str:
    """One line: the folder, its study, how many runs are in which state, and how long they will go on."""
    counts = ", ".join(f"{count} {name}" for name, count in state.counts.items() if count) or "no runs"
    units = "runs" if state.kind == "study file" else "cases"
    left = "" if state.seconds_left is None else f"; about {spoken_duration(state.seconds_left)} left"
    idle = "" if state.at_work or not state.runs or share(state.runs) == 1.0 else "; nobody is at work"
    of = "" if not state.name or state.kind == "study file" else f" of {state.name}"
    return printable(f"{state.folder}: {len(state.runs)} {units}{of}, {counts}{left}{idle}")


def table(state: FolderState) -> Table:
    """A row for each setting, or experiment, with its runs by state and how much of them is done."""
    groups: dict[str, list[RunState]] = {}
    for run in state.runs:
        groups.setdefault(run.setting, []).append(run)
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    shown.add_column("setting" if state.kind == "study file" else "experiment", overflow="fold")
    states = [name for name in STATES if state.counts[name]]
    for name in (*states, "done"):
        shown.add_column(name, justify="right", no_wrap=True)
    for setting, runs in groups.items():
        counts = counted(runs)
        cells = [Text(str(counts[name] or "")) for name in states]
        shown.add_row(
            Text(shortened(printable(setting), LETTERS) or "all"), *cells, Text(f"{100.0 * share(runs):.0f} %")
        )
    return shown


def details(state: FolderState) -> Iterator[str]:
    """A line for each run that goes on, and for each that failed with its sentence; then the remarks."""
    for kind, told in ((RUNNING, _going), (FAILED, _failed)):
        runs = [run for run in state.runs if run.state == kind]
        yield from (printable(f"{kind}: {run.name}{_where(run)}{told(run)}") for run in runs[:TOLD])
        if len(runs) > TOLD:
            yield f"{kind}: {len(runs) - TOLD} more"
    yield from state.remarks


def _where(run: RunState) -> str:
    seed = None if run.seed is None else f"seed {run.seed}"
    return f" ({', '.join(filter(None, (run.setting, seed)))})" if run.setting or seed else ""


def _going(run: RunState) -> str:
    at = "" if run.time is None or run.until is None else f", time {run.time:.4g} of {run.until:.4g}"
    left = "" if run.seconds_left is None else f", about {spoken_duration(run.seconds_left)} left"
    written = "" if run.changed is None else f", written {spoken_duration(run.changed)} ago"
    return f"{at}, {100.0 * run.done:.0f} %{left}{written}"


def _failed(run: RunState) -> str:
    return f": {run.failure}"
