"""Weighted products are what their formula says, however they are put together."""

import pytest
import torch

from particles.numerics.weighted_gram import NARROW, TALL, is_narrow, over_data, over_particles, weighted_products
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


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("past", [-1, 0, 1])
@pytest.mark.parametrize("particles", [TALL - 1, TALL])
def test_narrow_products_are_the_products(particles: int, past: int, dtype: torch.dtype) -> None:
    """Assert that sums over data and over particles are right for few columns and for many, of members too."""
    columns = NARROW[dtype] + past
    hidden, phi = normals(particles, 6, seed=54).to(dtype), normals(6, columns, seed=55).to(dtype)
    moved = normals(particles, columns, seed=56).to(dtype)
    assert is_narrow(hidden, phi) is (particles == TALL and past < 1)
    for given, features, velocities in (
        (hidden, phi, moved),
        (hidden.expand(2, -1, -1), phi[None], moved.expand(2, -1, -1)),
    ):
        assert_identical(over_data(given, features), given @ features)
        assert_identical(over_particles(given, velocities), given.mT @ velocities)


def test_no_narrow_product_depends_on_the_number_of_threads() -> None:
    """Assert that sums over data and over particles have the same bits on one thread, two and three, in float64.

    That is not so for sums over data of fewer particles than the least, by their transpose.
    """
    for particles, data in ((TALL, 2000), (500, 60), (2000, 100)):
        hidden, phi, moved = (
            normals(particles, data, seed=54),
            normals(data, 20, seed=55),
            normals(particles, 20, seed=5),
        )
        found = []
        for number in (1, 2, 3):
            torch.set_num_threads(number)
            found.append((over_data(hidden, phi), over_particles(hidden, moved)))
        torch.set_num_threads(1)
        assert all(torch.equal(one, other) for more in found[1:] for one, other in zip(found[0], more, strict=True))
