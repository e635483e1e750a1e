"""The trajectory of a shared cloud: the file of one process, whoever wrote it, and continued by any number of ranks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from flows import (
    BDF,
    CHECKPOINTED,
    Checkpoint,
    EulerMaruyama,
    Every,
    GradientFlow,
    LangevinFlow,
    LeimkuhlerMatthews,
    evolve,
)
from particles import (
    NTK,
    LargestMovement,
    MeanField,
    ParticleCloud,
    RankFailed,
    Ranks,
    SharedCloud,
    SharedTrajectory,
    Trajectory,
    TrajectoryError,
)
from particles.distributed import ranks
from particles.trajectory.content.comparison import differing
from tests.particles.distributed.test_shared_cloud import BLOCKS, whole_cloud
from tests.problems import network_risk
from tests.ranks import needs_fork, on_ranks

RISK = network_risk(NTK(), strength=0.3, outputs=2)
FREE = network_risk(MeanField(), outputs=2)
RUNS: dict[str, tuple[Any, Any]] = {
    "langevin": (LangevinFlow(FREE, 0.1), EulerMaruyama(0.0625)),
    "drawn": (LangevinFlow(FREE, 0.1), LeimkuhlerMatthews(0.0625)),
    "bdf": (GradientFlow(RISK), BDF(1e-3)),
}


class Killed(RuntimeError):
    """What ends a run in the middle."""


def run(name: str, path: Path, dies: float = 2.0) -> Callable[[Ranks], Any]:
    """A run of one time unit by these ranks, or what is left of it, that dies after a time."""

    def act(own: Ranks) -> None:
        ranks.SLICE_BYTES = 1000  # a slice is some particles only
        flow, integrator = RUNS[name]
        start = SharedCloud.of(whole_cloud(), own, BLOCKS)

        def opened() -> Any:
            return Trajectory.append(path) if path.exists() else Trajectory.create(path, flow=flow, seed=3)

        def keep(checkpoint: Checkpoint[Any]) -> None:
            trajectory.keep(checkpoint)
            if checkpoint.time >= dies:
                raise Killed

        try:
            with SharedTrajectory(own, opened) as trajectory:
                kept = trajectory.kept(CHECKPOINTED, start)
                trace = trajectory.trace(risk=flow.risk, far=LargestMovement(start))
                observers = [Every(time=0.25, observer=trace), Every(time=0.5, observer=trajectory)]
                resume = kept if isinstance(kept, Checkpoint) else None
                evolve(flow, start, integrator, until=1.0, seed=3, observers=observers, keep=keep, resume=resume)
                trajectory.complete()
        except Killed:
            return

    return act


@needs_fork
@pytest.mark.parametrize("name", ["langevin", "bdf"])
def test_two_ranks_write_the_file_of_one(tmp_path: Path, name: str) -> None:
    """Assert that every dataset is the same to the bit, and that the frames are those of a plain run to rounding."""
    one, two, plain = (tmp_path / f"{count}.h5" for count in ("one", "two", "plain"))
    on_ranks(1, run(name, one), tmp_path)
    on_ranks(2, run(name, two), tmp_path)
    assert differing(one, two) == set()
    flow, integrator = RUNS[name]
    with Trajectory.create(plain, flow=flow, seed=3) as writer:
        evolve(flow, whole_cloud(), integrator, until=1.0, seed=3, observers=[Every(time=0.5, observer=writer)])
    with Trajectory.open(plain) as theirs, Trajectory.open(two) as ours:
        assert ours.times.tolist() == theirs.times.tolist() and ours.is_complete
        assert float((ours[-1].positions - theirs[-1].positions).abs().max()) < 1e-9
        assert torch.equal(ours[-1].masses, theirs[-1].masses)


@needs_fork
@pytest.mark.parametrize(("name", "before", "after"), [("langevin", 2, 1), ("drawn", 1, 2), ("bdf", 2, 4)])
def test_a_run_is_continued_by_another_number_of_ranks(tmp_path: Path, name: str, before: int, after: int) -> None:
    """Assert that a run that died and is continued from its checkpoint by other ranks ends with the same bits."""
    whole, cut = tmp_path / "whole.h5", tmp_path / "cut.h5"
    on_ranks(1, run(name, whole), tmp_path)
    on_ranks(before, run(name, cut, dies=0.4), tmp_path)
    with Trajectory.open(cut) as trajectory:
        assert len(trajectory) < 3 and not trajectory.is_complete
    on_ranks(after, run(name, cut), tmp_path)
    assert differing(whole, cut) == set()


@needs_fork
def test_a_failing_file_fails_on_all_ranks(tmp_path: Path) -> None:
    """Assert that what the first rank cannot write is told to the others, which go on together."""

    def said(own: Ranks) -> list[str]:
        found = []
        cloud = SharedCloud.of(whole_cloud(), own, BLOCKS)
        trajectory = SharedTrajectory(own, lambda: Trajectory.create(tmp_path / "run.h5"))
        trajectory(3, 1.0, cloud)
        for step, there in ((2, cloud), (4, cloud.moved(cloud.positions / 0.0)), (4, cloud)):
            try:
                trajectory(step, 2.0, there)
            except (TrajectoryError, RankFailed) as error:
                found.append(f"{type(error).__name__}: {error}"[:60])
        trajectory.close()
        return found

    first, second = on_ranks(2, said, tmp_path)
    assert [each.split(":")[0] for each in first] == ["TrajectoryError"] * 2
    assert [each.split(":")[0] for each in second] == ["RankFailed"] * 2
    assert "Step 2 came after step 3" in second[0] and "not finite in torch.float64" in second[1]
    with Trajectory.open(tmp_path / "run.h5") as trajectory:
        assert trajectory.steps.tolist() == [3, 4]
        assert torch.equal(trajectory[1].positions, whole_cloud().positions)


def test_a_plain_cloud_is_refused(tmp_path: Path) -> None:
    """Assert that a cloud that is not shared is turned down, as a frame and in a checkpoint."""
    cloud: ParticleCloud = whole_cloud()
    with SharedTrajectory(Ranks(), lambda: Trajectory.create(tmp_path / "run.h5")) as trajectory:
        for refused in (lambda: trajectory(0, 0.0, cloud), lambda: trajectory.keep(Checkpoint(0, 0.0, cloud, None))):
            with pytest.raises(TypeError, match="A ParticleCloud came for a file of several ranks"):
                refused()
