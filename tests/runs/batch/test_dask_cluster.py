"""Jobs on a real Dask cluster of two processes: same files, failures alone, a clean stop, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from particles.trajectory.content.comparison import differing
from runs.batch import dask_cluster
from runs.batch.crew import perform_all
from runs.batch.dask_cluster import scheduler_at
from runs.batch.jobs import Report, Stopped
from runs.collect import collect
from runs.recorded import trajectory_run
from runs.studyfile.model.reading import read_study
from runs.studyfile.running import WHOLE, perform
from runs.studyfile.study import jobs_of
from runs.system.refusal import Refusal
from tests.house.source import ROOT
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.studies import write_study
from tests.runs.studyfile.small.sweeps import at_work, write_sweep

distributed = pytest.importorskip("distributed")


#: Seconds within which a busy machine has started or stopped what it was told to.
PATIENCE = 60.0


@pytest.fixture(scope="session")
def cluster_of_two() -> Iterator[str]:
    """The scheduler of two worker processes with one thread each, which gives a job up when one worker died of it."""
    import dask

    settings = {"distributed.scheduler.allowed-failures": 0, "distributed.worker.memory.terminate": False}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as held,
    ):
        yield held.scheduler_address


@pytest.fixture
def address(cluster_of_two: str) -> str:
    """Its address once both workers are there: one that a test before has killed takes its time to come again."""
    with distributed.Client(cluster_of_two, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=PATIENCE)
    return cluster_of_two


def nothing(done: Sequence[int], failed: Sequence[int]) -> None:
    """Watch without looking."""


def be_killed(name: str, report: Report) -> None:
    """Die as by the out-of-memory killer, where the name says so."""
    if name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    report(5)


def break_down(name: str, report: Report) -> None:
    """Meet a mistake of the program."""
    raise KeyError(name)


def run_long(path: Path, report: Report) -> None:
    """Report for up to a minute; note when told to stop."""
    for step in range(6000):
        try:
            report(step + 1)
        except Stopped:
            path.write_text("stopped")
            raise
        time.sleep(0.01)


def test_the_cluster_writes_the_files_of_local_workers(address: str, tmp_path: Path) -> None:
    """Assert that every dataset of every run has the bits of this process, and the second time nothing is done."""
    path = write_study(tmp_path, {"seeds": 3})
    here, there = tmp_path / "here", tmp_path / "there"
    assert spoken("run", str(path), "--out", str(here), "--workers", "0")[0] == 0
    code, said, _ = spoken("run", str(path), "--out", str(there), "--scheduler", address)
    assert code == 0 and "3 of 3 runs complete" in said
    files = sorted(file.relative_to(here) for file in here.rglob("run.h5"))
    assert len(files) == 3
    assert [differing(here / file, there / file) for file in files] == [set()] * 3
    assert list(there.glob(".seen-*")) == []
    before = {file: file.stat().st_mtime_ns for file in there.rglob("run.h5")}
    assert "3 complete already" in spoken("run", str(path), "--out", str(there), "--scheduler", address)[2]
    assert before == {file: file.stat().st_mtime_ns for file in there.rglob("run.h5")}


def test_a_half_done_run_is_continued_by_the_cluster(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that a run interrupted here ends there with the bits of one in one go, from where it was."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", 0.0)
    path = write_study(tmp_path)
    (whole,), (cut,) = (jobs_of(read_study(path), tmp_path / name) for name in ("whole", "cut"))

    def stop(steps: int) -> None:
        if 400 <= steps < WHOLE:
            raise Stopped("now")

    perform(whole, lambda steps: None)
    with pytest.raises(Stopped, match="now"):
        perform(cut, stop)
    inode = cut.path.stat().st_ino
    assert 0 < cut.done() < WHOLE
    assert spoken("run", str(path), "--out", str(tmp_path / "cut"), "--scheduler", address)[0] == 0
    assert differing(whole.path, cut.path) == set() and cut.path.stat().st_ino == inode


def test_workers_that_live_on_take_changed_code_and_refuse_its_old_runs(address: str, tmp_path: Path) -> None:
    """Assert that an edited helper of a module is refused, and then is what workers of before compute with."""
    (tmp_path / "of_the_cluster.py").write_text(
        "from of_the_helper import NUMBER\ndef made(risk, start):\n    return lambda cloud: NUMBER\n"
    )
    own = {"kind": "import", "path": "of_the_cluster:made"}
    path, out = write_study(tmp_path, {"seeds": 3, "observables": {"own": own}}), tmp_path / "out"
    run = ("run", str(path), "--out", str(out), "--scheduler", address)
    for number in (1.0, 2.0):
        (tmp_path / "of_the_helper.py").write_text(f"NUMBER = {number}\n")
        if number == 2.0:
            code, _, told = spoken(*run)
            assert code == 2 and "of_the_helper.py has changed since 3 runs (" in told
        assert spoken(*run, "--stale", "redo")[0] == 0
        assert set(collect(out)["own"].values.flat) == {number}


def test_a_failing_run_is_recorded_and_the_others_go_on(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that the exit code is 1, the error is told and in its folder, and a relative folder is this process's."""
    changes = {"masses": {"kind": "zipf", "count": 4, "alpha": 0.5}, "sweep": {"over": {"masses.alpha": [0.5, 3.0]}}}
    path = write_study(tmp_path, changes)
    monkeypatch.chdir(tmp_path)
    code, said, told = spoken("run", str(path), "--out", "out", "--scheduler", address)
    assert code == 1 and "1 of 2 runs complete" in said
    assert "Zipf masses need alpha in (0, 1), but alpha is 3.0" in told
    (error,) = (tmp_path / "out").rglob("error.txt")
    assert "Zipf masses" in error.read_text()
    assert collect(tmp_path / "out")["risk"].sizes["time"] == 5


