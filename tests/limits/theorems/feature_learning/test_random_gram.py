"""The Gram matrix of random features around its limit."""

from dataclasses import dataclass

import pytest
import torch

from limits.theorems import Verdict
from limits.theorems.feature_learning import gram_concentration, gram_deviation, limit_gram
from particles import Identity, RandomFeatures, ReLU, Tanh
from tests.limits.theorems.networks import INPUTS, sphere


@pytest.mark.parametrize("activation", [ReLU(), Tanh()], ids=["relu", "tanh"])
def test_deviation_is_exact_at_every_width(activation: ReLU | Tanh) -> None:
    """Assert that frozen layers, one and two, deviate from the limit as the formula says, which falls as 1/D."""
    one = RandomFeatures(Identity(INPUTS), activation, 20)
    assert gram_concentration(one, sphere(), range(300)).verdict is Verdict.HOLDS
    assert gram_concentration(RandomFeatures(one, activation, 30), sphere(), range(300)).verdict is Verdict.HOLDS
    wider = RandomFeatures(Identity(INPUTS), activation, 80)
    assert gram_deviation(one, sphere()) == pytest.approx(4.0 * gram_deviation(wider, sphere()))


def test_limit_is_the_arc_cosine_kernel() -> None:
    """Assert that its diagonal is |x|^2 / (2 d) for ReLU."""
    limit = limit_gram(RandomFeatures(Identity(INPUTS), ReLU(), 5), sphere())
    assert limit.diagonal().tolist() == pytest.approx([0.5 / INPUTS] * len(limit))


def test_features_that_depend_on_each_other_are_a_violation() -> None:
    """Assert that pairs of equal features, which deviate twice as much, are found out."""

    @dataclass(frozen=True)
    class Doubled(RandomFeatures):
        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            half = RandomFeatures(self.inner, self.activation, self.count // 2, self.seed)(x)
            return torch.cat([half, half], dim=-1) / 2.0**0.5

    assert gram_concentration(Doubled(Identity(INPUTS), ReLU(), 20), sphere(), range(300)).verdict is Verdict.VIOLATED
