"""The recursion over layers of all kinds: written out, at many digits, with what it knows of equal positions."""

import itertools
import math
from dataclasses import replace
from functools import partial

import mpmath
import pytest
import torch
from torch import Tensor

from limits import DeepKernels, convolutional_kernels
from limits.kernels.deep.both_kernels import kernels_of
from limits.kernels.deep.positions import Window
from limits.kernels.deep.recursion import Nonlinearity, Recursion, Weights
from limits.kernels.gaussian_duals import dual_pair
from particles import GELU, Activation, Erf, ReLU, Softplus
from tests.draws import normals
from tests.limits.kernels.deep import plain_recursion
from tests.limits.kernels.deep.plain_recursion import equal_positions, filtered, pooled
from tests.limits.kernels.oracles import PRECISE
from tests.tolerances import QUADRATURE, assert_identical

W, B = 1.7, 0.3
#: Two convolutions with averages over two neighbours between them, then a dense hidden layer and the readout.
GRID = (4, 2)
X = normals(3, 2 * 8, seed=1)


def mixed(activation: Activation, gains: tuple[float, float] | None = None, accuracy: float = QUADRATURE) -> Recursion:
    """Layers of all kinds, with averages over blocks between nonlinear layers."""
    hidden = Nonlinearity(dual_pair(activation, accuracy))
    layers = (
        Weights(W, B, Window(3, 1), gains),
        Weights(W, B, Window(2, 0, circular=False), gains),
        Weights(W, B, gains=gains),
        Weights(W, B, gains=gains),
    )
    return Recursion(GRID, layers, (Nonlinearity(hidden.duals, ((2, 2),)), hidden, hidden))


def written_out(gain: float, bias_gain: float) -> tuple[Tensor, Tensor]:
    """The same network with erf, pair of positions by pair of positions."""
    means = [
        partial(filtered, grid=GRID, size=3, circular=True),
        lambda values: filtered(pooled(values, GRID, 2), (2, 1), 2, circular=False),
        lambda values: equal_positions(values)[:, None, :, None],
        lambda values: values,
    ]
    value = plain_recursion.products(X, (2, *GRID))
    moved = torch.zeros_like(value)
    for place, mean in enumerate(means):
        covariance = W * mean(value) + B
        tangent = gain * mean(value) + bias_gain + W * mean(moved)
        if place < 3:
            value, moved = plain_recursion.nonlinear(plain_recursion.erf, covariance, tangent)
    return covariance[:, 0, :, 0], tangent[:, 0, :, 0]


@pytest.mark.parametrize("gains", [None, (0.0, 0.4), (2.5, 0.0)])
def test_blocks_between_layers_are_the_recursion_written_out(gains: tuple[float, float] | None) -> None:
    """Assert that layers of four kinds agree with loops over all pairs, and so do layers that train at other rates."""
    nngp, ntk = written_out(*(gains or (W, B)))
    found = kernels_of(mixed(Erf(), gains), X, None)
    assert_identical(found.nngp, nngp)
    assert_identical(found.ntk, ntk)


def test_pairs_of_positions_are_computed_where_blocks_ask_for_them() -> None:
    """Assert that layers below a pool pair all positions, those after the last pool equal ones, dense ones none."""
    positions = mixed(Erf()).positions
    assert [(at.grid, at.paired) for at in positions] == [((4, 2), True), ((2, 1), False), ((), True), ((), True)]


def test_diagonal_holds_the_variances_of_the_next_layer() -> None:
    """Assert that on the diagonal covariances are bit for bit the variances, so that correlations there are one."""
    for recursion in (mixed(Softplus()), Recursion((), (Weights(W, B),) * 4, mixed(Softplus()).nonlinear[1:2] * 3)):
        side = recursion.side(X)
        (nngp, _), _ = recursion.block(side, side, slice(0, 3), slice(0, 3))
        assert torch.equal(nngp.diagonal(), recursion.weights[-1].affine(side.layers[-1].value.squares()))


@pytest.mark.parametrize("activation", [ReLU(), Softplus()], ids=repr)
def test_equal_positions_stay_equal(activation: Activation) -> None:
    """Assert that images of one colour have the kernel of a single position, with no doubt in any layer."""
    colour = normals(2, 3, seed=4)
    images = colour[:, :, None].expand(2, 3, 16).flatten(1)
    made = partial(convolutional_kernels, activation=activation, depth=3, bias_variance=B, pooling=True)
    one = made(colour, filter_size=1, shape=(3, 1, 1))
    many = made(images, filter_size=3, shape=(3, 4, 4))
    assert float((many.ntk - one.ntk).abs().max()) < 20.0 * QUADRATURE
    # Equal rows differ by rounding from position to position; without knowing them equal the doubt is that of an angle.
    assert many.error < 100.0 * max(one.error, 1e-13)


