"""Weighted products are what their formula says, however they are put together."""

import pytest
import torch

from particles.numerics.weighted_gram import NARROW, narrow_product, weighted_products
from tests.draws import normals
from tests.tolerances import assert_identical


@pytest.mark.parametrize("block", [2, 3, 5])
def test_blocks_of_a_symmetric_product_fit_together(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Assert that a product put together from blocks and their mirrors is that of one product."""
    rows, factor = normals(7, 13, seed=51), normals(7, seed=53)
    monkeypatch.setattr("particles.numerics.weighted_gram.MIRRORED", block)
    mirrored = weighted_products(factor, rows, rows)
    assert_identical(mirrored, (factor[:, None] * rows).T @ rows)
    assert torch.equal(mirrored[:block, block:], mirrored[block:, :block].T)


@pytest.mark.parametrize("columns", [1, NARROW, NARROW + 1])
def test_narrow_product_is_the_product(columns: int) -> None:
    """Assert that the transposed way gives wide @ narrow, of few columns and of many."""
    wide, narrow = normals(11, 6, seed=54), normals(6, columns, seed=55)
    assert_identical(narrow_product(wide, narrow), wide @ narrow)
