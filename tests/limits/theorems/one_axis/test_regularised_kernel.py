"""The tangent kernel with decaying weights against runs of linear models, and of networks that are none."""

from collections.abc import Mapping

import pytest
import torch

from flows import LinearisedFlow
from limits import KernelRidge
from limits.theorems import Verdict
from limits.theorems.one_axis import regularised_ntk, regularised_predictions, ridge_gram
from particles import NTK, Lazy, Logistic, MeanField
from particles.risk.scaling import Scaling
from tests.limits.theorems.one_axis.networks import STRENGTHS, risk_of, run, start


@pytest.mark.parametrize("scaling", [MeanField(), Lazy(3.0), Lazy(2.0, rates={"output": 3.0})], ids=repr)
@pytest.mark.parametrize("strength", [None, 0.3, STRENGTHS], ids=["plain", "L2", "L2 of each"])
def test_linear_models_follow_it(scaling: Scaling, strength: float | Mapping[str, float] | None) -> None:
    """Assert that runs of the linear model have the closed form, with two outputs, unequal masses and weights."""
    risk = risk_of(scaling, strength, outputs=2)
    frames = run(risk, LinearisedFlow(risk, start(risk)), step=0.05, steps=20)
    result = regularised_ntk(risk, frames)
    assert result.verdict is Verdict.HOLDS and result.measured < 1e-7


def test_it_ends_at_ridge_regression() -> None:
    """Assert that with trained outputs alone infinite time is kernel ridge regression, whatever the start."""
    risk = risk_of(Lazy(2.0), 0.05, trained="output", outputs=2)
    cloud = start(risk)
    end = regularised_predictions(risk, cloud, torch.tensor([1e4], dtype=torch.float64))[0]
    ridge = KernelRidge(ridge_gram(risk, cloud), risk.data, 0.05).predictions()
    torch.testing.assert_close(end, ridge, rtol=1e-9, atol=1e-9)


def test_other_runs_are_violations() -> None:
    """Assert that the network itself, and a linear model without L2, or with strengths swapped, are not it."""
    risk = risk_of()
    first = start(risk)
    swapped = risk_of(strength={"output": 0.01, "hidden": 0.2})
    for flow in (None, LinearisedFlow(risk_of(strength=None), first), LinearisedFlow(swapped, first)):
        assert regularised_ntk(risk, run(risk, flow, step=0.05, steps=20)).verdict is Verdict.VIOLATED


def test_what_it_is_not_for() -> None:
    """Assert that another loss, and masses that let weights decay at rates of their own, are told."""
    risk = risk_of(loss=Logistic())
    assert regularised_ntk(risk, run(risk)).failing == ("squared loss",)
    uneven = risk_of(NTK())
    assert regularised_ntk(uneven, run(uneven)).failing == ("decay rates that are the same for all particles",)
    with pytest.raises(ValueError, match="The decay rates eta_j lambda_j differ between particles; take MeanField"):
        regularised_predictions(uneven, start(uneven), torch.tensor([1.0], dtype=torch.float64))
    plain = risk_of(NTK(), None)
    assert regularised_ntk(plain, run(plain, LinearisedFlow(plain, start(plain)))).verdict is Verdict.HOLDS
