"""Which states of a run are kept: always the one before, so that none was fitted to the end of the run."""

import torch

from flows import Checkpoint
from particles import ParticleCloud
from runs.studyfile.state_keeper import Keeper

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
    """Assert that the start is kept at once, then the one before each, and that this is what the end leaves."""
    kept = Kept()
    keeper = Keeper(kept, 0.0, None)  # type: ignore[arg-type]
    assert keeper.last is None and keeper.resumed is None
    for step in range(4):
        keeper(state(step))
    assert kept.steps == [0, 0, 1, 2] and keeper.last is not None and keeper.last.step == 2


def test_the_state_resumed_from_is_the_one_before_the_first() -> None:
    """Assert that a run that goes on keeps what it went on from until two states are known, whatever else was held."""
    kept = Kept()
    keeper = Keeper(kept, 0.0, state(5))  # type: ignore[arg-type]
    assert keeper.resumed is not None and keeper.last is keeper.resumed
    keeper(state(6))
    keeper(state(7))
    assert kept.steps == [5, 6]
    assert Keeper(kept, 0.0, "nonsense").resumed is None  # type: ignore[arg-type]


def test_it_waits_between_two_states() -> None:
    """Assert that within the seconds nothing is kept but the start, unless all agree that it is time."""
    kept = Kept()
    keeper = Keeper(kept, 1e9, None)  # type: ignore[arg-type]
    agreed = Keeper(kept, 1e9, None, lambda due: 1)  # type: ignore[arg-type]
    for step in range(3):
        keeper(state(step))
    assert kept.steps == [0]
    for step in range(3):
        agreed(state(step))
    assert kept.steps == [0, 0, 0, 1]
