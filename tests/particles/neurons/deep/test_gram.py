"""Gram matrices of deep networks: both ways of a layer agree, tiles are even, and a matrix with itself is symmetric."""

import pytest
import torch

from particles.neurons.deep import gram
from particles.neurons.deep.gram import in_tiles
from tests.draws import normals
from tests.particles.neurons.deep.networks import NETWORKS, PARTICLES, Plain, jacobians
from tests.tolerances import assert_identical


@pytest.mark.parametrize("by_positions", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_both_ways_agree(name: str, by_positions: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that pairs of positions and gradients of a layer give the matrix of the Jacobian, whichever is taken."""
    monkeypatch.setattr(gram._Products, "_by_positions", lambda self, stage: by_positions)
    plain = Plain(NETWORKS[name])
    weights = normals(PARTICLES, seed=1)
    rows = jacobians(name)[0].flatten(1, 2)
    tangent = plain.net.tangent(plain.positions, plain.net.embed(plain.inputs))
    assert_identical(tangent.gram(weights, tangent), torch.einsum("j,jrq,jsq->rs", weights, rows, rows))


def test_fewer_operations_are_chosen() -> None:
    """Assert that a dense layer takes its one position, and a convolution of many positions its gradients."""
    chosen = {
        name: [gram._Products(net.chain, net.moving, torch.ones(1), None)._by_positions(stage) for stage in net.stages]
        for name, net in NETWORKS.items()
    }
    assert chosen["dense"] == [True, True, True]
    assert chosen["planes"] == [False, False, True, True]


def test_tiles_are_even() -> None:
    """Assert that tiles cover all rows in order, differ by one at the most, and none is too large."""
    for count, size in ((10, 4), (7, 7), (5, 100), (1, 1), (13, 1), (6, 0)):
        tiles = in_tiles(count, size)
        lengths = [tile.stop - tile.start for tile in tiles]
        assert [row for tile in tiles for row in range(tile.start, tile.stop)] == list(range(count))
        assert max(lengths) <= max(size, 1) and max(lengths) - min(lengths) <= 1
    assert in_tiles(0, 5) == (slice(0, 0),)


def test_itself_is_symmetric_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what lies beside the diagonal is computed once and mirrored, by both ways and in outer tiles."""
    for name in ("biased", "planes"):
        plain = Plain(NETWORKS[name])
        one = torch.ones(PARTICLES, dtype=torch.float64)
        for entries in (gram.KEPT_ENTRIES, 2 * PARTICLES * plain.net.outputs * plain.net.entries_per_datum):
            monkeypatch.setattr(gram, "KEPT_ENTRIES", entries)
            tangent = plain.net.tangent(plain.positions, plain.inputs)
            found = tangent.gram(one, tangent)
            k = plain.net.outputs
            assert torch.equal(found[: 2 * k, 2 * k :], found[2 * k :, : 2 * k].T)
            assert torch.equal(found[: 4 * k, 4 * k :], found[4 * k :, : 4 * k].T)


def test_half_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that of a matrix of data with themselves ten of sixteen products of tiles are taken."""
    plain = Plain(NETWORKS["circular"])
    tangent = plain.net.tangent(plain.positions, plain.others(8, seed=1))
    added: list[int] = []
    add = gram._add

    def counted(part: torch.Tensor, *given: object) -> None:
        added.append(part.numel())
        add(part, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(gram, "_add", counted)
    tangent.gram(torch.ones(PARTICLES, dtype=torch.float64), tangent)
    assert sum(added) == len(plain.net.stages) * (8 * plain.net.outputs) ** 2 * 10 // 16
