"""Normal numbers of particles as a function of their address, in plain torch or, with the same bits, by compiled loops.

Box-Muller turns pairs of words into pairs of numbers. Version 1 asks torch for logarithms and cosines, whose last bits
depend on the machine. Version 2 writes them as sums and products in a fixed order, which float64 rounds alike on all
machines; its numbers differ from those of version 1 by 5e-15 at most.
"""

import importlib
import logging
import math
from collections.abc import Callable
from functools import cache
from itertools import count as counted
from math import factorial

import numpy as np
import torch
from torch import Tensor

from particles.compute.backend_choice import FAILURES, NUMBA, in_a_line
from particles.compute.noise.philox import Key, philox, words
from particles.shapes import Positions

LOGGER = logging.getLogger(__name__)
WORD = 2.0**-32
#: The versions: that of runs begun before there was another, and that of runs today.
EARLIEST, TODAY = 1, 2
#: Loading the compiled loops takes as long as plain torch for so many numbers at once, or so many calls for few.
MANY, OFTEN = 2**14, 1000
_CALLS = counted()

#: Bits of sqrt(1/2); ln 2 as a number of few digits, whose products with whole numbers are exact, and the rest of it.
ROOT, LN_2 = 0x3FE6A09E667F3BCD, (0.6931471803691238, 1.9082149292705877e-10)
#: Coefficients of powers of z, highest first: 2 artanh(s) = s (2 + z sum), sin(t) = t + t z sum, cos(t) = 1 + z sum for
#: the square z; they leave less than 1e-16 for s up to 0.172 and t up to pi / 4.
ARTANH = tuple(2.0 / (2 * k + 1) for k in range(10, 0, -1))
SIN = tuple((-1) ** k / factorial(2 * k + 1) for k in range(7, 0, -1))
COS = tuple((-1) ** k / factorial(2 * k) for k in range(8, 0, -1))
TURN = 2.0 * math.pi * WORD

#: Writes the numbers of particles first, first + 1, ... to `out` [particles, dim]: `write(out, first, counter, key)`.
Write = Callable[[Positions, int, tuple[int, int], tuple[int, int]], None]


def plain_normals(dim: int, particles: Tensor, counter: tuple[int, int], key: Key, version: int = TODAY) -> Positions:
    """The numbers of `particles` [count, 1] at the two words of a step, under a key, in float64 [count, dim].

    A counter's other words are the block of four coordinates and the particle.
    """
    device = particles.device
    blocks = torch.arange(-(-dim // 4), dtype=torch.int64, device=device)[None, :]
    low, high = (words(word, device) for word in counter)
    four = philox((blocks, particles, low, high), key)
    turned = box_muller if version == EARLIEST else portable_box_muller
    pairs = [turned(four[0], four[1]), turned(four[2], four[3])]
    numbers = torch.stack([number for pair in pairs for number in pair], dim=-1)
    return numbers.reshape(len(particles), 4 * blocks.numel())[:, :dim]


def box_muller(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Two independent N(0, 1) numbers from two words by version 1."""
    radius = torch.sqrt(-2.0 * torch.log((first.double() + 0.5) * WORD))
    angle = TURN * second.double()
    return radius * torch.cos(angle), radius * torch.sin(angle)


def portable_box_muller(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Two independent N(0, 1) numbers from two words by version 2, every operation rounded once.

    With 2 w + 1 = 2^e m, m in [sqrt(1/2), sqrt(2)), and s = (m - 1) / (m + 1), the logarithm of u = (w + 1/2) 2^-32 is
    (e - 33) ln 2 + 2 artanh(s). The angle is q quarters of a turn and a rest of at most an eighth.
    """
    bits = (2 * first + 1).double().view(torch.int64)
    exponent = (bits - ROOT) >> 52
    m = (bits - (exponent << 52)).view(torch.float64)
    s, n = (m - 1.0) / (m + 1.0), (exponent - 33).double()
    z = s * s
    logarithm = n * LN_2[0] + (n * LN_2[1] + s * (2.0 + z * _series(ARTANH, z)))
    radius = _root(-2.0 * logarithm)
    quarter = (second + (1 << 29)) >> 30
    t = (second - (quarter << 30)).double() * TURN
    z = t * t
    sine, cosine = t + t * (z * _series(SIN, z)), 1.0 + z * _series(COS, z)
    odd = (quarter & 1) == 1
    cosine, sine = torch.where(odd, sine, cosine), torch.where(odd, cosine, sine)
    cosine = torch.where(((quarter + 1) & 2) == 2, -cosine, cosine)
    return radius * cosine, radius * torch.where((quarter & 2) == 2, -sine, sine)


def _root(x: Tensor) -> Tensor:
    """The square root rounded once; torch's on CPUs errs now and then in the last bit, where MKL takes it."""
    return torch.from_numpy(np.sqrt(x.numpy())) if x.device.type == "cpu" else torch.sqrt(x)


def _series(coefficients: tuple[float, ...], z: Tensor) -> Tensor:
    """sum_k c_k z^(last - k) by Horner's rule."""
    total = torch.full_like(z, coefficients[0])
    for coefficient in coefficients[1:]:
        total = total * z + coefficient
    return total


def compiled_normals(positions: Positions) -> Write | None:
    """Compiled loops of version 2 for numbers in the shape of positions; None where plain torch is to be taken.

    They serve on CPUs, from many numbers or the thousandth call on, and once they had the bits of plain torch.
    """
    if positions.device.type != "cpu" or not (positions.numel() >= MANY or next(_CALLS) >= OFTEN):
        return None
    return _checked()


@cache
def _checked() -> Write | None:
    """The compiled loops, or None with one warning where they fail or any bit differs."""
    try:
        write: Write = importlib.import_module("particles.compute.noise.numba_noise").write_normals
        failure = difference(write)
    except FAILURES as error:
        failure = f"they failed with {in_a_line(error)}"
    except NUMBA.error() as error:
        failure = f"they did not compile: {in_a_line(error)}"
    if failure is None:
        return write
    LOGGER.warning(f"Noise by plain torch instead of compiled loops: {failure}.")
    return None


def difference(write: Write) -> str | None:
    """What differs from plain torch on a small problem, or None."""
    first, counter, key = 2**31 - 100, (2**32 - 7, 5), (2**31 + 3, 2**32 - 1)
    particles = torch.arange(first, first + 1000)[:, None]
    for dim, dtype in ((7, torch.float64), (5, torch.float32)):
        found = torch.empty(len(particles), dim, dtype=dtype)
        write(found, first, counter, key)
        if not torch.equal(found, plain_normals(dim, particles, counter, key).to(dtype)):
            return f"their bits in {dtype} are not those of plain torch"
    return None
