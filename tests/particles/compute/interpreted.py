"""Runs the kernels in Triton's interpreter and prints how far they are from plain torch in float64, as JSON.

Every difference is in units of rounding (eps of the dtype) of the largest entry.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial

import torch
import triton
import triton.language as tl
from torch import Tensor

from particles import Identity, Perceptron, Tanh
from particles.compute import triton_kernels
from particles.compute.triton_activations import sigma, slope
from tests.draws import normals
from tests.particles.compute.programs import IN_TRITON
from tests.particles.risk.contracts.members import TRAINED

DTYPES = {"float64": torch.float64, "float32": torch.float32}
#: Particles, data, features, outputs, programs: around and across blocks of 32 and 64, sums split and not.
SIZES = [
    *((1, 1, 1, 1, 1024), (70, 1, 1, 1, 1), (1, 40, 2, 2, 1024), (150, 70, 3, 1, 3), (330, 33, 2, 1, 2)),
    *((33, 200, 20, 9, 3), (64, 32, 8, 8, 1024), (40, 33, 9, 3, 1), (70, 33, 130, 10, 1024)),
]


@triton.jit
def both(z, out, count, SIGMA: tl.constexpr, SLOPE: tl.constexpr, BLOCK: tl.constexpr):
    """Writes sigma(z) and sigma'(z)."""
    at = tl.arange(0, BLOCK)
    inside = at < count
    values = tl.load(z + at, mask=inside, other=0.0)
    tl.store(out + at, sigma(values, SIGMA, SLOPE), mask=inside)
    tl.store(out + count + at, slope(values, SIGMA, SLOPE), mask=inside)


def sigmas() -> Iterator[tuple[str, float]]:
    """Largest error of sigma and sigma' over small, moderate and huge z, relative to max(1, |z|) eps.

    For Tanh and Softplus also the largest error relative to sigma itself, where it is small.
    """
    for name, dtype in DTYPES.items():
        for activation in IN_TRITON:
            z = torch.cat([normals(300, seed=1), 3.0 * normals(300, seed=2), *extremes()]).to(dtype)
            out = z.new_empty(2, len(z))
            constants = triton_kernels.predict_constants(Perceptron(activation, Identity(1)), dtype)
            both[1,](z, out, len(z), constants["SIGMA"], constants["SLOPE"], BLOCK=1024)
            exact, found, eps = z.double(), out.double(), torch.finfo(dtype).eps
            scale = eps * exact.abs().clamp(min=1.0)
            truth = activation.value(exact), activation.derivative(exact)
            yield f"{name} {activation} value", float(((found[0] - truth[0]).abs() / scale).max())
            yield f"{name} {activation} slope", float(((found[1] - truth[1]).abs() / scale).max())
            if type(activation).__name__ in ("Tanh", "Softplus"):
                above = truth[0].abs() > 1e-30
                relative = (found[0] - truth[0])[above].abs() / truth[0][above].abs()
                yield f"{name} {activation} relative", float((relative / scale[above]).max())


def extremes() -> tuple[Tensor, Tensor]:
    """Both signs of tiny and huge numbers, and of those where formulas change."""
    sizes = torch.tensor([0.0, 1e-30, 1e-8, 1e-3, 0.1249, 0.125, 0.1251, 1.0, 20.0, 60.0, 90.0, 800.0])
    return sizes.double(), -sizes.double()


def problems() -> Iterator[tuple[Perceptron, torch.dtype, tuple[int, int, int]]]:
    """Triton's activations with every `trained` at one size, with one output and three in turn; tanh at all sizes.

    In float32 tanh only: nothing but sigma depends on the dtype, and `sigmas` has every sigma in both.
    """
    for dtype in DTYPES.values():
        for number, activation in enumerate(IN_TRITON):
            for other, trained in enumerate(TRAINED if dtype == torch.float64 else []):
                outputs = (1, 3)[(number + other) % 2]
                yield Perceptron(activation, Identity(3), outputs, trained), dtype, (70, 33, 2)
        for m, n, features, outputs, programs in SIZES:
            yield Perceptron(Tanh(), Identity(features), outputs, "both"), dtype, (m, n, programs)


def differences() -> Iterator[tuple[str, float]]:
    """Differences of predictions and pulls over what rounding allows; infinite where dtype or zeros are wrong.

    Allowed are the roundings of one inner product and one sigma, and the square root of those of one sum.
    """
    for neuron, dtype, (m, n, triton_kernels.PROGRAMS) in problems():
        for what, run, expected in evaluations(neuron, dtype, m, n):
            found = run()
            allowed = (neuron.dim + 16 + max(m, n) ** 0.5) * torch.finfo(dtype).eps
            error = float((found.double() - expected).abs().max() / expected.abs().max()) / allowed
            exact = found.dtype == dtype and bool((found[expected == 0.0] == 0.0).all())
            name = f"{dtype} {neuron.activation} {neuron.trained} D={neuron.hidden} k={neuron.outputs} {(m, n)} {what}"
            yield name, error if exact else float("inf")


def evaluations(
    neuron: Perceptron, dtype: torch.dtype, m: int, n: int
) -> Iterator[tuple[str, Callable[[], Tensor], Tensor]]:
    """(what, the kernel's way, the plain way in float64) on normal numbers."""
    shapes = (m, neuron.dim), (m,), (n, neuron.hidden), (n, neuron.outputs)
    positions, factors, phi, cotangents = (normals(*shape, seed=seed, dtype=dtype) for seed, shape in enumerate(shapes))
    exact = neuron.tangent(positions.double(), phi.double())
    given = neuron, positions, factors, phi
    yield "predict", partial(triton_kernels.predict, *given), exact.predict(factors.double())
    yield "pull", partial(triton_kernels.pull, *given, cotangents), exact.pull(factors.double(), cotangents.double())


def repeats() -> Iterator[tuple[str, bool]]:
    """Whether two evaluations are the same bits, and whether another split of the sums gives other bits."""
    neuron = Perceptron(Tanh(), Identity(3), 1, "both")
    for (what, run, _), split in zip(evaluations(neuron, torch.float32, 130, 70), (1, 1), strict=True):
        triton_kernels.PROGRAMS = 1024
        first = run()
        yield f"{what} again", torch.equal(first, run())
        triton_kernels.PROGRAMS = split
        yield f"{what} split", torch.equal(first, run())


if __name__ == "__main__":
    print(json.dumps(list({"sigmas": sigmas, "differences": differences, "repeats": repeats}[sys.argv[1]]())))
