"""Images of ten classes."""

import pytest
import torch

from runs.datasets.images import pooled
from runs.datasets.mnist import CHECKSUM, digit_images
from runs.datasets.ten_classes import load_ten_classes
from runs.system.refusal import Refusal


def test_digits_keep_their_levels_and_are_pooled() -> None:
    """Assert that 4,000 and 1,000 digits come with levels in [0, 1], 500 of each, and pooled ones as means of them."""
    data = load_ten_classes("digits", rows=4000, test=1000)
    assert data.train.inputs.shape == (4000, 784) and data.test.targets.shape == (1000, 10)
    targets = torch.cat([data.train.targets, data.test.targets])
    assert targets.sum(dim=0).tolist() == [500.0] * 10 and bool((targets.sum(dim=1) == 1.0).all())
    levels = torch.cat([data.train.inputs, data.test.inputs])
    assert (float(levels.min()), float(levels.max())) == (0.0, 1.0)
    assert float(levels.sum()) == pytest.approx(digit_images()[0].sum() / 255.0, rel=1e-12)
    assert data.checksum == CHECKSUM
    small = load_ten_classes("digits", rows=10, test=1000, pool=4).train.inputs
    whole = data.train.inputs[:10].reshape(10, 1, 28, 28).numpy()
    assert torch.equal(small, torch.from_numpy(pooled(whole, 4).reshape(10, 49)))


def test_drawn_images_are_a_function_of_the_seed_and_can_be_learnt() -> None:
    """Assert that the same numbers come again, others for another seed, and that a linear fit finds most classes."""
    one, again, other = (load_ten_classes("drawn", rows=500, test=200, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(one.train.inputs, again.train.inputs) and one.checksum == again.checksum
    assert not torch.equal(one.train.inputs, other.train.inputs)
    assert 0.0 < float(one.train.inputs.min()) and float(one.train.inputs.max()) < 1.0
    train, test = (torch.cat([x, torch.ones(len(x), 1)], dim=1) for x in (one.train.inputs, one.test.inputs))
    fit = torch.linalg.lstsq(train, one.train.targets).solution
    right = (test @ fit).argmax(dim=1) == one.test.targets.argmax(dim=1)
    assert 0.6 < float(right.double().mean()) < 1.0


@pytest.mark.parametrize("wrong", [{"rows": 2000}, {"pool": 3}], ids=["rows", "pool"])
def test_more_than_there_are_is_refused(wrong: dict[str, int]) -> None:
    """Assert that too many rows, and a pool that does not divide a side, are told in a sentence."""
    with pytest.raises(Refusal, match="There are 1900 training and 100 test images of 8 pixels a side in 'drawn'"):
        load_ten_classes("drawn", **{"rows": 100, "test": 100, "pool": 2, **wrong})


def test_unknown_name_is_refused() -> None:
    """Assert that another name is told from the known ones."""
    with pytest.raises(Refusal, match="Unknown images 'cats': choose one of digits, mnist, drawn"):
        load_ten_classes("cats", rows=1, test=1)
