"""SIGTERM and Ctrl-C to a sweep with workers: one sentence, an exit code of its own, and nothing is lost."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from runs.system.signals import SHARED, Heard, signals_ignored, terminable
from tests.long import long
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.sweeps import at_work, gone, launched, unequal_files, write_sweep


def heard_by(number: int, handler: Any) -> Heard:
    """What a block hears of a signal that somebody else handles."""
    before = signal.signal(number, handler)
    try:
        with terminable() as heard:
            os.kill(os.getpid(), number)
            time.sleep(0.01)
    finally:
        signal.signal(number, before)
    return heard


def test_signals_are_ignored_while_processes_begin() -> None:
    """Assert that Ctrl-C does nothing inside the block, which a process that begins there inherits, and later does."""
    before = [signal.getsignal(number) for number in SHARED]
    with signals_ignored():
        os.kill(os.getpid(), signal.SIGINT)
        assert {signal.getsignal(number) for number in SHARED} == {signal.SIG_IGN}
    assert [signal.getsignal(number) for number in SHARED] == before


def test_sigterm_is_an_interrupt_and_is_noted() -> None:
    """Assert that it is raised inside the block alone, that the block knows, and that the old way is back after it."""
    with pytest.raises(KeyboardInterrupt, match="^$"), terminable() as heard:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5.0)
    assert heard.terminated
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with terminable() as heard:
        pass
    assert not heard.terminated


def test_a_closing_terminal_is_an_interrupt_too() -> None:
    """Assert that SIGHUP is heard like SIGTERM and told by another code, and that a program under nohup goes on."""
    with pytest.raises(KeyboardInterrupt, match="^$"), terminable() as heard:
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(5.0)
    assert heard.terminated and heard.code == 129
    assert not heard_by(signal.SIGHUP, signal.SIG_IGN).terminated


def test_somebody_elses_handler_stays() -> None:
    """Assert that a program that handles SIGTERM itself goes on to do so."""
    seen: list[int] = []
    heard = heard_by(signal.SIGTERM, lambda number, frame: seen.append(number))
    assert seen == [signal.SIGTERM] and not heard.terminated


@pytest.mark.parametrize(
    ("number", "whom", "code"),
    [
        long(signal.SIGTERM, "process", 143),
        long(signal.SIGINT, "process", 130),
        long(signal.SIGINT, "group", 130),
        long(signal.SIGHUP, "group", 129),
    ],
)
def test_a_stopped_sweep_is_continued(tmp_path: Path, number: int, whom: str, code: int) -> None:
    """Assert that the command says so in one line, leaves no worker behind, and ends with the same files later."""
    path, out, whole = write_sweep(tmp_path, until=30.0, seeds=2), tmp_path / "out", tmp_path / "whole"
    process = launched(path, out)
    assert at_work(process, out, 0.0)
    if whom == "group":
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, told = process.communicate(timeout=60.0)
    assert process.returncode == code
    assert told.splitlines()[-1].startswith("Interrupted: everything written so far is kept")
    assert "Traceback" not in told
    assert gone(process.pid)
    for folder in (out, whole):
        assert spoken("run", str(path), "--out", str(folder), "--workers", "0")[0] == 0
    assert unequal_files(whole, out) == (2, [])