@pytest.mark.parametrize("activation", [ReLU(), Erf(), GELU()], ids=repr)
def test_doubt_about_nearly_parallel_patches_is_stated(activation: Activation) -> None:
    """Assert that at 90 digits pooled kernels of nearly equal images are within the error, which is small."""
    size, count, depth = 2, 3, 2
    x = 3.0 * normals(1, count, seed=6)
    y = x + 1e-7 * normals(1, count, seed=7)
    precise = PRECISE[type(activation).__name__.lower()]
    rows = [[mpmath.mpf(number) for number in row[0].tolist()] for row in (x, y)]
    pairs = list(itertools.product(range(2), range(count), range(2), range(count)))

    def mean(values: dict[tuple[int, ...], mpmath.mpf]) -> dict[tuple[int, ...], mpmath.mpf]:
        moved = lambda i, k, l, m: [values[i, (k + s) % count, l, (m + s) % count] for s in range(size)]
        return {pair: sum(moved(*pair), mpmath.mpf(0)) / size for pair in pairs}

    covariance = mean({(i, k, l, m): rows[i][k] * rows[l][m] for i, k, l, m in pairs})
    tangent = covariance
    for place in range(depth):
        both = {
            (i, k, l, m): precise(covariance[i, k, i, k], covariance[l, m, l, m], covariance[i, k, l, m])
            for i, k, l, m in pairs
        }
        value = {pair: both[pair][0] for pair in pairs}
        moved = {pair: tangent[pair] * both[pair][1] for pair in pairs}
        if place + 1 < depth:
            covariance = mean(value)
            tangent = {pair: covariance[pair] + kept for pair, kept in mean(moved).items()}
    across = [pair for pair in pairs if pair[0] == 0 and pair[2] == 1]
    nngp = sum((value[pair] for pair in across), mpmath.mpf(0)) / count**2
    ntk = nngp + sum((moved[pair] for pair in across), mpmath.mpf(0)) / count**2
    found = convolutional_kernels(x, y, activation=activation, filter_size=size, depth=depth, pooling=True)
    assert abs(mpmath.mpf(float(found.nngp)) - nngp) <= found.error
    assert abs(mpmath.mpf(float(found.ntk)) - ntk) <= found.error < 1e-5 * ntk


def test_quadrature_is_accurate_through_blocks() -> None:
    """Assert that what is asked for between layers is reached, errors of pooled variances included."""
    coarse: DeepKernels = kernels_of(mixed(Softplus(), accuracy=1e-6), X, None)
    fine: DeepKernels = kernels_of(mixed(Softplus(), accuracy=1e-12), X, None)
    assert float((coarse.ntk - fine.ntk).abs().max()) <= coarse.error + fine.error
    assert fine.error < 1e-2 * coarse.error
    assert coarse.error < 1e-3


def test_errors_of_variances_are_errors_of_what_follows() -> None:
    """Assert that variances after blocks have the errors of their covariances, which later layers carry on."""
    recursion = mixed(Softplus(), accuracy=1e-6)
    side = recursion.side(X)
    first, pooled_errors, last = side.errors
    assert first is None and pooled_errors is not None and last is not None
    assert pooled_errors.shape == side.variances[1].shape == (3, 2)
    assert float(pooled_errors.min()) > 0.0
    doubts = side.layers[1].doubts
    assert doubts is not None
    assert_identical(last, W * recursion.steps[1].single(doubts[0]))
    every = slice(0, 3)
    (_, _), known = recursion.block(side, side, every, every)
    doubtful = replace(side, errors=[None, pooled_errors + 1e-3, last])
    (_, _), error = recursion.block(doubtful, doubtful, every, every)
    assert error > known + 1e-3


def test_gradients_pass_blocks() -> None:
    """Assert that gradients in the inputs are those of differences, through pools between layers."""
    direction = normals(*X.shape, seed=8)
    given = X.clone().requires_grad_()
    (found,) = torch.autograd.grad(kernels_of(mixed(Erf()), given, None).ntk.sum(), given)
    step = 1e-5
    ends = [float(kernels_of(mixed(Erf()), X + side * step * direction, None).ntk.sum()) for side in (1.0, -1.0)]
    assert math.isclose(float((found * direction).sum()), (ends[0] - ends[1]) / (2.0 * step), rel_tol=1e-8)
