"""Training on images as the experiments see it."""

import math
from dataclasses import replace

import pytest
import torch

from flows import Euler, HeavyBall
from particles import ParticleCloud
from runs.studies.one_axis.networks import EQUAL
from runs.studies.one_axis.training import LOOKS, PROGRESS, Training
from tests.runs.studies.one_axis.small import small


def training(**changes: object) -> Training:
    """Two epochs of ten steps, and half a batch more, at m = 16 and alpha = 4."""
    made = Training.of(small(image_rows=95, batch=10), 16, 4.0, EQUAL, epochs=2, seed=0, rate=0.1)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_rows_tell_movement_and_accuracy() -> None:
    """Assert that movement is the mean over particles with its standard error, at log-spaced steps and at the end."""
    own, reports = training(), list[int]()
    assert own.steps == 20
    rows = list(own.rows("E4.1", "(13)", 4.0, reports.append))
    seen: list[tuple[int, ParticleCloud]] = []
    end = own.run(lambda step, cloud: seen.append((step, cloud)), lambda done: None)
    steps = [step for step, _ in seen]
    assert steps == sorted(set(steps)) and steps[0] == 1 and steps[-1] == 20 and len(steps) <= LOOKS + 1
    along = [row for row in rows if row.quantity == "u along"]
    assert [row.x for row in along] == steps and along[0].curve == "(13), 4"
    distances = (end.positions - own.start.positions)[:, -10:].double().norm(dim=1)
    (last,) = (row for row in rows if row.quantity == "u")
    assert (last.x, last.seed) == (4.0, 0) and last.value == pytest.approx(float(distances.mean()), rel=1e-6)
    assert last.error == pytest.approx(float(distances.std()) / math.sqrt(16), rel=1e-6)
    test = own.test
    right = own.axis.risk.predictions(end, test.inputs.float()).argmax(dim=1) == test.targets.argmax(dim=1)
    (accuracy,) = (row.value for row in rows if row.quantity == "test accuracy")
    assert accuracy == pytest.approx(float(right.double().mean()), rel=1e-6)
    assert reports == sorted(reports) and 0 < reports[-1] <= PROGRESS


def test_momentum_is_that_of_the_method() -> None:
    """Assert that momentum is taken where there is some, and moves particles farther."""
    plain, fast = training(), training(momentum=0.9)
    assert isinstance(plain.method, Euler) and isinstance(fast.method, HeavyBall)
    ends = [one.run(lambda step, cloud: None, lambda done: None) for one in (plain, fast)]
    assert fast.moved(ends[1], "theta")[0] > 2.0 * plain.moved(ends[0], "theta")[0] > 0.0


def test_seed_is_that_of_start_and_batches() -> None:
    """Assert that the same seed gives the same end, and another one another start."""
    ends = [training().run(lambda step, cloud: None, lambda done: None).positions for _ in range(2)]
    assert torch.equal(*ends) and not torch.equal(training(seed=1).start.positions, training().start.positions)
