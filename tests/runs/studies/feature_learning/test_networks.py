"""Networks in three scalings, and what is measured of them."""

import math

import pytest
import torch

from particles import Dataset, Identity, MeanField, ReLU, tangent_gram
from runs.studies.feature_learning.data import wei
from runs.studies.feature_learning.networks import (
    SCALINGS,
    features,
    frozen,
    perceptron,
    placed,
    relative_movement,
    risk_of,
    root_mean_square,
    wrong_signs,
)
from tests.runs.studies.feature_learning.small import small

COUNT = 64


def test_three_scalings_share_their_tangent_kernel_and_differ_in_features() -> None:
    """Assert that the kernel of NTK is that of its pairs under ours, that f starts at zero, and that MF is sqrt(m)
    smaller."""
    train, _ = wei(10, 6, 0)
    embedding = frozen(ReLU(), 6, COUNT, 1, 0)
    risks = {one.name: risk_of(ReLU(), embedding, one.scaling, train) for one in SCALINGS}
    starts = {one.name: one.start(perceptron(risks[one.name]), COUNT, 0) for one in SCALINGS}
    grams = [tangent_gram(risks[name], starts["ntk"]) for name in ("ours", "ntk")]
    assert torch.allclose(*grams)
    assert float(risks["ntk"].predictions(starts["ntk"]).abs().max()) < 1e-14
    sizes = {name: root_mean_square(features(risks[name], starts[name], train.inputs)) for name in ("ours", "mf")}
    assert float(sizes["ours"] / sizes["mf"]) == pytest.approx(math.sqrt(COUNT))


def test_features_are_hidden_preactivations() -> None:
    """Assert that f is made of them, and that movement is relative to their size at the start."""
    train, _ = wei(10, 6, 0)
    risk = risk_of(ReLU(), Identity(6), MeanField(), train)
    cloud = SCALINGS[0].start(perceptron(risk), COUNT, 1)
    h = features(risk, cloud, train.inputs)
    outputs = cloud.masses @ (cloud.positions[:, 6:] * torch.relu(h))
    assert torch.allclose(outputs, risk.predictions(cloud)[:, 0])
    assert float(relative_movement(h, 3.0 * h)) == pytest.approx(2.0)


def test_wrong_signs_are_counted() -> None:
    """Assert that outputs of the right sign err nowhere, flipped ones everywhere, and zero everywhere."""
    train, _ = wei(10, 6, 0)
    risk = risk_of(ReLU(), Identity(6), MeanField(), train)
    cloud = placed(SCALINGS[0].start(perceptron(risk), COUNT, 1), small())
    signs = risk.predictions(cloud, train.inputs).double()
    assert float(wrong_signs(risk, cloud, Dataset(train.inputs, signs))) == 0.0
    assert float(wrong_signs(risk, cloud, Dataset(train.inputs, -signs))) == 1.0
    still = cloud.moved(0.0 * cloud.positions)
    assert float(wrong_signs(risk, still, Dataset(train.inputs, signs))) == 1.0
    assert cloud.dtype == torch.float32 and placed(cloud, small(dtype="float64")).dtype == torch.float64


def test_frozen_floors_are_stacked() -> None:
    """Assert that none is x / sqrt(d) and two are random features of random features."""
    x = torch.ones(3, 6, dtype=torch.float64)
    assert torch.equal(frozen(ReLU(), 6, 4, 0, 0)(x), Identity(6)(x))
    two = frozen(ReLU(), 6, 4, 2, 0)
    assert two.features == 4 and two(x).shape == (3, 4)
    assert torch.equal(two.inner(x), frozen(ReLU(), 6, 4, 1, 0)(x))
