"""The same network in other parameterisations."""

import math

import torch

from particles import Identity, MeanField, RandomFeatures, ReLU, Risk
from runs.studies.feature_learning.data import wei
from runs.studies.feature_learning.networks import SCALINGS, perceptron, risk_of
from runs.studies.feature_learning.parameterisations import MaximalUpdate, Undivided, torch_outputs


def test_features_are_undivided() -> None:
    """Assert that they are sqrt(D) times as large, and that the last layer is masses with rate one."""
    inner = RandomFeatures(Identity(3), ReLU(), 16)
    x = torch.eye(3, dtype=torch.float64)
    whole = Undivided(inner)
    assert torch.allclose(whole(x), 4.0 * inner(x)) and (whole.inputs, whole.features) == (3, 16)
    lam = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)
    assert torch.equal(MaximalUpdate().factor(lam), lam) and MaximalUpdate().mobility(lam).tolist() == [1.0, 1.0, 0.0]


def test_torch_starts_where_the_particles_do_and_a_wrong_rate_parts_from_them() -> None:
    """Assert that f at the start is that of the particles, and that the rate and both powers matter."""
    train, test = wei(20, 4, 0)
    risk: Risk = risk_of(ReLU(), RandomFeatures(Identity(4), ReLU(), 16), MeanField(), train)
    start = SCALINGS[0].start(perceptron(risk), 16, 0)
    x = test.inputs
    ours = torch_outputs(risk, start, (0.5, 0.0), 16.0, 5, x)
    assert torch.allclose(ours[0], risk.predictions(start, x)[:, 0]) and ours.shape == (6, test.count)
    assert torch.allclose(ours, torch_outputs(risk, start, (0.0, -0.5), 1.0, 5, x), atol=1e-14)
    for powers, rate in (((0.5, 0.0), 4.0), ((0.0, -0.5), math.sqrt(16.0)), ((0.5, -0.5), 16.0)):
        assert float((torch_outputs(risk, start, powers, rate, 5, x) - ours).abs().max()) > 1e-3
