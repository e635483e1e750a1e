"""A reader beside a writer in another process: it sees what was committed, and the writer does not notice."""

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

import h5py
import numpy as np
import pytest
import xarray

from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryReader
from particles.trajectory.content.comparison import differing
from particles.trajectory.files import beside_writers, open_checked
from particles.trajectory.files.beside_writers import (
    beside_a_writer,
    is_held,
    is_live,
    let_writers_in,
    size_now,
    writers_lock,
)
from tests.particles.trajectory.plays import at_step, mean, play, played, spread

#: Goes on with a run as fast as it can, with a checkpoint every 20 steps, to a step or until it is killed.
WRITER = """
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from particles.trajectory import Trajectory
from tests.particles.trajectory.plays import at_step, mean, spread
@dataclass(frozen=True)
class State:
    step: int
path, last = Path(sys.argv[1]), int(sys.argv[2])
writer = Trajectory.append(path) if path.exists() else Trajectory.create(path, seed=0)
kept = writer.kept([State])
trace = writer.trace(mean=mean, spread=spread)
print("begun", flush=True)
for step in count(0 if kept is None else kept.step + 1):
    writer(step, 0.5 * step, at_step(step))
    trace(step, 0.5 * step, at_step(step))
    if step % 20 == 0:
        writer.keep(State(step))
    if step == last:
        break
writer.complete()
writer.close()
print("ended", flush=True)
"""


@contextmanager
def writing(path: Path, last: int = -1) -> Iterator[subprocess.Popen[str]]:
    """Meanwhile another process writes the run; it is killed in the end where it still does."""
    command = [sys.executable, "-c", WRITER, str(path), str(last)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with writer:
        try:
            assert writer.stdout.readline() == "begun\n", writer.stderr.read()
            yield writer
        finally:
            writer.kill()


def assert_a_state_of_the_run(reader: TrajectoryReader) -> None:
    """That what a reader shows is what the run had after some call of the writer, to the bit."""
    steps = reader.steps
    assert steps.tolist() == list(range(len(reader))) and reader.times.tolist() == (0.5 * steps).tolist()
    for step in {0, len(reader) // 2, len(reader) - 1} if len(reader) else ():
        np.testing.assert_array_equal(reader[step].positions, at_step(step).positions)
    for name, observable in (("mean", mean), ("spread", spread)):
        if name in reader.observables:
            series = reader.observables[name]
            assert series.steps.tolist() == list(range(len(series.steps))) and len(series.steps) >= len(reader) - 1
            for last in series.steps[-1:]:
                np.testing.assert_array_equal(series.values[-1], observable(at_step(int(last))))
    assert reader.parameters["seed"] == 0


def looked(path: Path, looks: int) -> tuple[int, set[str], int]:
    """Looks of which each saw a state of the run, what the others were told, and the most frames seen."""
    seen, told, longest = 0, set(), 0
    for _ in range(looks):
        try:
            with Trajectory.open(path) as reader:
                assert_a_state_of_the_run(reader)
                seen, longest = seen + 1, max(longest, len(reader))
        except TrajectoryError as error:
            told.add(str(error))
    return seen, told, longest


@pytest.mark.parametrize("looks", [60, pytest.param(1000, marks=pytest.mark.validation)])
def test_a_reader_beside_a_writer(tmp_path: Path, looks: int) -> None:
    """Assert that every look sees a state of the run, later ones more, and that the writer goes on meanwhile."""
    path = tmp_path / "run.h5"
    with writing(path) as writer:
        while looked(path, 1)[2] < 3:
            assert writer.poll() is None
        seen, told, longest = looked(path, looks)
        assert (seen, told) == (looks, set()) and longest > 3 and writer.poll() is None
    with Trajectory.open(path) as reader:
        assert len(reader) >= longest
        assert_a_state_of_the_run(reader)


def test_a_reader_leaves_the_file_as_it_would_be(tmp_path: Path) -> None:
    """Assert that a run that was read all the while ends with the bits of one that nobody looked at."""
    path, alone = tmp_path / "run.h5", tmp_path / "alone.h5"
    with writing(alone, 200) as writer:
        assert writer.stdout.readline() == "ended\n"
    with writing(path, 200) as writer:
        while writer.poll() is None:
            looked(path, 1)
        assert writer.stdout.readline() == "ended\n"
    assert differing(path, alone) == set()
    with Trajectory.open(path) as reader:
        assert reader.is_complete and len(reader) == 201


def test_a_reader_that_stays_keeps_its_state(tmp_path: Path) -> None:
    """Assert that what was there on opening can be read to the end while the file grows, and nothing later appears."""
    path = tmp_path / "run.h5"
    with writing(path) as writer:
        while looked(path, 1)[2] < 30:
            assert writer.poll() is None
        with Trajectory.open(path) as reader:
            frames, records = len(reader), len(reader.observables["mean"].steps)
            size = path.stat().st_size
            while path.stat().st_size < 2 * size:
                assert writer.poll() is None
            for step, cloud in enumerate(reader):
                np.testing.assert_array_equal(cloud.positions, at_step(step).positions)
            assert (len(reader), len(reader.observables["mean"].steps)) == (frames, records)
            assert not reader.is_complete


@pytest.mark.validation
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.validation)])
def test_a_run_that_is_killed_and_continued_is_read_meanwhile(tmp_path: Path, kills: int) -> None:
    """Assert that readers see a state of the run or are told to open again, and that no writer is kept out."""
    path = tmp_path / "run.h5"
    for _ in range(kills):
        with writing(path) as writer:
            seen, told, _ = looked(path, 15)
            assert seen and all(one.endswith("; open it again.") for one in told) and writer.poll() is None
    seen, told, longest = looked(path, 3)
    assert (seen, told) == (3, set()) and longest > 0


