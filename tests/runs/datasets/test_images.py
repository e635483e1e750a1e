"""Images of two classes."""

import numpy as np
import pytest
import torch

from runs.datasets.images import load_images, pooled, standard
from runs.datasets.mnist import CHECKSUM
from runs.system.refusal import Refusal


def test_digits_are_even_against_odd() -> None:
    """Assert that 4,000 and 1,000 images of 49 pixels, mean zero and variance one, have as many even as odd digits."""
    data = load_images("digits", rows=4000, test=1000, pool=4)
    assert data.train.inputs.shape == (4000, 49) and data.test.inputs.shape == (1000, 49)
    images = torch.cat([data.train.inputs, data.test.inputs])
    assert (
        float(images.mean(dim=1).abs().max()) < 1e-12 and float((images.square().mean(dim=1) - 1.0).abs().max()) < 1e-12
    )
    assert float(torch.cat([data.train.targets, data.test.targets]).sum()) == 0.0 and data.checksum == CHECKSUM
    assert set(data.test.targets.unique().tolist()) == {-1.0, 1.0}


def test_waves_are_a_function_of_the_seed_and_not_linear() -> None:
    """Assert that the same numbers come again, both classes do, and that the best linear fit leaves a part."""
    one, again = (load_images("waves", rows=600, test=100, pool=2) for _ in range(2))
    assert torch.equal(one.train.inputs, again.train.inputs) and one.checksum == again.checksum
    assert not torch.equal(one.train.inputs, load_images("waves", rows=600, test=100, pool=2, seed=3).train.inputs)
    fit = torch.linalg.lstsq(one.train.inputs, one.train.targets).solution
    left = float((one.train.targets - one.train.inputs @ fit).square().mean())
    assert 0.2 < left < 0.95 and abs(float(one.train.targets.mean())) < 0.3


def test_pools_are_means_and_constant_images_are_zero() -> None:
    """Assert that a pooled pixel is the mean of its block, channel by channel, and that nothing is divided by zero."""
    images = np.arange(32.0).reshape(1, 2, 4, 4)
    assert pooled(images, 2)[0, 1, 1, 0] == images[0, 1, 2:, :2].mean()
    assert np.array_equal(standard(np.ones((1, 1, 2, 2))), np.zeros((1, 4)))


@pytest.mark.parametrize("wrong", [{"rows": 2000}, {"pool": 3}], ids=["rows", "pool"])
def test_more_than_there_are_is_refused(wrong: dict[str, int]) -> None:
    """Assert that too many rows, and a pool that does not divide a side, are told in a sentence."""
    with pytest.raises(Refusal, match="There are 1900 training and 100 test images of 8 pixels a side in 'waves'"):
        load_images("waves", **{"rows": 100, "test": 100, "pool": 2, **wrong})
