"""Both kernels of a deep network: rectangles and tiles of the square, in the dtype of the inputs."""

import torch

from limits import deep_kernels
from particles import Tanh
from tests.draws import normals
from tests.tolerances import QUADRATURE, SINGLE

X = normals(5, 3, seed=1)


def test_rectangles_and_tiles_are_parts_of_the_square() -> None:
    """Assert that kernels between two sets, and of more inputs than a tile, are the same numbers."""
    x = normals(300, 3, seed=2)
    whole = deep_kernels(x, activation=Tanh(), depth=2)
    part = deep_kernels(x[:3], x[250:], activation=Tanh(), depth=2)
    assert float((whole.ntk[:3, 250:] - part.ntk).abs().max()) < 10.0 * QUADRATURE
    assert float((whole.nngp[:3, 250:] - part.nngp).abs().max()) < 10.0 * QUADRATURE


def test_float32_is_kept() -> None:
    """Assert that float32 inputs give float32 kernels of that precision."""
    narrow = deep_kernels(X.float(), activation=Tanh(), depth=2)
    assert narrow.ntk.dtype == narrow.nngp.dtype == torch.float32
    wide = deep_kernels(X.float().double(), activation=Tanh(), depth=2)
    assert float((narrow.ntk.double() - wide.ntk).abs().max()) < SINGLE