def test_an_open_reader_keeps_no_writer_out(tmp_path: Path) -> None:
    """Assert that a run goes on although somebody reads its file, who is told so and given nothing that is gone."""
    path = played(tmp_path / "run.h5", 40)
    with Trajectory.open(path) as reader:
        first = reader.observables
        with writing(path):
            for read in (lambda: reader[-1], lambda: reader.times, lambda: first["mean"], lambda: reader.is_complete):
                with pytest.raises(TrajectoryError, match=r"run.h5 is being written on since it was opened here; open"):
                    read()


def test_a_lock_that_a_reader_has_for_a_moment_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a program that reads under HDF5's lock delays a writer, and refuses it only where it stays."""
    path = played(tmp_path / "run.h5", 4)
    tries: list[float] = []
    with path.open("rb") as reading:
        fcntl.flock(reading, fcntl.LOCK_SH)

        def wait(seconds: float) -> None:
            tries.append(seconds)
            if len(tries) == 3:
                fcntl.flock(reading, fcntl.LOCK_UN)

        monkeypatch.setattr(beside_writers, "sleep", wait)
        Trajectory.append(path).close()
        assert len(tries) == 3
        fcntl.flock(reading, fcntl.LOCK_SH)
        with pytest.raises(TrajectoryError, match=r"run.h5 is open elsewhere; close it there, or wait until that run"):
            Trajectory.append(path)


