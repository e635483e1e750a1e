"""Section VI: what the claims on the data needed find out, and that both learners are what they are called."""

import math

import numpy as np
import pytest
import torch

from limits.theorems import Verdict
from runs.studies.one_axis.experiments import few_directions as module
from runs.studies.one_axis.experiments.few_directions import (
    KERNEL,
    LEARNERS,
    MEAN_FIELD,
    FewDirections,
    Task,
    crossing,
    kernel_error,
    mean_field_error,
)
from runs.study.table import Row, Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.one_axis.small import small

CONFIG = small(few_dims=(16, 32, 64))


def table(mean_field: float = 1.0, kernel: float = 2.0, error: float = 0.9) -> Table:
    """Data needed with these powers of d, and errors at n = 4 d, of two seeds that hardly differ."""
    rows = []
    for seed in range(2):
        for dim in CONFIG.few_dims:
            for learner, power, factor in ((MEAN_FIELD, mean_field, 4.0), (KERNEL, kernel, 1.0)):
                needed = factor * dim**power * (1.0 + 1e-3 * (1 - 2 * seed))
                rows.append(Row("E4.9", "data", learner, seed, float(dim), needed))
                value = (error if learner == KERNEL else 0.45) + 1e-3 * seed
                rows.append(Row("E4.9", "test error", f"{learner}, d = {dim}", seed, 4.0 * dim, value))
    return Table(tuple(rows))


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("grow as d^1", table(mean_field=2.0)),
        ("grow as d^2", table(kernel=1.0)),
        ("fewer data", table(mean_field=1.6)),
        ("every kernel that knows no direction", table(error=0.3)),
        ("errs less than any kernel", changed(table(), lambda row: 0.99 if row.value < 0.5 else row.value)),
    ],
)
def test_wrong_powers_are_found_out(words: str, wrong: Table) -> None:
    """Assert that d and d^2 hold, and that other powers, a kernel below the bound and a network above it do not."""
    assert verdicts(FewDirections(), CONFIG, table(), words) == {Verdict.HOLDS}
    assert Verdict.VIOLATED in verdicts(FewDirections(), CONFIG, wrong, words)


def test_crossing_is_on_a_line_in_the_logarithm() -> None:
    """Assert that the last crossing counts, and that an error that begins below has the first number."""
    assert crossing([10, 20, 40], [0.9, 0.6, 0.4]) == pytest.approx(20.0 * math.sqrt(2.0))
    assert crossing([10, 20, 40, 80], [0.45, 0.55, 0.6, 0.3]) == pytest.approx(40.0 * 2.0 ** (1.0 / 3.0))
    assert crossing([10], [0.3]) == 10.0


def test_data_of_more_rows_begin_with_those_of_fewer() -> None:
    """Assert that data sets of one seed are nested, with the same test inputs, and that y is x1 x2."""
    few, many = Task(5, 10, 4, 1), Task(5, 20, 4, 1)
    assert torch.equal(many.train.inputs[:10], few.train.inputs) and torch.equal(many.test.inputs, few.test.inputs)
    x = many.train.inputs
    assert torch.equal(many.train.targets, x[:, :1] * x[:, 1:2])
    assert few.error(few.test.targets) == 0.0 and few.error(0.0 * few.test.targets) == 1.0


def test_kernel_error_is_that_of_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that at one ridge it is what a linear solver gives, and that of several the best is taken."""
    task = Task(4, 40, 4, 0)
    kernel = module.tangent_kernel(task.neuron, task.law)
    gram = kernel(task.train.inputs)
    errors = []
    for ridge in (1e-3, 10.0):
        monkeypatch.setattr(module, "RIDGES", np.array([ridge]))
        shift = ridge * float(torch.linalg.eigvalsh(gram)[-1]) * torch.eye(40, dtype=torch.float64)
        outputs = kernel(task.test.inputs, task.train.inputs) @ torch.linalg.solve(gram + shift, task.train.targets)
        errors.append(kernel_error(task))
        assert errors[-1] == pytest.approx(task.error(outputs), rel=1e-8)
    monkeypatch.setattr(module, "RIDGES", np.array([1e-3, 10.0]))
    assert kernel_error(task) == min(errors) < 0.9 < max(errors)


def test_mean_field_learns_with_enough_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that in three inputs 200 data do, and that six do not; that the better of two strengths is taken."""
    monkeypatch.setattr(module, "UNTIL", 40.0)
    monkeypatch.setattr(module, "STRENGTHS", (0.01,))
    enough, few = Task(3, 200, 40, 0), Task(3, 6, 40, 0)
    assert (error := mean_field_error(enough)) < 0.3 and mean_field_error(few) > 0.6
    monkeypatch.setattr(module, "STRENGTHS", (1.0, 0.01))
    assert mean_field_error(enough) == error


def test_every_learner_is_measured(axis_table: Table) -> None:
    """Assert that at smoke scale errors end below what is looked for, and that panels show both learners."""
    config = small()
    for learner in LEARNERS:
        needed = axis_table.at("E4.9", "data", learner)
        assert needed.x.tolist() == [float(dim) for dim in config.few_dims] and (needed.values > 0.0).all()
        for dim in config.few_dims:
            curve = axis_table.at("E4.9", "test error", f"{learner}, d = {dim}")
            assert np.nanmin(curve.values) <= module.LOW
    assert [len(panel.lines) for panel in FewDirections().panels(config, axis_table)] == [3, 3, 4]
