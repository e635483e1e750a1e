"""One run: begun, continued with the same bits whatever stopped it, completed; which of its states are kept."""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import pytest
import torch

from flows import Adaptive, Checkpoint, Euler, EulerMaruyama, Every, GradientFlow, LangevinFlow, Observer
from particles import (
    Dataset,
    GaussianLaw,
    Identity,
    MeanField,
    ParticleCloud,
    Perceptron,
    Risk,
    Squared,
    Tanh,
    Trajectory,
    TrajectoryError,
    masses,
)
from particles.trajectory.content.comparison import differing
from runs.recorded import trajectory_run
from runs.recorded.origins import held_in
from runs.recorded.trajectory_run import File, Keeper, TrajectoryRun
from runs.system.refusal import Refusal
from tests.draws import normals
from tests.long import long_after
from tests.ranks import needs_fork

CLOUD = ParticleCloud(torch.zeros(2, 1, dtype=torch.float64), torch.full((2,), 0.5, dtype=torch.float64))


class Kept:
    """Notes the steps that it is asked to keep."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def keep(self, checkpoint: Checkpoint[None]) -> None:
        """Note the step."""
        self.steps.append(checkpoint.step)


def state(step: int) -> Checkpoint[None]:
    """The state after a step."""
    return Checkpoint(step, float(step), CLOUD, None)


def test_the_state_before_is_kept() -> None:
    """Assert that the start is kept at once, then that of two steps before, and that this is what the end leaves."""
    kept = Kept()
    keeper = Keeper(kept, 0.0, None)  # type: ignore[arg-type]
    assert keeper.last is None and keeper.resumed is None
    for step in range(4):
        keeper(state(step))
    assert kept.steps == [0, 0, 0, 1] and keeper.last is not None and keeper.last.step == 1


def test_the_state_resumed_from_is_the_one_before_the_first() -> None:
    """Assert that a run that goes on keeps what it went on from until three states are known, whatever was held."""
    kept = Kept()
    keeper = Keeper(kept, 0.0, state(5))  # type: ignore[arg-type]
    assert keeper.resumed is not None and keeper.last is keeper.resumed
    keeper(state(6))
    keeper(state(7))
    keeper(state(8))
    assert kept.steps == [5, 5, 6]
    assert Keeper(kept, 0.0, "nonsense").resumed is None  # type: ignore[arg-type]


def test_it_waits_between_two_states() -> None:
    """Assert that within the seconds nothing is kept but the start, unless all agree that it is time."""
    kept = Kept()
    keeper = Keeper(kept, 1e9, None)  # type: ignore[arg-type]
    agreed = Keeper(kept, 1e9, None, lambda due: 1)  # type: ignore[arg-type]
    for step in range(3):
        keeper(state(step))
    assert kept.steps == [0]
    for step in range(4):
        agreed(state(step))
    assert kept.steps == [0, 0, 0, 0, 1]


def test_states_are_kept_under_the_numbers_of_the_file() -> None:
    """Assert that of several states under one number the first is kept, also where one goes on from that number."""
    for kept_before, expected in ((None, [0, 0, 0, 1]), (state(2), [2, 2])):
        kept = Kept()
        keeper = Keeper(kept, 0.0, kept_before, counted=int)  # type: ignore[arg-type]
        for step, moment in enumerate((0.0, 0.5, 1.0, 1.5, 1.9, 3.1, 4.0)):
            keeper(Checkpoint(step, moment, CLOUD, None))
        assert kept.steps == expected
        assert keeper.last is not None and keeper.last.step == expected[-1]


NEURON = Perceptron(activation=Tanh(), embedding=Identity(dim=2))
RISK = Risk(
    neuron=NEURON,
    scaling=MeanField(),
    loss=Squared(),
    data=Dataset(normals(6, 2, seed=1), normals(6, seed=2)),
)
START = GaussianLaw(NEURON).sample(masses=masses.uniform(8), seed=0)
METHODS: dict[str, dict[str, Any]] = {
    "euler": {},
    "langevin": {"flow": LangevinFlow(RISK, 0.1), "integrator": EulerMaruyama(step=0.125)},
    "adaptive": {"integrator": Adaptive(rtol=1e-4)},
    "counted": {"integrator": Adaptive(rtol=1e-4), "counted": lambda time: int(time / 0.125 + 1e-9)},
}


class Interrupted(Exception):
    """Stops a run."""


def made(folder: Path, stop: float = 1e9, **changes: Any) -> TrajectoryRun:
    """A run of two units of time; it is interrupted once it comes to a time."""

    def watch(step: int, time: float, cloud: ParticleCloud) -> None:
        if time >= stop:
            raise Interrupted

    counted: Callable[[float], int] | None = changes.get("counted")

    def numbered(observer: Observer) -> Observer:
        return observer if counted is None else lambda step, time, cloud: observer(counted(time), time, cloud)

    def observers(file: File) -> Sequence[Observer]:
        recorder = numbered(file.trace(risk=RISK))
        return [Every(time=0.25, observer=recorder), Every(time=0.5, observer=numbered(file)), watch]

    folder.mkdir(exist_ok=True)
    given: dict[str, Any] = {"flow": GradientFlow(RISK), "integrator": Euler(step=0.125), "until": 2.0}
    given |= {"parameters": lambda: {"config": {"until": given["until"]}}, "observers": observers}
    given |= {"path": folder / "run.h5", "start": START, "seed": 5, **changes}
    return TrajectoryRun(**given)


@pytest.mark.parametrize("seconds", [0.0, 1e9])
@pytest.mark.parametrize("stop", long_after(2, [0.5, 2.0, 0.0, 1.3]))
@pytest.mark.parametrize("method", METHODS)
def test_interrupted_run_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, stop: float, seconds: float
) -> None:
    """Assert that every dataset is that of a run in one go, wherever it was interrupted, however often kept."""
    monkeypatch.setattr(trajectory_run, "KEEP_SECONDS", seconds)
    made(tmp_path / "whole", **METHODS[method]).perform()
    with pytest.raises(Interrupted, match="^$"):
        made(tmp_path / "cut", stop, **METHODS[method]).perform()
    cut = made(tmp_path / "cut", **METHODS[method])
    with Trajectory.open(cut.path) as file:
        assert not file.is_complete
    cut.perform()
    assert differing(tmp_path / "whole" / "run.h5", cut.path) == set()
    with Trajectory.open(cut.path) as file:
        assert file.is_complete and file.parameters["seed"] == 5 and file.times[-1] == 2.0


def test_longer_run_goes_on_beyond_the_end(tmp_path: Path) -> None:
    """Assert that a finished run of one time, asked for two, is that of two in one go, and says so.

    One that keeps no state at its end is not one to be made longer.
    """
    for name, until in (("whole", 2.0), ("short", 1.0), ("short", 2.0)):
        made(tmp_path / name, until=until, extendable=True).perform()
    short = made(tmp_path / "short")
    assert differing(tmp_path / "whole" / "run.h5", short.path) - {"checkpoint/time"} == set()
    with Trajectory.open(short.path) as file:
        assert file.parameters["config"] == {"until": 2.0} and file.kept_step is not None
    made(tmp_path / "final").perform()
    held = held_in(tmp_path / "final" / "run.h5")
    assert held is not None and held.complete and not held.kept


def test_run_without_a_state_is_begun_anew(tmp_path: Path) -> None:
    """Assert that a file that holds the start at most does not stand in the way."""
    made(tmp_path / "whole").perform()
    run = made(tmp_path / "cut")
    with Trajectory.create(run.path) as writer:
        writer(0, 0.0, START)
    run.perform()
    assert differing(tmp_path / "whole" / "run.h5", run.path) == set()


def test_file_that_cannot_be_read_is_left_as_it_is(tmp_path: Path) -> None:
    """Assert that it is refused in a sentence and not written over."""
    run = made(tmp_path / "out")
    run.path.write_bytes(b"\x89HDF")
    with pytest.raises(TrajectoryError, match="is not an HDF5 file"):
        run.perform()
    assert run.path.read_bytes() == b"\x89HDF"


def test_run_that_is_not_to_go_on_leaves_its_file(tmp_path: Path) -> None:
    """Assert that what the parameters refuse is neither created nor opened to write."""

    def refused() -> dict[str, object]:
        raise Refusal("The data have changed.")

    run = made(tmp_path / "out", parameters=refused)
    with pytest.raises(Refusal, match="have changed"):
        run.perform()
    assert list(run.path.parent.iterdir()) == []
    made(tmp_path / "out").perform()
    before = run.path.read_bytes()
    with pytest.raises(Refusal, match="have changed"):
        run.perform()
    assert run.path.read_bytes() == before


def test_what_is_recorded_at_the_end_stands_there_once(tmp_path: Path) -> None:
    """Assert that the last cloud is handed on before the file is complete, and again where that was interrupted."""

    def ended(fails: bool) -> Callable[[File, ParticleCloud], None]:
        def record(file: File, end: ParticleCloud) -> None:
            file.trace(last=RISK)(16, 2.0, end)
            if fails:
                raise Interrupted

        return record

    with pytest.raises(Interrupted, match="^$"):
        made(tmp_path / "out", ended=ended(fails=True)).perform()
    run = made(tmp_path / "out", ended=ended(fails=False))
    with Trajectory.open(run.path) as file:
        assert not file.is_complete
    run.perform()
    with Trajectory.open(run.path) as file:
        series = file.observables["last"]
        assert file.is_complete and series.values.tolist() == [float(RISK(file[-1]))]


def test_shared_file_needs_a_shared_start(tmp_path: Path) -> None:
    """Assert that a run of ranks whose cloud is one rank's is refused in a sentence."""

    class Shared(trajectory_run.SharedTrajectory):
        def __init__(self) -> None:
            """Of nothing."""

    with pytest.raises(TypeError, match="needs the ranks of the run, and a start that they share"):
        made(tmp_path / "out").keeper(Shared())


