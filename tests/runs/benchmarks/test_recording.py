"""The benchmark of recording at toy size: each arm records what it says, and the predictions of a step are shared."""

from pathlib import Path

import pytest
import torch

from flows import Euler
from particles import Trajectory, TrajectoryError
from particles.compute.tiles import Tiles
from particles.risk.network import Network
from runs.benchmarks import recording
from runs.benchmarks.recording import ARMS, RecordedFlow, Timing, main, timed

TOY = RecordedFlow.of(30, 8, 3)


@pytest.mark.parametrize("arm", ARMS)
def test_arms_record_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: str) -> None:
    """Assert that a frame and ten observables are there for every step, or neither."""
    monkeypatch.setattr(recording.Path, "unlink", lambda path, missing_ok: None)
    assert timed(TOY, Euler(0.1), 4, arm, tmp_path) > 0.0
    has_frames, chosen = ARMS[arm]
    if arm == "bare":
        with pytest.raises(TrajectoryError, match="There is no file"):
            Trajectory.open(tmp_path / "run.h5")
        return
    with Trajectory.open(tmp_path / "run.h5") as reader:
        assert len(reader) == (6 if has_frames else 0)
        assert len(reader.observables) == (10 if chosen else 0)
        assert all(len(series.steps) == 6 for series in reader.observables.values())


def test_ten_observables_of_a_step_cost_one_prediction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a run of k steps linearises k clouds, and with observables only the last state's beside them."""
    made: list[int] = []

    def tiles(network: Network, cloud: object, phi: torch.Tensor) -> Tiles:
        made.append(1)
        return Tiles(network.neuron, cloud.positions, phi)

    monkeypatch.setattr(Network, "tiles", tiles)
    problem = RecordedFlow.of(30, 8, 3)
    timed(problem, Euler(0.1), 4, "bare", tmp_path)
    assert len(made) == 5
    made.clear()
    timed(problem, Euler(0.1), 4, "frames, ten cheap", tmp_path)
    assert len(made) == 6


def test_ratios_are_shown_with_their_range() -> None:
    """Assert that a line has the median of the seconds and of the ratios, with the least and the largest."""
    line = Timing("arm", (0.2, 0.4, 0.3), (1.2, 1.0, 1.1)).line
    assert line.split() == ["arm", "300.0", "ms", "1.100", "(1.000", "to", "1.200)"]


def test_table_has_a_line_for_each_arm(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that both integrators are measured, arm by arm."""
    results = main(cases=((8, 3, "euler"), (8, 3, "adaptive")), count=30, steps=3, rounds=1)
    assert [result.arm for result in results] == [*ARMS, *ARMS]
    printed = capsys.readouterr().out
    assert printed.count("frames, ten costly") == 2 and "m = 30, n = 8, d = 3, adaptive" in printed
