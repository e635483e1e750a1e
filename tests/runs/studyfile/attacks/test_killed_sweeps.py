"""Sweeps whose whole process group is killed again and again end with the files of sweeps that were left alone."""

import os
import random
import time
from pathlib import Path

import pytest

from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.sweeps import at_work, kill_all, launched, unequal_files, write_sweep

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs os.killpg, which this system has not")


def killed(path: Path, out: Path, times: int, generator: random.Random, longest: float) -> int:
    """Launch the sweep and kill it at a random moment after its workers have begun, so often; number of kills."""
    kills = 0
    for _ in range(times):
        began = time.time()
        process = launched(path, out)
        if at_work(process, out, began):
            time.sleep(generator.uniform(0.0, longest))
        kills += kill_all(process)
    return kills


def swept(folder: Path, until: float, seeds: int, times: int) -> tuple[int, int, list[str]]:
    """Kills, runs, and the runs that differ from those of a sweep that nobody killed."""
    path = write_sweep(folder, until, seeds)
    assert spoken("run", str(path), "--out", str(folder / "whole"), "--workers", "0")[0] == 0
    kills = killed(path, folder / "killed", times, random.Random(times), longest=0.5)
    assert spoken("run", str(path), "--out", str(folder / "killed"), "--workers", "0")[0] == 0
    return kills, *unequal_files(folder / "whole", folder / "killed")


@pytest.mark.validation
def test_a_killed_sweep_ends_with_the_same_files(tmp_path: Path) -> None:
    """Assert that two kills of a sweep with two workers change no bit of any file."""
    assert swept(tmp_path, until=30.0, seeds=2, times=2) == (2, 2, [])


@pytest.mark.validation
def test_sweeps_killed_many_times_end_with_the_same_files(tmp_path: Path) -> None:
    """Assert that the same holds of two sweeps of three runs, killed fifteen times each unless they end before."""
    total = 0
    for number in range(2):
        (folder := tmp_path / str(number)).mkdir()
        kills, runs, unequal = swept(folder, until=100.0, seeds=3, times=15)
        total += kills
        assert (runs, unequal) == (3, [])
    assert total > 15
