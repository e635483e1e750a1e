"""A run that was killed, whenever it was, is resumed to the file that it would have written in one go."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray

from particles.cloud import ParticleCloud
from particles.errors import TrajectoryError
from particles.trajectory import Trajectory, TrajectoryWriter
from particles.trajectory.content.comparison import datasets, differing
from tests.draws import normals
from tests.particles.trajectory.plays import START, at_step, mean, play, played, spread

LAST = 12
#: Steps of a run that goes on until it is killed.
ENDLESS = 10**6

PLAYER = """
import sys
from pathlib import Path
from particles.trajectory import Trajectory
from tests.particles.trajectory.plays import play

path = Path(sys.argv[1])
with Trajectory.append(path) if path.exists() else Trajectory.create(path, seed=0) as writer:
    print("begun", flush=True)
    play(writer, int(sys.argv[2]))
"""


class Killed(BaseException):
    """The end of a process, as far as it can be played within one."""


@contextmanager
def killed(path: Path) -> Iterator[Callable[[], None]]:
    """Gives the call that ends it all: what stands on disk then is all there is, neither closed nor flushed."""
    copy = path.with_name("killed.h5")

    def die() -> None:
        shutil.copy(path, copy)
        raise Killed("now")

    with pytest.raises(Killed, match="now"):
        yield die
    shutil.move(copy, path)


def play_until(writer: TrajectoryWriter, calls: int, die: Callable[[], None], *, first: str) -> None:
    """Play the run, and die at the start of the call of an observer with this number, counted over all of them."""
    left = [calls]

    class Counted:
        """The writer, whose observers die in time."""

        last = writer.last

        def __call__(self, step: int, moment: float, cloud: object) -> None:
            count(lambda: writer(step, moment, cloud))

        def trace(self, **observables: object) -> object:
            recorder = writer.trace(**observables)
            return lambda step, moment, cloud: count(lambda: recorder(step, moment, cloud))

    def count(call: object) -> None:
        if left[0] == 0:
            die()
        left[0] -= 1
        call()

    play(Counted(), LAST, first=first)


@pytest.mark.parametrize("first", ["frames", "observables"])
@pytest.mark.usefixtures("without_shape_checks")
def test_resumed_between_any_two_observers_the_file_is_the_same(tmp_path: Path, first: str) -> None:
    """Assert that a run killed before any call of an observer, resumed, equals the uninterrupted one bit for bit."""
    whole = played(tmp_path / "whole.h5", LAST, first=first)
    for calls in range(24):
        path = tmp_path / f"{calls}.h5"
        with killed(path) as die, Trajectory.create(path, seed=0) as writer:
            play_until(writer, calls, die, first=first)
        with Trajectory.append(path) as writer:
            play(writer, LAST, first=first)
        assert differing(path, whole) == set(), f"killed after {calls} calls"


def test_the_last_frame_is_kept_where_its_step_was_handled(tmp_path: Path) -> None:
    """Assert that append loses no committed frame where nothing at its step can be missing."""
    path = tmp_path / "run.h5"
    with killed(path) as die, Trajectory.create(path) as writer:
        trace, later = writer.trace(spread=spread), writer.trace(mean=mean)
        later(0, 0.0, START)
        writer(1, 0.5, at_step(1))
        trace(1, 0.5, at_step(1))
        trace(2, 1.0, at_step(2))
        die()
    with Trajectory.append(path) as writer:
        assert writer.last[0] == 1
    with Trajectory.open(path) as reader:
        assert {name: series.steps.tolist() for name, series in reader.observables.items()} == {
            "spread": [1],
            "mean": [0],
        }


def test_a_frame_without_observables_is_always_kept(tmp_path: Path) -> None:
    """Assert that a run that records frames only is resumed at the very last one."""
    path = tmp_path / "run.h5"
    with killed(path) as die, Trajectory.create(path) as writer:
        writer(0, 0.0, START)
        writer(5, 1.0, at_step(5))
        die()
    with Trajectory.append(path) as writer:
        assert writer.last[0] == 5


def test_a_frame_whose_observables_may_be_missing_is_given_up(tmp_path: Path) -> None:
    """Assert that killed between two observers of a step, a run is resumed at the frame before."""
    path = tmp_path / "run.h5"
    with killed(path) as die, Trajectory.create(path) as writer:
        trace = writer.trace(spread=spread)
        for step in (0, 1):
            writer(step, 0.5 * step, at_step(step))
            if step == 0:
                trace(step, 0.5 * step, at_step(step))
        die()
    with Trajectory.append(path) as writer:
        assert writer.last[0] == 0


def test_moments_of_one_step_are_told_apart(tmp_path: Path) -> None:
    """Assert that an observable of an earlier moment of a step does not stand for the one that is missing."""
    path = tmp_path / "run.h5"
    with killed(path) as die, Trajectory.create(path) as writer:
        trace = writer.trace(spread=spread)
        for moment in (0.25, 0.5):
            writer(1, moment, at_step(1))
            if moment == 0.25:
                trace(1, moment, at_step(1))
        die()
    with Trajectory.append(path) as writer:
        assert writer.last[:2] == (1, 0.25)


def test_closed_in_order_no_frame_is_given_up(tmp_path: Path) -> None:
    """Assert that a file that was closed is resumed at its last frame, whatever its observables have."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path) as writer:
        writer.trace(spread=spread)
        writer(0, 0.0, START)
    with Trajectory.append(path) as writer:
        assert writer.last[0] == 0


