"""Normal numbers by address: right to the last bits, the same on every machine, and one stream for all versions."""

import logging

import mpmath
import pytest
import torch
from torch import Tensor

from particles.compute.noise import normals, numba_noise
from particles.compute.noise.normals import (
    EARLIEST,
    MANY,
    OFTEN,
    box_muller,
    compiled_normals,
    difference,
    plain_normals,
    portable_box_muller,
)
from particles.compute.noise.philox import MASK

#: Words at which something turns: ends, powers of two, eighths of a turn, and u near sqrt(1/2) times a power of two.
CORNERS = [0, 1, 2, 2**29 - 1, 2**29, 2**30, 2**31 - 1, 2**31, 3 * 2**30, 3037000499, 3037000500, MASK - 1, MASK]

#: Numbers of version 2 of particles 0 and 7, five coordinates each, at the address of the test.
WRITTEN = [
    "0x1.47de38b86a328p-3",
    "-0x1.751b90091ec4ep-1",
    "-0x1.95782b3d28e1ep-2",
    "0x1.66c6f8cef8b90p-3",
    "-0x1.13773799a1f91p-3",
    "0x1.428eaf32e1dafp-1",
    "0x1.32a4a20e4830ap-6",
    "0x1.5d052aeb200c2p+0",
    "-0x1.026a7d77f2945p-2",
    "0x1.39f668422ca41p-1",
]


def pairs_of_words() -> tuple[Tensor, Tensor]:
    """All pairs of corners, and two hundred pairs at random."""
    corners = torch.tensor(CORNERS)
    some = torch.randint(0, 2**32, (2, 200), generator=torch.Generator().manual_seed(0))
    pairs = torch.cartesian_prod(corners, corners)
    return torch.cat([pairs[:, 0], some[0]]), torch.cat([pairs[:, 1], some[1]])


def test_numbers_are_right_to_the_last_bits() -> None:
    """Assert that numbers are within 8e-16 of the exact ones, relative to their radius, by high precision."""
    first, second = pairs_of_words()
    found = portable_box_muller(first, second)
    with mpmath.workdps(40):
        for place, (w, v) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
            radius = mpmath.sqrt(-2 * mpmath.log((mpmath.mpf(w) + 0.5) / 2**32))
            angle = 2 * mpmath.pi * v / 2**32
            for number, exact in zip(found, (mpmath.cos(angle), mpmath.sin(angle)), strict=True):
                assert abs(mpmath.mpf(float(number[place])) / radius - exact) < 8e-16, (w, v)


def test_versions_differ_by_rounding() -> None:
    """Assert that the two versions are one stream up to 5e-15, and are not the same in every bit."""
    first, second = pairs_of_words()
    for old, new in zip(box_muller(first, second), portable_box_muller(first, second), strict=True):
        assert 0.0 < float((old - new).abs().max()) < 5e-15


def test_bits_are_the_same_on_every_machine() -> None:
    """Assert that version 2 gives these bits, which were written down once."""
    numbers = plain_normals(5, torch.tensor([[0], [7]]), (3, 0), (11, 5))
    assert [number.hex() for number in numbers.reshape(-1).tolist()] == WRITTEN


@pytest.mark.parametrize("version", [EARLIEST, normals.TODAY])
def test_coordinates_are_blocks_of_four(version: int) -> None:
    """Assert that fewer coordinates are the first ones of more, for either version."""
    particles = torch.arange(20)[:, None]
    wide = plain_normals(11, particles, (3, 4), (5, 6), version)
    for dim in range(1, 11):
        assert torch.equal(plain_normals(dim, particles, (3, 4), (5, 6), version), wide[:, :dim])


def test_loops_serve_many_numbers_and_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that few numbers are left to plain torch until the thousandth call, and many never are."""
    monkeypatch.setattr(normals, "_CALLS", iter(range(OFTEN + 10)))
    few, many = torch.empty(3, 2), torch.empty(MANY, 1)
    assert compiled_normals(many) is numba_noise.write_normals
    assert [compiled_normals(few) for _ in range(OFTEN)] == [None] * OFTEN
    assert compiled_normals(few) is numba_noise.write_normals


@pytest.mark.parametrize("broken", ["bits", "error"])
def test_loops_that_fail_are_left_with_one_warning(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Assert that loops with another last bit, or none at all, are replaced by plain torch, and one warning says so."""

    def write(out: Tensor, first: int, counter: tuple[int, int], key: tuple[int, int]) -> None:
        if broken == "error":
            raise RuntimeError("no compiler\nat all")
        true(out, first, counter, key)
        out[-1, -1] = torch.nextafter(out[-1, -1], torch.zeros(()).to(out.dtype))

    true = numba_noise.write_normals
    told = {"bits": "their bits in torch.float64 are not those", "error": "they failed with RuntimeError: no compiler."}
    monkeypatch.setattr("particles.compute.noise.numba_noise.write_normals", write)
    normals._checked.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            assert compiled_normals(torch.empty(MANY, 1)) is None
            assert compiled_normals(torch.empty(MANY, 1)) is None
    finally:
        normals._checked.cache_clear()
    assert len(caplog.messages) == 1 and told[broken] in caplog.messages[0]


def test_true_loops_have_no_difference() -> None:
    """Assert that the compiled loops pass the check on which they are taken."""
    assert difference(numba_noise.write_normals) is None