def test_a_job_that_kills_its_worker_fails_alone(address: str, tmp_path: Path) -> None:
    """Assert that the death of a worker is the outcome of its job, marked as lost, and seen while the others go on."""
    seen: list[tuple[list[int], list[int]]] = []

    def watch(done: Sequence[int], failed: Sequence[int]) -> None:
        seen.append((list(done), list(failed)))

    with scheduler_at(address, tmp_path) as crew:
        (killed,) = perform_all(["killed"], be_killed, begun=[2], workers=crew, watch=watch)
        (fine,) = perform_all(["fine"], be_killed, begun=[0], workers=crew, watch=watch)
    assert killed.lost and killed.failure is not None and killed.failure.startswith("Every worker that tried this run")
    assert fine.failure is None and seen[-1] == ([5], []) and ([2], [0]) in seen


def test_a_mistake_in_the_program_is_not_swallowed(address: str, tmp_path: Path) -> None:
    """Assert that an error nobody foresaw comes out as itself."""
    with scheduler_at(address, tmp_path) as crew, pytest.raises(KeyError, match="bug"):
        perform_all(["bug"], break_down, begun=[0], workers=crew, watch=nothing)


def test_interrupt_stops_the_jobs(address: str, tmp_path: Path) -> None:
    """Assert that Ctrl-C here reaches every job at work as Stopped, though nobody waits there, and starts no other."""
    at_work: list[int] = []

    def interrupt(done: Sequence[int], failed: Sequence[int]) -> None:
        at_work[:] = [number for number, steps in enumerate(done) if steps > 0]
        if len(at_work) == 2:
            raise KeyboardInterrupt

    paths = [tmp_path / name for name in "abcdef"]
    with scheduler_at(address, tmp_path) as crew, pytest.raises(KeyboardInterrupt, match="^$"):
        perform_all(paths, run_long, begun=[0] * 6, workers=crew, watch=interrupt)
    deadline = time.monotonic() + PATIENCE
    while sum(path.exists() for path in paths) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [number for number, path in enumerate(paths) if path.exists()] == at_work


@pytest.mark.validation
def test_a_killed_scheduler_is_one_sentence(tmp_path: Path) -> None:
    """Assert that the command ends with ours alone, exit code 1, and that the same study ends here later."""
    path, out, place = write_sweep(tmp_path, until=200.0, seeds=1), tmp_path / "out", tmp_path / "scheduler.json"
    start = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen([*start, "--scheduler-file", str(place)], **quiet)
    try:
        wait_for(place.exists)
        address = json.loads(place.read_text())["address"]
        start = (sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard")
        worker = subprocess.Popen([*start, "--no-nanny", "--death-timeout", "1"], **quiet)
        command = [sys.executable, "-m", "runs", "run", str(path), "--out", str(out), "--scheduler", address]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        assert at_work(process, out, 0.0)
    finally:
        scheduler.kill()
        scheduler.wait()
    _, told = process.communicate(timeout=PATIENCE)
    worker.kill()
    worker.wait()
    assert process.returncode == 1 and "Traceback" not in told
    assert told.splitlines()[-1].startswith("meanfield: The scheduler has gone or dropped the runs")


def wait_for(there: Callable[[], bool]) -> None:
    """Wait until something is so, or the patience ends."""
    late = time.monotonic() + PATIENCE
    while not there() and time.monotonic() < late:
        time.sleep(0.05)


def test_nobody_at_the_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that an address without a scheduler, or that is none, is one sentence and exit code 2."""
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.5)
    path = write_study(tmp_path)
    for wrong in ("tcp://127.0.0.1:9", "nonsense", "foo://host:1"):
        code, _, said = spoken("run", str(path), "--out", str(tmp_path / "out"), "--scheduler", wrong)
        assert code == 2 and f"meanfield: No Dask scheduler answers at '{wrong}'" in said


def test_a_scheduler_without_workers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a cluster of nobody is one sentence that says how to start workers."""
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 2.0)
    with distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0") as empty:
        place = empty.scheduler_address
        refused = pytest.raises(Refusal, match=r"has no workers: start some with 'dask worker tcp")
        with refused, scheduler_at(place, tmp_path):
            pass


def test_other_versions_are_refused(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a worker with another version of what decides the bits is named."""
    here = {**dask_cluster._versions(), "torch": "1.0"}
    monkeypatch.setattr(dask_cluster, "_versions", lambda: here)
    refused = pytest.raises(Refusal, match=r"The worker tcp\S+ has torch \S+, but 1.0 is here: install the same")
    with refused, scheduler_at(address, tmp_path):
        pass


def test_a_missing_extra_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the sentence names the extra."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, said = spoken("run", str(write_study(tmp_path)), "--scheduler", "tcp://127.0.0.1:9")
    assert code == 2 and "pip install -e '.[cluster]'" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["study.toml", "--workers", "1", "--scheduler", "tcp://h:1"], "--workers and --scheduler both say who"),
        (["asymmetric-scaling", "--scheduler", "tcp://h:1"], "--scheduler is for a study file"),
    ],
)
def test_options_that_contradict_are_refused(arguments: list[str], sentence: str) -> None:
    """Assert that a crew is given once, and only to a study file."""
    code, _, said = spoken("run", *arguments)
    assert code == 2 and sentence in said
