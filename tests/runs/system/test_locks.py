"""Locks that are seen without being taken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from runs.system import locks
from runs.system.locks import FRESH, LISTED, age_of, at_work, is_locked

seen = pytest.mark.skipif(not LISTED.exists(), reason="this system does not list its locks")


@seen
def test_held_locks_are_seen_and_left_alone(tmp_path: Path) -> None:
    """Assert that a lock of this process and of another is seen, and a free one is free, before and after a look."""
    place = tmp_path / ".lock"
    assert is_locked(place) is False
    lock = FileLock(place)
    with lock:
        assert is_locked(place) is True and lock.is_locked
        assert is_locked(tmp_path) is False
    assert is_locked(place) is False
    code = f"from filelock import FileLock\nwith FileLock({str(place)!r}):\n    print(flush=True)\n    input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert is_locked(place) is True
        other.communicate(b"\n")
    assert is_locked(place) is False
    FileLock(place, timeout=0).acquire().lock.release()


def test_systems_without_a_list_say_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that it is not known there whether a lock is held."""
    monkeypatch.setattr(locks, "LISTED", tmp_path / "none")
    (tmp_path / ".lock").touch()
    assert is_locked(tmp_path / ".lock") is None and is_locked(tmp_path / "other") is None


def test_what_is_written_now_is_worked_at(tmp_path: Path) -> None:
    """Assert that a file that was just written is a sign of work, an old one is not, and none neither."""
    lock, file = tmp_path / ".lock", tmp_path / "run.h5"
    assert age_of(file) is None and not at_work(lock, file)
    file.touch()
    assert at_work(lock, file) and 0.0 <= (age_of(file) or 0.0) < FRESH
    before = os.stat(file).st_mtime - 2.0 * FRESH
    os.utime(file, (before, before))
    assert not at_work(lock, file) and (age_of(file) or 0.0) >= 2.0 * FRESH
