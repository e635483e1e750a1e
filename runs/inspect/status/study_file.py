"""The state of the runs of a study file, from its folder: each run has a folder of its own, and a lock in it."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from os.path import isfile
from pathlib import Path

from runs.batch.output_folder import CONFIG_FILE, LOCK_FILE
from runs.inspect.status.states import BEGUN, FAILED, FINISHED, MISSING, RUNNING, FolderState, RunState, seconds_left
from runs.recorded.curve_groups import short_names, value_text
from runs.recorded.flat_parameters import Scalar, ordered
from runs.studyfile.model.identity import STUDY_FILE
from runs.studyfile.results.finished_runs import (
    COMPLETE,
    WAITING,
    Found,
    Setting,
    distinguishing,
    found_in,
    settings_of,
)
from runs.studyfile.results.finished_runs import FAILED as HAS_FAILED
from runs.studyfile.results.index import INDEX_FILE, LEADING
from runs.studyfile.running import ERROR_FILE, OURS, RUN_FILE
from runs.system.files import LONGEST, content_of, opened_text
from runs.system.locks import age_of, at_work
from runs.system.printable import printable, shortened

#: The line of a traceback that names the error, and the names of errors whose sentences speak for themselves.
NAMED = re.compile(r"^(?:\w+\.)*(\w+): (.*)$")
SPEAKING = {one.__name__ for one in OURS}
#: Letters of a sentence at most.
LETTERS = 400


def is_study_file_folder(folder: Path) -> bool:
    """Whether a folder is that of a study file's results."""
    return isfile(folder / STUDY_FILE) or (isfile(folder / INDEX_FILE) and not isfile(folder / CONFIG_FILE))


def study_file_state(folder: Path) -> FolderState:
    """The state of every run in the folder, and of those that the study's index names and nobody has begun."""
    there = found_in(folder)
    found = [*there, *_unbegun(folder, there)]
    runs = tuple(
        state for setting in settings_of(found, folder) for state in _states(setting, folder, _label(found, folder))
    )
    going = any(run.state == RUNNING for run in runs)
    return FolderState(folder, "study file", folder.resolve().name, going, runs, seconds_left(runs))


def _label(found: Sequence[Found], folder: Path) -> dict[str, str]:
    """The short names of the keys that tell settings apart."""
    return short_names(distinguishing(settings_of(found, folder)))


def _states(setting: Setting, folder: Path, words: Mapping[str, str]) -> Iterator[RunState]:
    said = ", ".join(f"{word} {value_text(key, setting.values.get(key))}" for key, word in words.items())
    for run in sorted(setting.runs, key=lambda run: (ordered(run.values.get("seed")), run.name)):
        yield _state(run, printable(said), folder / run.name)


def _state(run: Found, setting: str, place: Path) -> RunState:
    until, seed = run.values.get("until"), run.values.get("seed")
    end = float(until) if isinstance(until, int | float) and until > 0.0 else None
    done = 1.0 if run.state == COMPLETE else min(run.time / end, 0.999) if end else 0.0
    going = run.state != COMPLETE and at_work(place / LOCK_FILE, place / RUN_FILE)
    state = {COMPLETE: FINISHED, HAS_FAILED: FAILED}.get(run.state, BEGUN if done > 0.0 else MISSING)
    state = RUNNING if going and state != FAILED else state
    spent = run.seconds
    if state == RUNNING:
        spent = (spent or 0.0) + (age_of(place / CONFIG_FILE) or 0.0)
    return RunState(
        name=run.name,
        setting=setting,
        seed=seed if isinstance(seed, int) else None,
        state=state,
        done=done,
        time=run.time,
        until=end,
        seconds=spent,
        seconds_left=spent * (1.0 - done) / done if state == RUNNING and spent is not None and done > 0.0 else None,
        changed=age_of(place / RUN_FILE),
        failure=failure_in(place / ERROR_FILE) if state == FAILED else None,
    )


def failure_in(path: Path) -> str:
    """The sentence of an error.txt: of a traceback its last error, with the class where it is not one of ours."""
    try:
        lines = content_of(path, LONGEST).decode(errors="replace").strip().splitlines()
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})"
    if not any(line.startswith("Traceback (most recent call last)") for line in lines):
        return _line(lines[0]) if lines else "no word of why"
    last = max(number for number, line in enumerate(lines) if line.startswith("Traceback"))
    for line in lines[last + 1 :]:
        found = NAMED.match(line)
        if found:
            return _line(found[2] if found[1] in SPEAKING else f"{found[1]}: {found[2]}")
    return _line(lines[-1])


def _line(text: str) -> str:
    return shortened(printable(text.strip()), LETTERS)


def _unbegun(folder: Path, there: Sequence[Found]) -> Iterator[Found]:
    """The runs that the index names and that have no folder; none where it cannot be read.

    An empty cell is None where runs that are there have the key, and else a key that the run does not have.
    """
    known, keys = {run.name for run in there}, {key for run in there for key in run.values}
    try:
        with opened_text(folder / INDEX_FILE) as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error):
        return
    for row in rows:
        name = row.get("folder")
        if name and name not in known and None not in row:
            held = {key: text or "" for key, text in row.items() if key not in LEADING or key in ("seed", "until")}
            values = {key: _scalar(text) for key, text in held.items() if text or key in keys}
            yield Found(name, values, WAITING, 0.0, None)


def _scalar(text: str) -> Scalar:
    """The value that a cell of the index stands for."""
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None
