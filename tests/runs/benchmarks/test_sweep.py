"""The benchmark of sweeps at toy size: every arm does every run, and a file that differs is counted as such."""

from pathlib import Path

import pytest

from runs.benchmarks import sweep
from runs.benchmarks.peers import installed
from runs.benchmarks.sweep import Size, main, measured

TOY = Size(gammas=2, seeds=1, count=5, until=1.0)


@pytest.mark.validation
def test_every_arm_writes_the_same_files(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that the table has a line for each arm with all files identical, and that a cluster is among them."""
    results = main((TOY,))
    assert [(result.runs, result.identical) for result in results] == [(2, 2)] * len(results)
    assert len(results) == 2 + installed("distributed")
    printed = capsys.readouterr().out
    assert "2 runs of 5 particles" in printed and printed.count("2 of 2") == len(results)


def test_files_that_differ_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that only files without any difference count as identical."""
    only = {"1 worker": sweep.crews()["1 worker"]}
    monkeypatch.setattr(sweep, "crews", lambda: only)
    monkeypatch.setattr(sweep, "differing", lambda one, two: {"observables/risk/value"})
    [result] = measured(TOY, tmp_path)
    assert (result.runs, result.identical) == (2, 0)
