"""The protocol for tables: permuted, cut 40/40/20, standardised by the training rows."""

import numpy as np
import pytest
import torch

from runs.datasets.split import Table, checksum_of, split_rows, split_table, standardised


def table(rows: int = 103) -> tuple[Table, Table]:
    """Inputs whose third column is constant, and targets, with scales far from one."""
    random = np.random.default_rng(0)
    inputs = random.normal(7.0, 20.0, size=(rows, 4))
    inputs[:, 2] = 0.1
    return inputs, random.normal(-300.0, 50.0, size=rows)


def split(seed: int = 10):  # type: ignore[no-untyped-def]
    """The table, split with a seed."""
    inputs, targets = table()
    return split_table(inputs, targets, name="t", source="s", citation="c", checksum="0", seed=seed)


@pytest.mark.parametrize(("rows", "sizes"), [(442, (176, 176, 90)), (1030, (412, 412, 206)), (7, (2, 2, 3))])
def test_rows_are_cut_forty_forty_twenty(rows: int, sizes: tuple[int, int, int]) -> None:
    """Assert that every row is in exactly one part and that the parts have the sizes of the protocol."""
    parts = split_rows(rows, seed=10)
    assert tuple(len(part) for part in parts) == sizes
    assert sorted(np.concatenate(parts)) == list(range(rows))


def test_rows_are_permuted_by_the_seed() -> None:
    """Assert that one seed gives one order, another seed another, and neither the file's order."""
    first, again, other = (np.concatenate(split_rows(200, seed)) for seed in (10, 10, 11))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, np.arange(200))


def test_training_columns_have_mean_zero_and_deviation_one() -> None:
    """Assert that inputs and targets are standardised by the training rows, and the other parts by the same numbers."""
    data = split()
    for values in (data.train.inputs[:, [0, 1, 3]], data.train.targets):
        assert values.mean(dim=0).abs().max() < 1e-13
        assert (values.std(dim=0, correction=0) - 1.0).abs().max() < 1e-13
    inputs, _ = table()
    train, _, test = split_rows(len(inputs), 10)
    expected = (inputs[test][:, 0] - inputs[train][:, 0].mean()) / inputs[train][:, 0].std()
    assert torch.allclose(data.test.inputs[:, 0], torch.from_numpy(expected), rtol=1e-13)
    assert data.test.targets.shape == (len(test), 1)
    assert abs(float(data.test.targets.mean())) > 1e-3


def test_constant_column_becomes_zeros() -> None:
    """Assert that a column that is constant in training is zero everywhere, finite, and not divided by rounding."""
    data = split()
    for part in (data.train, data.validation, data.test):
        assert torch.equal(part.inputs[:, 2], torch.zeros(part.count, dtype=torch.float64))
    drifting = standardised(np.array([[5.0]]), np.full((3, 1), 0.1))
    assert drifting.item() == 0.0


def test_split_is_a_pure_function_of_its_seed() -> None:
    """Assert that the same table and seed give the same bits, and another seed others."""
    assert torch.equal(split(10).train.inputs, split(10).train.inputs)
    assert not torch.equal(split(10).train.inputs, split(11).train.inputs)


def test_data_move_to_another_dtype_whole() -> None:
    """Assert that all three parts change dtype and that name, source and checksum stay."""
    data = split().to(dtype=torch.float32)
    assert {part.inputs.dtype for part in (data.train, data.validation, data.test)} == {torch.float32}
    assert (data.name, data.source, data.citation, data.checksum) == ("t", "s", "c", "0")


def test_checksum_sees_a_single_changed_number() -> None:
    """Assert that the checksum of arrays changes with the last bit of one entry and is otherwise stable."""
    array = np.arange(6.0)
    changed = array.copy()
    changed[3] = np.nextafter(3.0, 4.0)
    assert checksum_of(array) == checksum_of(array.copy()) != checksum_of(changed)