def test_append_never_shortens_the_file(tmp_path: Path) -> None:
    """Assert that cutting off a frame leaves the file its length: HDF5 would shorten it before noting its new end."""
    path = tmp_path / "run.h5"
    wide = ParticleCloud(normals(300, 4, seed=76))
    with killed(path) as die, Trajectory.create(path) as writer:
        writer(0, 0.0, wide)
        writer._frames.put(0.5, wide)
        writer._file.flush()
        die()
    before = path.stat().st_size
    writer = Trajectory.append(path)
    assert path.stat().st_size >= before
    writer.close()


def test_masses_that_move_are_cut_with_their_positions(tmp_path: Path) -> None:
    """Assert that append takes the masses of an unfinished frame away too."""
    path = tmp_path / "run.h5"
    with killed(path) as die, Trajectory.create(path, moving_masses=True) as writer:
        writer(0, 0.0, START)
        writer._frames.put(0.5, START.reweighted(START.masses.flip(0)))
        writer._file.flush()
        die()
    Trajectory.append(path).close()
    assert {name: len(values) for name, values in datasets(path).items() if name.endswith("value")} == {
        "particles/cloud/position/value": 1,
        "particles/cloud/mass/value": 1,
    }


def frames_in(path: Path) -> int:
    """Frames that a running process has committed by now; none where the file is caught between two writes."""
    try:
        with Trajectory.open(path) as reader:
            return len(reader)
    except TrajectoryError:
        return 0


def test_kill_9_loses_at_most_the_frame_being_written(tmp_path: Path) -> None:
    """Assert that a process killed at random moments, thrice, loses no committed frame and resumes to the same file."""
    path, moments = tmp_path / "run.h5", np.random.default_rng(5).uniform(0.0, 0.05, size=3)
    for moment in moments:
        player = subprocess.Popen(
            [sys.executable, "-c", PLAYER, str(path), str(ENDLESS)], stdout=subprocess.PIPE, text=True
        )
        with player:
            try:
                assert player.stdout.readline() == "begun\n"
                start = frames_in(path)
                while (before := frames_in(path)) < start + 4:
                    time.sleep(0.01)
                time.sleep(moment)
            finally:
                player.kill()
        assert player.returncode == -signal.SIGKILL
        with xarray.open_datatree(path, engine="h5netcdf") as tree:
            assert tree["particles/cloud/position/value"].sizes["time"] >= before
        with Trajectory.open(path) as reader:
            frames, last = len(reader), int(reader.steps[-1])
            assert frames >= before and reader.steps.tolist() == list(range(0, last + 1, 2))
            assert all(torch.equal(reader[i].positions, at_step(2 * i).positions) for i in range(frames))
    with Trajectory.append(path) as writer:
        assert writer.last[0] >= last - 2
        play(writer, last + 10)
    assert differing(path, played(tmp_path / "whole.h5", last + 10)) == set()
    with Trajectory.open(path) as reader:
        assert len(reader.provenance["resumes"]) == 3


def test_moments_of_one_step_are_cut_by_time(tmp_path: Path) -> None:
    """Assert that where a step holds several moments, observables are cut to those up to the last frame's."""
    path = tmp_path / "run.h5"
    with Trajectory.create(path) as writer:
        trace = writer.trace(spread=spread)
        for time in (0.25, 0.5, 0.75):
            trace(1, time, START)
            if time == 0.5:
                writer(1, time, START)
    with Trajectory.append(path) as writer:
        assert writer.last is not None
        assert writer.last[:2] == (1, 0.5)
    with Trajectory.open(path) as reader:
        assert reader.observables["spread"][1].tolist() == [0.25, 0.5]
