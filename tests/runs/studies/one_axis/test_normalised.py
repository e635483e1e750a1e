"""Features of mean square one, as a user's neuron."""

import torch

from particles import Dataset, MeanField, Risk, Squared
from runs.studies.one_axis.normalised import NormalisedTanh
from tests.draws import normals
from tests.tolerances import assert_identical

X = normals(9, 3, seed=1)
NEURON = NormalisedTanh(X)


def test_features_have_mean_square_one() -> None:
    """Assert that (1/n) sum_i h^2 = 1 for every theta, so that of u h it is u^2, and that it is tanh over its size."""
    risk = Risk(NEURON, MeanField(), Squared(), Dataset(X, X[:, :1]))
    positions = normals(5, 4, seed=2)
    features = risk.network.neuron.tangent(positions, X).features()[..., 0]
    assert_identical(features.square().mean(dim=1), positions[:, 3].square(), operations=1e5)
    plain = torch.tanh(positions[:, :3] @ X.T)
    assert_identical(
        features, positions[:, 3:] * plain / plain.square().mean(dim=1, keepdim=True).sqrt(), operations=1e5
    )
    assert risk.network.groups == {"hidden": slice(0, 3), "output": slice(3, 4)}


def test_a_feature_that_is_zero_stays_finite() -> None:
    """Assert that theta = 0 gives zero and not a division by it."""
    assert float(NEURON.feature(torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64), X[0])) == 0.0
