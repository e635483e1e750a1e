"""Embeddings as torch modules: the same map, nothing to train."""

from particles import Quadratic
from particles.risk.modules.fixed import Embedded
from tests.draws import normals
from tests.tolerances import assert_identical


def test_an_embedding_is_a_module_without_parameters() -> None:
    """Assert that it is phi(x), holds nothing, and says what it is."""
    module = Embedded(Quadratic(3))
    x = normals(4, 3, seed=1)
    assert_identical(module(x), Quadratic(3)(x))
    assert list(module.parameters()) == []
    assert repr(module) == "Embedded(Quadratic(dim=3))"
