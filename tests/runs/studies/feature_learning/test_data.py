"""The data that experiments draw."""

import pytest
import torch

from runs.studies.feature_learning.data import TESTED, random_labels, taught, wei


def test_random_labels_are_bounded_and_of_their_seed() -> None:
    """Assert that labels lie within one half, that inputs are normal, and that seeds differ."""
    data = random_labels(500, 8, 0)
    assert float(data.targets.abs().max()) <= 0.5 and float(data.targets.std()) == pytest.approx(12.0**-0.5, rel=0.1)
    assert float(data.inputs.std()) == pytest.approx(1.0, rel=0.05)
    assert torch.equal(data.inputs, random_labels(500, 8, 0).inputs)
    assert not torch.equal(data.inputs, random_labels(500, 8, 1).inputs)


def test_wei_is_decided_by_two_inputs() -> None:
    """Assert that one of the first two inputs is zero and the other a sign, all four alike often, y the rest."""
    train, test = wei(2000, 6, 0)
    first = train.inputs[:, :2]
    assert bool((first.abs().sum(dim=1) == 1.0).all()) and bool((train.inputs[:, 2:].abs() == 1.0).all())
    assert torch.equal(train.targets[:, 0], first[:, 0] ** 2 - first[:, 1] ** 2)
    _, counts = first.unique(dim=0, return_counts=True)
    assert len(counts) == 4 and bool(((counts - 500.0).abs() < 100.0).all())
    assert test.count == TESTED and abs(float(test.targets.mean())) < 0.2


def test_more_rows_begin_with_the_same_ones() -> None:
    """Assert that a teacher labels the first rows of a seed alike, and test rows with variance one."""
    few, test = taught(20, 5, 3)
    more, same = taught(40, 5, 3)
    assert torch.equal(few.inputs, more.inputs[:20]) and torch.allclose(few.targets, more.targets[:20])
    assert torch.equal(test.targets, same.targets) and float(test.targets.std()) == pytest.approx(1.0)
    assert not torch.equal(taught(20, 5, 4)[0].inputs, few.inputs)
