"""E3.8: distances to the limit, and numbers that do not keep the slopes."""

import pytest
import torch

from limits.theorems import Verdict
from particles import Dataset
from runs.studies.vignettes.experiments.large_numbers import LIMIT, SAME, STEPS, LargeNumbers, Pool, distance
from runs.studies.vignettes.online import Task
from runs.study.table import Row, Table
from tests.runs.studies.claimed import verdicts
from tests.runs.studies.vignettes.small import small
from tests.tolerances import Z


def table(same: float = -0.5, limit: float = -0.1, steps: float = 0.5) -> Table:
    """Distances that go as these powers, of two seeds that hardly differ."""
    config, rows = small(), []
    for seed in range(2):
        size = 1.0 + 0.01 * seed
        for count in config.large_counts:
            for curve, power in ((SAME, same), (LIMIT, limit)):
                rows.append(Row("E3.8", "particles", curve, seed, float(count), size * count**power))
        rows += [Row("E3.8", "steps", STEPS, seed, step, size * step**steps) for step in config.large_steps]
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("made", "words", "verdict"),
    [
        (table(), "falls as N^(-1/2)", Verdict.HOLDS),
        (table(same=-0.3), "falls as N^(-1/2)", Verdict.VIOLATED),
        (table(), "lies in", Verdict.HOLDS),
        (table(same=-0.8), "lies in", Verdict.VIOLATED),
        (table(), "falls with N", Verdict.HOLDS),
        (table(limit=0.2), "falls with N", Verdict.VIOLATED),
        (table(), "goes as s^(1/2)", Verdict.HOLDS),
        (table(steps=1.0), "goes as s^(1/2)", Verdict.VIOLATED),
    ],
)
def test_statements_tell_right_numbers_from_wrong_ones(made: Table, words: str, verdict: Verdict) -> None:
    """Assert that each statement holds of numbers that keep it and is violated by others."""
    assert verdicts(LargeNumbers(), small(), made, words) == {verdict}


def test_expected_risk_is_that_of_the_batches() -> None:
    """Assert that velocities of batches have the mean of the pool's, within their standard error."""
    pool = Pool(Task(small()))
    cloud = pool.task.start(3, 0)
    batches = torch.stack([pool.risk.on(pool.sample(0, number)).velocity(cloud) for number in range(800)])
    error = batches.std(dim=0) / 800**0.5
    assert bool(((batches.mean(dim=0) - pool.risk.velocity(cloud)).abs() < Z * error).all())


def test_small_steps_are_near_the_flow() -> None:
    """Assert that the distance to the flow falls with the step, and that RK4's own error is far below it."""
    pool = Pool(Task(small(large_until=0.4)))
    cloud = pool.task.start(30, 0)
    flow = pool.flown(cloud)
    coarse, fine = (distance(pool.descended(cloud, 0, step), flow) for step in (0.1, 0.001))
    assert fine < 0.3 * coarse
    everything = Dataset(pool.risk.data.inputs, pool.risk.data.targets)
    assert distance(pool.task.risk.on(everything).predictions(cloud), flow) > coarse


def test_smoke_numbers_are_of_every_count_and_step(vignettes_table: Table) -> None:
    """Assert that particles, steps and panels are all there."""
    config = small()
    assert vignettes_table.at("E3.8", "particles", SAME).values.shape == (3, 1)
    assert list(vignettes_table.at("E3.8", "steps", STEPS).x) == list(config.large_steps)
    assert [len(panel.lines) for panel in LargeNumbers().panels(config, vignettes_table)] == [2, 1]
