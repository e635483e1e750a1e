"""The margin is that of the datum that is classified worst."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from particles import Logistic, Margin, ParticleCloud, Squared
from tests.particles.observables.test_accuracy import ONE, risk_of, several
from tests.tolerances import assert_identical


def number(value: float) -> Tensor:
    """A float64 scalar."""
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(
    ("predictions", "margin"), [([0.5, -0.25, -3.0, 2.0], 0.25), ([0.5, 0.25, -3.0, 2.0], -0.25)], ids=["all", "one"]
)
def test_margin_of_signs(predictions: list[float], margin: float) -> None:
    """Assert that the least y f is told, positive where all are right and negative where one is wrong."""
    risk = risk_of(predictions, [1.0, -1.0, -1.0, 1.0], Logistic())
    assert_identical(Margin(risk)(ONE), number(margin))
    assert Margin(risk)(ONE.to(dtype=torch.float32)).dtype == torch.float32


def test_margin_of_several_outputs() -> None:
    """Assert that the right output is compared with the largest of the others, which may be below zero."""
    predictions = torch.tensor([[0.9, 0.7, 0.1], [-3.0, -1.0, -2.5], [0.0, 0.1, 0.5], [5.0, 4.0, 4.5]])
    risk, cloud = several(predictions, one_hot(torch.tensor([0, 1, 2, 0]), 3), Squared())
    assert_identical(Margin(risk)(cloud), number(0.9 - 0.7), operations=1e9)
    wrong, cloud = several(predictions, one_hot(torch.tensor([0, 1, 2, 2]), 3), Squared())
    assert_identical(Margin(wrong)(cloud), number(4.5 - 5.0), operations=1e9)


def test_a_prediction_that_is_no_number_gives_none() -> None:
    """Assert that NaN is not passed over."""
    risk = risk_of([1e300, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, -1.0])
    wild = ParticleCloud(torch.tensor([[1e300, 1.0], [1e300, -1.0]], dtype=torch.float64))
    assert math.isnan(float(Margin(risk)(wild)))


@pytest.mark.parametrize("targets", [[0.0, 1.0, 1.0, 0.0], [0.1, -1.0, 1.0, 1.0]], ids=["zero-one", "regression"])
def test_other_targets_are_refused(targets: list[float]) -> None:
    """Assert that one output needs targets -1 and 1, and the refusal shows another one."""
    with pytest.raises(ValueError, match=r"must be -1 and 1 for a margin, but one is 0(\.1)?; give one output per"):
        Margin(risk_of([0.0] * 4, targets))
    with pytest.raises(ValueError, match="neither one-hot nor probabilities"):
        Margin(several(torch.zeros(4, 2), torch.arange(8.0).reshape(4, 2), Squared())[0])
