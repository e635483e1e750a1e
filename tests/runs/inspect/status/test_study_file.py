"""The state of the runs of a study file: finished, at work, begun, failed with its sentence, and not begun at all."""

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from runs.inspect.status.states import FolderState
from runs.inspect.status.study_file import failure_in, is_study_file_folder, study_file_state
from runs.system.locks import FRESH, LISTED
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import write_study

#: How a traceback begins.
BEGINS = "Traceback (most recent call last):\n  x\n"


def aged(folder: Path) -> None:
    """Every file of a folder was written a while ago."""
    for path in folder.rglob("*"):
        if path.is_file():
            before = os.stat(path).st_mtime - 2.0 * FRESH
            os.utime(path, (before, before))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of two widths and two seeds."""
    folder = tmp_path_factory.mktemp("status")
    study = write_study(folder, {"seeds": 2, "sweep": {"over": {"masses.count": [4, 6]}}})
    code, _, told = spoken("run", str(study), "--out", str(folder / "out"), "--workers", "0", "--no-summary")
    assert code == 0, told
    return folder / "out"


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it of one's own."""
    return Path(shutil.copytree(finished, tmp_path / "out"))


def states(state: FolderState) -> list[tuple[str, int | None, str]]:
    """Setting, seed and state of each run."""
    return [(run.setting, run.seed, run.state) for run in state.runs]


def test_finished_runs_are_told_by_setting(folder: Path) -> None:
    """Assert that settings, seeds, times and seconds of work are those of the files, and nobody is at work."""
    aged(folder)
    state = study_file_state(folder)
    assert is_study_file_folder(folder) and (state.kind, state.name, state.at_work) == ("study file", "out", False)
    assert states(state) == [(f"count {count}", seed, "finished") for count in (4, 6) for seed in (0, 1)]
    for run in state.runs:
        assert (run.done, run.time) == (1.0, run.until) and run.seconds is not None and run.seconds_left is None
        assert run.changed is not None and run.changed >= 2.0 * FRESH
    assert state.seconds_left is None


def test_runs_that_are_not_there_are_missing(folder: Path) -> None:
    """Assert that a run that only the index names is told with its setting and seed, and without an index by nobody."""
    lost = study_file_state(folder).runs[2]
    shutil.rmtree(folder / lost.name)
    state = study_file_state(folder)
    assert states(state)[2] == ("count 6", 0, "missing") and state.runs[2].name == lost.name
    assert (state.runs[2].done, state.runs[2].until) == (0.0, lost.until)
    (folder / "index.csv").write_text("no index\n\x00")
    assert len(study_file_state(folder).runs) == 3


def test_failed_runs_have_their_sentence(folder: Path) -> None:
    """Assert that what stands in error.txt of a run that is not complete is told in one line."""
    run = folder / study_file_state(folder).runs[0].name
    (run / "run.h5").unlink()
    (run / "error.txt").write_text('Traceback (most recent call last):\n  File "a"\nValueError: too\nlarge\n')
    aged(folder)
    found = study_file_state(folder).runs[0]
    assert (found.state, found.failure, found.done) == ("failed", "ValueError: too", 0.0)


@pytest.mark.skipif(not LISTED.exists(), reason="this system does not list its locks")
def test_a_run_at_work_has_its_lock_or_a_fresh_file(folder: Path) -> None:
    """Assert that an unfinished run is at work while its lock is held or it was just written, and else begun.

    The lock is left alone: it is still held after the look, and a second look says the same.
    """
    name = study_file_state(folder).runs[0].name
    run = folder / name
    (run / "run.h5").unlink()
    assert states(study_file_state(folder))[0][2] == "missing"
    with FileLock(run / ".lock") as lock:
        for _ in range(2):
            state = study_file_state(folder)
            assert state.at_work and state.runs[0].state == "running" and state.runs[0].seconds is not None
        assert lock.is_locked
    assert not study_file_state(folder).at_work
    (run / "run.h5").touch()
    assert study_file_state(folder).runs[0].state == "running"
    aged(folder)
    assert study_file_state(folder).runs[0].state == "missing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A worker died.\n", "A worker died."),
        ("", "no word of why"),
        (f"{BEGINS}runs.system.refusal.Refusal: No data: none.\n", "No data: none."),
        (f"{BEGINS}particles.errors.FlowDiverged: At 3.\n", "At 3."),
        (
            f"{BEGINS}KeyError: 'a'\n\nDuring\n\n{BEGINS}mine.Odd: b\x1b[2J\n",
            "Odd: b\\x1b[2J",
        ),
        (f"{BEGINS}MemoryError\n", "MemoryError"),
    ],
)
def test_sentences_are_those_of_the_last_error(tmp_path: Path, text: str, said: str) -> None:
    """Assert that a traceback ends with its error, ours without the class, and that no letter steers the terminal."""
    path = tmp_path / "error.txt"
    path.write_text(text)
    assert failure_in(path) == said


def test_an_unreadable_error_is_said(tmp_path: Path) -> None:
    """Assert that a folder in the place of the text is no traceback."""
    (tmp_path / "error.txt").mkdir()
    assert failure_in(tmp_path / "error.txt").startswith("error.txt cannot be read (")