#: What a file is made with: each call may be the last one.
WRITES = (
    *((h5py.Group, "create_dataset"), (h5py.Group, "create_group"), (h5py.AttributeManager, "create")),
    *((h5py.File, "close"), (os, "link")),
)


def dies_at(number: int, run: TrajectoryRun, note: Path) -> bool:
    """Open the run's file in a process that is killed before that write; whether it was. Else writes are counted."""
    child = os.fork()
    if child == 0:
        count = 0

        def counted(act: Callable[..., Any]) -> Callable[..., Any]:
            def write(*given: Any, **named: Any) -> Any:
                nonlocal count
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1
                return act(*given, **named)

            return write

        patch = pytest.MonkeyPatch()
        for owner, name in WRITES:
            patch.setattr(owner, name, counted(getattr(owner, name)))
        run.opened()
        note.write_text(str(count))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@needs_fork
def test_kill_while_the_file_is_created_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    """Assert that what has the file's name can always be opened, so that nothing need say that it is being born."""
    made(tmp_path / "whole").perform()
    assert not dies_at(-1, made(tmp_path / "counted"), tmp_path / "count")
    writes = int((tmp_path / "count").read_text())
    numbers = sorted({*range(0, writes, 7), *range(writes - 4, writes)})
    for number in numbers:
        run = made(tmp_path / str(number))
        assert dies_at(number, run, tmp_path / "count")
        if run.path.exists():
            with Trajectory.open(run.path) as file:
                assert len(file) == 0
        run.perform()
        assert differing(tmp_path / "whole" / "run.h5", run.path) == set()
    assert len(numbers) > 8
