"""Who may continue whose run: every order of processes, ensembles and ranks, and what the last bits depend on."""

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from particles import Ranks
from particles.trajectory.content.comparison import datasets, differing
from runs.batch.jobs import Stopped
from runs.recorded import trajectory_run
from runs.studyfile.ensembles import perform_unit
from runs.studyfile.over_ranks import perform_shared
from runs.studyfile.running import WHOLE, Job, perform
from tests.ranks import needs_fork, on_ranks
from tests.runs.studyfile.small.studies import config, write_data

#: Large enough for two ranks, small enough to take no time.
STUDY: dict[str, Any] = {
    "masses": {"kind": "asymmetrical", "count": 150, "gamma": 0.5, "alpha": 0.7},
    "observables": ["risk", "mean_movement"],
}
LANGEVIN: dict[str, Any] = {
    **STUDY,
    "scaling": "mean-field",
    "flow": {"kind": "langevin", "temperature": 0.1},
    "integrator": {"kind": "euler-maruyama", "step": 0.125},
}
PACED: dict[str, Any] = {**STUDY, "integrator": {"kind": "chebyshev", "rtol": 1e-4}, "frames": {"time": 0.25}}
STUDIES = {"euler": STUDY, "langevin": LANGEVIN, "chebyshev": PACED}
#: Rounding of another order of sums, after a run of a hundred operations on numbers of order one.
ROUNDED = 1e-12

Report = Callable[[int], None]
Doer = Callable[[tuple[Job, Job], Report, Path], None]


def alone(jobs: tuple[Job, Job], report: Report, folder: Path) -> None:
    """A process by itself, one run after the other, as local workers and those of a cluster do it."""
    for job in jobs:
        if job.done() < WHOLE:
            perform(job, report)


def ensemble(jobs: tuple[Job, Job], report: Report, folder: Path) -> None:
    """Both runs side by side."""
    perform_unit(jobs, lambda share: report(share // 2))


def ranked(count: int) -> Doer:
    """So many ranks, one run after the other."""

    def act(jobs: tuple[Job, Job], report: Report, folder: Path) -> None:
        def shared(ranks: Ranks) -> bool:
            try:
                for job in jobs:
                    if ranks.number(job.done() if ranks.is_first else 0) < WHOLE:
                        perform_shared(job, report, ranks)
            except Stopped:
                return True
            return False

        if any(on_ranks(count, shared, folder)):
            raise Stopped("now")

    return act


WAYS: dict[str, Doer] = {"alone": alone, "ensemble": ensemble, "one rank": ranked(1), "two ranks": ranked(2)}
#: Ways that write the same bits; the others agree up to rounding.
SAME = ({"alone"}, {"ensemble"}, {"one rank", "two ranks"})


def pair(folder: Path, study: str) -> tuple[Job, Job]:
    """Two runs of a study in a folder."""
    first, second = (Job(config({**STUDIES[study], "seed": seed}), folder.parent, folder) for seed in (0, 1))
    return first, second


def quiet(share: int) -> None:
    """A report to nobody."""


def stop_halfway(share: int) -> None:
    """A report that interrupts a run in the middle."""
    if 400 <= share < WHOLE:
        raise Stopped("now")


def distance(one: Path, other: Path) -> float:
    """The largest difference of any number in two files whose datasets have the same shapes; steps are not compared."""
    mine, theirs = datasets(one), datasets(other)
    assert mine.keys() == theirs.keys()
    numbers = [name for name, values in mine.items() if values.dtype.kind == "f" and name.endswith("value")]
    return max(float(np.abs(mine[name][-1] - theirs[name][-1]).max()) for name in numbers)


def measured(folder: Path, monkeypatch: pytest.MonkeyPatch, study: str) -> dict[tuple[str, str], tuple[bool, float]]:
    """By who begins and who ends: whether the files are the beginner's own ones in one go, and how far from them."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    write_data(folder)
    for name, way in WAYS.items():
        way(pair(folder / name, study), quiet, folder)
    found = {}
    for first, second in product(WAYS, WAYS):
        jobs = pair(folder / f"{first}, {second}", study)
        with pytest.raises(Stopped, match="now"):
            WAYS[first](jobs, stop_halfway, folder)
        begun = [job.path.stat().st_ino for job in jobs if job.path.exists()]
        assert begun and all(job.done() < WHOLE for job in jobs)
        WAYS[second](jobs, quiet, folder)
        assert begun == [job.path.stat().st_ino for job in jobs[: len(begun)]], "a run that was begun is continued"
        whole = pair(folder / first, study)
        same = all(not differing(one.path, two.path) for one, two in zip(jobs, whole, strict=True))
        far = max(distance(one.path, two.path) for one, two in zip(jobs, whole, strict=True))
        found[first, second] = same, far
    return found


@needs_fork
@pytest.mark.validation
@pytest.mark.parametrize("study", STUDIES)
def test_every_order_of_continuing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: str) -> None:
    """Assert that who wrote the same bits in one go continues a run with them, and everybody else up to rounding."""
    found = measured(tmp_path, monkeypatch, study)
    for (first, second), (same, far) in found.items():
        if any({first, second} <= ways for ways in SAME):
            assert same, f"{first} continued by {second}"
        assert far < ROUNDED, f"{first} continued by {second}: {far}"
