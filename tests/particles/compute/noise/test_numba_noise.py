"""Compiled loops of noise: every number has the bits of plain torch, whatever the shape, the tiles and the threads."""

from pathlib import Path

import pytest
import torch

from particles.compute.noise import normals, numba_noise, philox
from particles.compute.noise.normals import plain_normals
from particles.compute.noise.numba_noise import TILE, write_normals
from particles.compute.sources import fingerprint

COUNTER, KEY = (2**32 - 3, 2**31 + 1), (5, 2**32 - 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("first", [0, 2**32 - 5000])
@pytest.mark.parametrize(("count", "dim"), [(1, 1), (7, 2), (TILE + 1, 3), (500, 4), (301, 9), (3, 5000), (0, 3)])
def test_bits_are_those_of_plain_torch(count: int, dim: int, first: int, dtype: torch.dtype) -> None:
    """Assert that whole and broken tiles, and particles with the highest numbers, have the reference's bits."""
    found = torch.full((count, dim), float("nan"), dtype=dtype)
    write_normals(found, first, COUNTER, KEY)
    particles = torch.arange(first, first + count)[:, None]
    assert torch.equal(found, plain_normals(dim, particles, COUNTER, KEY).to(dtype))


def test_threads_change_no_bit() -> None:
    """Assert that three threads write what one writes."""
    one, three = torch.empty(20_000, 3), torch.empty(20_000, 3)
    write_normals(one, 0, COUNTER, KEY)
    torch.set_num_threads(3)
    try:
        write_normals(three, 0, COUNTER, KEY)
    finally:
        torch.set_num_threads(1)
    assert torch.equal(one, three)


@pytest.mark.parametrize("place", ["counter", "key"])
def test_every_word_of_the_address_matters(place: str) -> None:
    """Assert that each of the four words of step and seed changes every number."""
    plain = torch.empty(50, 4, dtype=torch.float64)
    write_normals(plain, 0, COUNTER, KEY)
    for word in range(2):
        address = {"counter": list(COUNTER), "key": list(KEY)}
        address[place][word] ^= 1
        other = torch.empty_like(plain)
        write_normals(other, 0, tuple(address["counter"]), tuple(address["key"]))
        assert not bool((other == plain).any())


def test_code_on_disk_is_that_of_all_its_sources() -> None:
    """Assert that the constants of other files of the folder count where Numba's cache looks for compiled loops."""
    cells = numba_noise.write_tiles.py_func.__closure__
    assert [cell.cell_contents for cell in cells] == [fingerprint(numba_noise.__file__)]
    assert {Path(module.__file__).parent for module in (normals, philox)} == {Path(numba_noise.__file__).parent}