def test_a_file_whose_writer_cuts_it_is_not_read_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that between the note of a resume and its end a live file is refused, and one at rest is read."""
    path = played(tmp_path / "run.h5", 4)
    monkeypatch.setattr(open_checked, "sleep", lambda seconds: None)
    with h5py.File(path, "r+") as file:
        file[f"{open_checked.MODULE}/opened"].resize(2, axis=0)
    with Trajectory.open(path) as reader:
        assert len(reader) == 3
    with path.open("rb") as cutting:
        fcntl.flock(cutting, fcntl.LOCK_EX)
        with pytest.raises(TrajectoryError, match=r"run.h5 is just being cut to where its run goes on; open it again."):
            Trajectory.open(path)


def looked_again(look: Callable[[], Any]) -> Any:
    """What a look gives that does not fall into the middle of a write, as the page says to try again."""
    for _ in range(100):
        try:
            return look()
        except OSError:
            sleep(0.005)
    return look()


@pytest.mark.parametrize("engine", ["h5netcdf", "h5py"])
def test_other_programs_read_a_live_file(tmp_path: Path, engine: str) -> None:
    """Assert that what the page says of h5py and xarray beside a writer gives the frames that were committed."""
    path = tmp_path / "run.h5"
    with writing(path):
        while looked(path, 1)[2] < 3:
            pass
        with pytest.raises(BlockingIOError, match="unable to lock file"):
            h5py.File(path, "r")
        if engine == "h5py":
            with looked_again(lambda: h5py.File(path, "r", swmr=True, locking=False)) as file:
                position = file["particles/cloud/position"]
                frames = int(np.sum(position["step"][:] >= 0))
                np.testing.assert_array_equal(position["value"][frames - 1], at_step(frames - 1).positions)
            return
        options = {"group": "particles/cloud/position", "driver_kwds": {"swmr": True, "locking": False}}
        with looked_again(lambda: xarray.open_dataset(path, engine="h5netcdf", **options)) as found:
            np.testing.assert_array_equal(found["value"][1], at_step(1).positions)


READER = """
import sys
from pathlib import Path
from tests.particles.trajectory.files.test_beside_writers import looked
path = Path(sys.argv[1])
while looked(path, 1)[2] < 3:
    pass
seen, told, longest = looked(path, 40)
assert (seen, told) == (40, set()), told
"""


@pytest.mark.validation
def test_a_reader_in_a_process_without_locks(tmp_path: Path) -> None:
    """Assert that where HDF5 is told not to lock, as many clusters do, a file is read as if it were written."""
    with writing(tmp_path / "run.h5") as writer:
        environment = {**os.environ, "HDF5_USE_FILE_LOCKING": "FALSE"}
        command = [sys.executable, "-c", READER, str(tmp_path / "run.h5")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert writer.poll() is None


@pytest.mark.parametrize(("said", "locks"), [("FALSE", False), ("0", False), ("TRUE", True), ("BEST_EFFORT", True)])
def test_whether_hdf5_locks(monkeypatch: pytest.MonkeyPatch, said: str, locks: bool) -> None:
    """Assert that what the environment says is understood, and that it locks where nothing is said."""
    monkeypatch.setenv("HDF5_USE_FILE_LOCKING", said)
    assert writers_lock() == locks
    monkeypatch.delenv("HDF5_USE_FILE_LOCKING")
    assert writers_lock()


def test_which_errors_say_that_a_file_is_held(tmp_path: Path) -> None:
    """Assert that a writer's lock and another way in this process are told from a file that is none."""
    path = played(tmp_path / "run.h5", 2)
    assert is_held(BlockingIOError(errno.EAGAIN, "unable to lock file"))
    assert not is_held(OSError("file signature not found"))
    with h5py.File(path, "r", locking=False):
        with pytest.raises(OSError, match="match") as raised:
            h5py.File(path, "r")
        assert is_held(raised.value)
        with beside_a_writer(path) as file:
            assert not is_live(file)
        with Trajectory.open(path) as reader:
            assert len(reader) == 2
    with beside_a_writer(path) as file:
        assert is_live(file)
    with pytest.raises(OSError, match="signature"):
        path.write_text("no file")
        beside_a_writer(path)


def test_the_lock_of_a_writer_in_this_process_stays(tmp_path: Path) -> None:
    """Assert that giving back a reader's lock lets a writer in, and that a writer's own keeps others out."""
    path = played(tmp_path / "run.h5", 2)

    def free() -> bool:
        with path.open("rb") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    with h5py.File(path, "r") as file:
        assert not free()
        let_writers_in(file)
        assert free()
    with Trajectory.append(path) as writer:
        with Trajectory.open(path):
            assert not free()
        play(writer, 4)
        assert not free()


def test_the_size_of_a_live_file_is_that_of_now(tmp_path: Path) -> None:
    """Assert that a file that has grown since it was opened is as long as it is, not as HDF5 noted."""
    path = played(tmp_path / "run.h5", 2)
    with beside_a_writer(path) as file:
        before = size_now(file)
        with path.open("ab") as grown:
            grown.write(bytes(1000))
        assert size_now(file) == before + 1000 == path.stat().st_size
