"""The benchmark of costs: both finite ways give one matrix, and every job is measured in a process of its own."""

import pytest

from limits import deep_kernels
from particles import Tanh
from runs.benchmarks import kernel_costs
from runs.benchmarks.kernel_costs import (
    DEPTH,
    Scale,
    finite,
    inputs,
    jobs,
    linear_training,
    main,
    plain_deep,
    plain_two_layer,
)
from tests.tolerances import assert_identical

TINY = Scale(shallow=12, deep=6, finite=5, width=8, deep_width=4, features=40, trained=30)


def test_plain_and_closed_form_gram_matrices_are_one() -> None:
    """Assert that torch.func gives what a cloud's Gram matrix is, so that their costs may be compared."""
    assert_identical(plain_two_layer(7, 30), finite(7, 30))


def test_plain_deep_network_is_near_its_limit() -> None:
    """Assert that the finite deep network's Gram matrix comes near the deep kernel as it widens."""
    limit = deep_kernels(inputs(6), activation=Tanh(), depth=DEPTH).ntk
    gaps = [float((plain_deep(6, width) - limit).norm() / limit.norm()) for width in (64, 1024)]
    assert gaps[1] < 0.5 * gaps[0] < 0.25


def test_features_and_gram_matrix_train_one_model() -> None:
    """Assert that both ways give the same predictions, so that their costs may be compared."""
    assert_identical(linear_training(40, factored=True), linear_training(40, factored=False), operations=1e6)


def test_table_has_every_job(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that each job is done and printed with positive seconds; here in this process, which spares the start."""
    monkeypatch.setattr(kernel_costs, "apart", kernel_costs.cost)
    costs = main(TINY)
    assert [cost.name for cost in costs] == list(jobs(TINY))
    assert all(cost.seconds > 0.0 for cost in costs)
    said = capsys.readouterr().out
    assert all(cost.line in said for cost in costs)
