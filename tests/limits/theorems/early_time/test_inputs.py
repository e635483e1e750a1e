"""Norms, products and spectrum of inputs: Gaussian ones within the bounds, others not."""

import pytest
import torch

from limits.theorems import Verdict, inner_products, input_norms, input_spectrum
from limits.theorems.early_time import inputs as module
from tests.draws import normals


@pytest.mark.parametrize(("count", "dim"), [(3000, 25), (3000, 100), (200, 400)])
def test_gaussian_inputs_are_nearly_orthogonal(count: int, dim: int) -> None:
    """Assert that all three bounds hold, and that norms and products come within a factor of four of them."""
    x = normals(count, dim, seed=dim)
    norms, products, spectrum = input_norms(x), inner_products(x), input_spectrum(x)
    assert {norms.verdict, products.verdict, spectrum.verdict} == {Verdict.HOLDS}
    assert norms.measured > norms.bound / 4.0 and products.measured > products.bound / 4.0


def test_products_are_the_largest_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that tiles leave out no pair but those of a datum with itself."""
    x = normals(50, 6, seed=1)
    gram = (x @ x.T / 6.0).abs()
    monkeypatch.setattr(module, "TILE", 7)
    assert inner_products(x).measured == pytest.approx(float((gram - torch.diag(gram.diagonal())).max()), rel=1e-12)


def test_other_inputs_are_violations() -> None:
    """Assert that norms that vary, copies of one input and a direction that all share are found out."""
    x = normals(3000, 100, seed=1)
    varied = x * torch.linspace(0.2, 2.0, 3000).double()[:, None]
    assert input_norms(varied).verdict is Verdict.VIOLATED
    many = normals(200, 400, seed=1)
    assert inner_products(torch.cat([many, many[:1]])).verdict is Verdict.VIOLATED
    assert input_spectrum(x + 0.5).verdict is Verdict.VIOLATED
    assert inner_products(x[:1]).failing == ("two data or more",)
