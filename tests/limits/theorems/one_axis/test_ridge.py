"""Random features with L2 against kernel ridge regression."""

import pytest
import torch

from limits.theorems import Verdict
from limits.theorems.one_axis import ridge, ridge_duality, ridge_gram
from particles import NTK, Lazy, MeanField, Power
from particles.risk.scaling import Scaling
from tests.limits.theorems.one_axis.networks import risk_of, start
from tests.tolerances import assert_identical

SCALINGS = [MeanField(), Lazy(7.0), NTK(), Power(0.7), MeanField(rates={"output": 3.0})]


@pytest.mark.parametrize("scaling", SCALINGS, ids=repr)
@pytest.mark.parametrize("count", [4, 40])
def test_both_problems_have_one_solution(scaling: Scaling, count: int) -> None:
    """Assert that they agree for unequal masses and weights, two outputs, fewer particles than data and more."""
    risk = risk_of(scaling, 0.01, trained="output", outputs=2)
    result = ridge_duality(risk, start(risk, count))
    assert result.verdict is Verdict.HOLDS and result.measured < 1e-12


def test_the_kernel_is_that_of_the_paper() -> None:
    """Assert that for equal masses it is alpha^2 (1/m) sum_j h_j h_j^T."""
    risk = risk_of(Lazy(3.0), 0.01, trained="output")
    cloud = start(risk, equal=True)
    h = torch.tanh(cloud.positions[:, :3] @ (risk.data.inputs / 3**0.5).T)
    assert_identical(ridge_gram(risk, cloud), 9.0 / cloud.count * h.T @ h)


def test_a_kernel_that_forgets_masses_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the kernel of equal masses, and a ridge n times too small, are found out."""
    risk = risk_of(MeanField(), 0.01, trained="output")
    cloud, real = start(risk), ridge.KernelRidge
    with monkeypatch.context() as planted:
        planted.setattr(ridge, "ridge_gram", lambda risk, cloud: ridge_gram(risk, type(cloud)(cloud.positions)))
        assert ridge_duality(risk, cloud).verdict is Verdict.VIOLATED
    monkeypatch.setattr(ridge, "KernelRidge", lambda gram, data, strength: real(gram, data, strength / data.count))
    assert ridge_duality(risk, cloud).verdict is Verdict.VIOLATED


def test_what_it_is_not_for() -> None:
    """Assert that hidden weights that move, and no L2, are told."""
    both = risk_of(strength=0.1)
    assert ridge_duality(both, start(both)).failing == ("a Perceptron of which output weights alone are trained",)
    plain = risk_of(strength=None, trained="output")
    assert ridge_duality(plain, start(plain)).failing == ("L2 on the output weights (its strength is 0)",)
