"""The kernel of convolutional networks and its surrogate."""

import torch

from limits.theorems import Verdict
from runs.studies.early_time.experiments.filters import EXCESS, Filters, filter_size, signs
from runs.study.table import Table
from tests.runs.studies.claimed import changed, verdicts
from tests.runs.studies.early_time.small import small


def test_the_excess_is_what_the_diagonal_has_on_top() -> None:
    """Assert that it is .185, and that inputs are signs and filters 2 d^(3/4), at most all inputs."""
    assert abs(EXCESS - 0.185) < 5e-4
    assert [filter_size(dim) for dim in (8, 32, 256)] == [8, 27, 128]
    assert set(signs(5, 4, 0).unique().tolist()) == {-1.0, 1.0} and signs(5, 4, 0).dtype == torch.float64


def test_sampled_networks_have_the_kernel(early_table: Table) -> None:
    """Assert that two hundred networks of the deep neuron meet the formula, and that another formula is found out."""
    config = small()
    assert verdicts(Filters(), config, early_table, "E K_m = K") == {Verdict.HOLDS}
    off = changed(early_table, lambda row: row.value * (1.05 if row.seed is None else 1.0))
    assert verdicts(Filters(), config, off, "E K_m = K") == {Verdict.VIOLATED}
    assert verdicts(Filters(), config, early_table, "excess of the diagonal") == {Verdict.HOLDS}


def test_a_distance_that_does_not_fall_violates(early_table: Table) -> None:
    """Assert that order and slope are told."""
    falls = changed(early_table, lambda row: (1.0 + 1e-4 * (row.x % 3.0)) * row.x**-0.5)
    rises = changed(early_table, lambda row: (1.0 + 1e-4 * (row.x % 3.0)) * row.x**0.5)
    for words in ("off the diagonal falls", "<= n / d^(1 + a)"):
        assert verdicts(Filters(), small(), falls, words) == {Verdict.HOLDS}
        assert verdicts(Filters(), small(), rises, words) == {Verdict.VIOLATED}
