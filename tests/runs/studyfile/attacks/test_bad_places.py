"""Places where a study cannot write: full, read-only, no folder, in use. Each is one sentence, and can be mended."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from particles import Trajectory
from particles.trajectory.content.comparison import differing
from runs.batch import output_folder as folders
from tests.long import long_after
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import write_study

#: 160 frames of 64 kB.
LONG = {"until": 20.0, "frames": {"steps": 1}, "masses.count": 2000}


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, which to a program looks like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", long_after(2, [0, 2**24 + 500_000, 2_000, 2**24, 2**24 + 5_000_000]))
def test_a_full_disk_is_one_sentence_and_the_run_goes_on_later(tmp_path: Path, size: int) -> None:
    """Assert that the run fails with a sentence wherever the room ends, and later ends with the same bits."""
    path, out, whole = write_study(tmp_path, LONG), tmp_path / "out", tmp_path / "whole"
    with files_up_to(size):
        code, said, told = spoken("run", str(path), "--out", str(out), "--workers", "0")
    assert code == 1 and "0 of 1 runs complete" in said and "Traceback" not in told
    assert "cannot be " in told.splitlines()[-1] and told.count("Failed: ") == 1
    for place in (out, whole):
        assert spoken("run", str(path), "--out", str(place), "--workers", "0")[0] == 0
    [one], [two] = out.rglob("run.h5"), whole.rglob("run.h5")
    assert differing(one, two) == set()


@pytest.mark.parametrize("place", ["file", "below a file", "/proc/nowhere", "x" * 300])
def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path, place: str) -> None:
    """Assert that a file in its place, a system's own folder and a name that is too long fail each run with why."""
    (tmp_path / "file").touch()
    out = tmp_path / place.replace("below a file", "file/below")
    code, said, told = spoken("run", str(write_study(tmp_path)), "--out", str(out), "--workers", "0")
    assert code == 1 and "0 of 1 runs complete" in said and "Traceback" not in told
    assert "cannot be written" in told and "name another folder." in told


def test_a_read_only_folder_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what the system says to a write there is told; root may write everywhere, so it is played."""

    def refuse(path: Path, text: str) -> None:
        raise OSError(folders.errno.EROFS, "Read-only file system")

    monkeypatch.setattr(folders, "replace_text", refuse)
    code, _, told = spoken("run", str(write_study(tmp_path)), "--out", str(tmp_path / "out"), "--workers", "0")
    assert code == 1 and "cannot be written (Read-only file system): name another folder." in told


@pytest.mark.validation
def test_a_run_in_use_is_one_sentence(tmp_path: Path) -> None:
    """Assert that a folder another process works in, and a file another program has open, fail the run with why."""
    path, out = write_study(tmp_path, {"until": 2.0}), tmp_path / "out"
    assert spoken("run", str(path), "--out", str(out), "--workers", "0")[0] == 0
    [file] = out.rglob("run.h5")
    with Trajectory.append(file) as writer:
        writer(99, 99.0, writer.last[2])  # so it is not complete any more
        code, _, told = spoken("run", str(path), "--out", str(out), "--workers", "0")
        assert code == 1 and "run.h5 is open elsewhere; close it there" in told
        writer.close()  # a block that ends without it completes the run
    with FileLock(file.parent / folders.LOCK_FILE):
        code, _, told = spoken("run", str(path), "--out", str(out), "--workers", "1")
        assert code == 1 and "Another process is at work in" in told
