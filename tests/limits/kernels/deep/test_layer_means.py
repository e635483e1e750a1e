"""One layer on one tile: equal inputs stay equal, doubts about variances are stated, and errors are carried on."""

import torch

from limits.kernels.deep.layer_means import Layer, Means, Passed
from limits.kernels.gaussian_duals import dual_pair
from limits.kernels.input_pairs import Vectors, from_entries
from particles import Erf, ReLU, Softplus
from tests.draws import normals
from tests.tolerances import QUADRATURE, assert_identical

EVERY = slice(0, 4)


def test_equal_inputs_get_the_mean_square() -> None:
    """Assert that entries of an input with itself are E sigma^2 to the bit, by quadrature as well, and flagged."""
    vectors = Vectors(normals(4, 3, seed=1))
    for activation in (ReLU(), Softplus()):
        layer = Layer.at(dual_pair(activation), vectors.variances)
        means = Means.of(layer, layer, vectors.pairs(vectors, EVERY, EVERY))
        assert torch.equal(means.value.diagonal(), layer.value.squares())
        assert torch.equal(means.equal, torch.eye(4, dtype=torch.bool))


def test_known_equality_outlives_the_rounding_of_variances() -> None:
    """Assert that inputs known to be equal stay so, and have no angle, where their variances differ by rounding."""
    p = torch.tensor([1.0], dtype=torch.float64)
    q = torch.nextafter(p, p + 1.0)
    pairs = from_entries(1e-16, p[:, None], q[None], p[:, None], torch.zeros(1, 1).double(), torch.ones(1, 1).bool())
    above, below = (Layer.at(dual_pair(ReLU()), each) for each in (p, q))
    means = Means.of(above, below, pairs)
    assert bool(means.equal)
    assert_identical(means.derivative, torch.full((1, 1), 0.5, dtype=torch.float64))


def test_doubts_about_variances_are_how_far_they_move_the_means() -> None:
    """Assert that errors of variances enter the errors of an input with itself, as E sigma^2 at the moved variance."""
    vectors = Vectors(normals(2, 3, seed=2))
    errors = torch.tensor([1e-3, 0.0], dtype=torch.float64)
    pair = dual_pair(Erf())
    layer, plain = Layer.at(pair, vectors.variances, errors), Layer.at(pair, vectors.variances)
    assert plain.doubts is None
    assert layer.doubts is not None
    moved = pair.value.at(vectors.variances + errors).squares() - plain.value.squares()
    assert_identical(layer.doubts[0], moved)
    both = slice(0, 2)
    pairs = vectors.pairs(vectors, both, both)
    more = Means.of(layer.part(both), layer, pairs).value_error - Means.of(plain, plain, pairs).value_error
    assert_identical(more, torch.diag(moved))


def test_errors_are_carried_on() -> None:
    """Assert that an error of T and one of E sigma' sigma' both bound the error of W T E sigma' sigma'."""
    one = torch.ones(1, 1, dtype=torch.float64)
    passed = Passed(one, 1e-6 * one, 3.0 * one, 1e-5 * one)
    means = Means(one, 0.0 * one, 0.5 * one, 1e-4 * one, one.bool())
    moved, error = passed.times(means, 2.0)
    assert_identical(moved, 3.0 * one)
    assert_identical(error, 2.0 * (0.5e-5 + 3e-4) * one)
    assert 1e-5 <= passed.error < 1e-5 + QUADRATURE
