"""Convolutions: patches and torch's own agree, and a filter covers the positions that the docstring says."""

import pytest
import torch
from torch.nn import functional

from particles.neurons.deep import convolution
from particles.neurons.deep.convolution import ConvolutionMap
from tests.draws import normals
from tests.particles.neurons.deep.test_maps import MAPS, drawn
from tests.tolerances import assert_identical

CONVOLUTIONS = [one for one in MAPS if isinstance(one, ConvolutionMap)]


@pytest.mark.parametrize("entries", [1, 150, 2**18])
@pytest.mark.parametrize("linear", CONVOLUTIONS, ids=repr)
def test_patches_are_torchs_convolution(linear: ConvolutionMap, entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that both ways give the same, with patches of one datum, of some and of all."""
    x, weights, cotangents = drawn(linear)

    def answers() -> list[torch.Tensor]:
        given = (cotangents, weights, 0.7)
        return [linear.forward(x, weights, 0.7), linear.backward(*given), linear.gradient(cotangents, x, 0.7)]

    monkeypatch.setattr(convolution, "PATCH_ENTRIES", entries)
    patched = answers()
    monkeypatch.setattr(convolution, "_patches_win", lambda *tensors: False)
    for actual, expected in zip(patched, answers(), strict=True):
        assert_identical(actual, expected)


def test_even_filters_cover_one_position_more_after() -> None:
    """Assert that a filter of four at position p sees p - 1 to p + 2, round a circle or with zeros outside."""
    x, w = normals(1, 1, 1, 6, seed=3), normals(1, 1, 1, 4, seed=4)
    for circular in (True, False):
        found = ConvolutionMap(1, 1, 4, (6,), circular).forward(x, w, 1.0)[0, 0, 0]
        for p in range(6):
            seen = [(place, place % 6) for place in range(p - 1, p + 3)]
            values = [float(x[0, 0, 0, at]) if circular or place == at else 0.0 for place, at in seen]
            assert float(found[p]) == pytest.approx(
                float(w.flatten() @ torch.tensor(values, dtype=torch.float64)), rel=1e-13
            )


def test_circular_filters_of_the_kernels_are_shifted() -> None:
    """Assert that the network of limits.convolutional_kernels, whose filter sees k + l, is this one moved round."""
    x, w = normals(1, 1, 1, 6, seed=3), normals(1, 1, 1, 3, seed=4)
    wrapped = torch.cat([x, x[..., :2]], dim=-1)
    theirs = functional.conv1d(wrapped[0], w[0])
    found = ConvolutionMap(1, 1, 3, (6,), circular=True).forward(x, w, 1.0)
    assert_identical(found[0].roll(-1, dims=-1), theirs)


def test_float32_takes_torchs_convolution(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that patches are for float64 on CPUs, and that autograd is not asked to follow them."""
    monkeypatch.setattr(ConvolutionMap, "_patches", lambda *given: iter(()))
    linear = ConvolutionMap(2, 3, 3, (5,), circular=True)
    for dtype, followed in ((torch.float32, False), (torch.float64, True)):
        x, weights, _ = drawn(linear, dtype)
        found = linear.forward(x.requires_grad_(followed), weights, 1.0).detach()
        assert float(found.abs().max()) > 0.1
        again = [
            functional.conv1d(functional.pad(a, (1, 1), mode="circular"), w) for a, w in zip(x, weights, strict=True)
        ]
        assert_identical(found, torch.stack(again).detach())
