"""The activations inside Numba's kernels are as accurate as is said, at every size, and hide no NaN."""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from scipy.special import expit

import particles
from particles.compute.cpu.activations import FORMULAS, FROM_VALUE
from particles.neurons.autonomous import Autonomous
from tests.particles.compute.cpu.elementwise import LEAK, evaluated, units

Pair = tuple[np.ndarray, np.ndarray]


def tanh(z: np.ndarray) -> Pair:
    """In more digits, as all that follow."""
    return np.tanh(z), 1.0 - np.tanh(z) ** 2


def sigmoid(z: np.ndarray) -> Pair:
    """1 / (1 + exp(-z))."""
    return expit(z), expit(z) * expit(-z)


def softplus(z: np.ndarray) -> Pair:
    """log(1 + exp(z))."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))), expit(z)


def silu(z: np.ndarray) -> Pair:
    """z / (1 + exp(-z))."""
    return z * expit(z), expit(z) * (1.0 + z * expit(-z))


def erf(z: np.ndarray) -> Pair:
    """By mpmath: longdouble has no erf."""
    return precise(mpmath.erf, lambda x: 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-x * x), z)


def gelu(z: np.ndarray) -> Pair:
    """z Phi(z)."""

    def slope(x: mpmath.mpf) -> mpmath.mpf:
        return mpmath.ncdf(x) + x * mpmath.npdf(x)

    return precise(lambda x: x * mpmath.ncdf(x), slope, z)


def precise(value: Callable[..., mpmath.mpf], slope: Callable[..., mpmath.mpf], z: np.ndarray) -> Pair:
    """Two functions at 40 digits, rounded to longdouble."""

    def rounded(exact: mpmath.mpf) -> np.longdouble:
        return np.longdouble(float(exact)) + np.longdouble(float(exact - float(exact)))

    with mpmath.workdps(40):
        found = [[rounded(of(mpmath.mpf(float(x)))) for x in z] for of in (value, slope)]
    return np.array(found[0]), np.array(found[1])


def sampled(dtype: type[np.floating]) -> np.ndarray:
    """Numbers of both signs and every size: each thousandth of float32 below 80, as many of float64."""
    if dtype == np.float32:
        last = int(np.float32(80.0).view(np.int32))
        sizes = np.arange(0, last, 997, dtype=np.int64).astype(np.int32).view(np.float32)
    else:
        generator = np.random.default_rng(0)
        sizes = np.concatenate([10.0 ** generator.uniform(-30, 2.8, 500_000), generator.uniform(0, 40, 500_000)])
    return np.concatenate([sizes, -sizes, np.array([0.0, 800.0, -800.0], dtype)]).astype(dtype)


def sampled_few(dtype: type[np.floating]) -> np.ndarray:
    """As many as mpmath does quickly."""
    generator = np.random.default_rng(1)
    sizes = [10.0 ** generator.uniform(-20, 1, 300), generator.uniform(0, 6, 1200), generator.uniform(0, 40, 300)]
    together = np.concatenate(sizes)
    return np.concatenate([together, -together, [0.0, 800.0, -800.0]]).astype(dtype)


#: The largest errors of sigma in units of its last place that were measured, and one more.
STATED = [(tanh, "Tanh", 3.5), (sigmoid, "Sigmoid", 3.5), (softplus, "Softplus", 4.0), (silu, "SiLU", 4.0)]
STATED_BY_MPMATH = [(erf, "Erf", 4.0), (gelu, "GELU", 8.0)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("truth", "kind", "most"), [*STATED, *STATED_BY_MPMATH])
def test_errors_of_the_activations_are_those_stated(
    truth: Callable[[np.ndarray], Pair], kind: str, most: float, dtype: type[np.floating]
) -> None:
    """Assert that sigma errs by so many units in its own last place, and sigma' by four of 1.

    Where the exponential ends, both do by some of the least normal numbers, as many as |z| for SiLU.
    """
    z = (sampled_few if kind in ("Erf", "GELU") else sampled)(dtype)
    value, slope = truth(z.astype(np.longdouble))
    found = evaluated(kind, z)
    info = np.finfo(dtype)
    smallest = 4.0 * info.tiny * (-np.log(info.tiny) if kind == "SiLU" else 1.0)
    normal = np.abs(value) > smallest / info.eps if kind == "SiLU" else np.abs(value) > smallest
    assert 0.5 < units(found[0][normal], value[normal]).max() < most
    assert np.abs(found[0] - value)[~normal].max(initial=0.0) <= smallest
    assert np.abs(found[1] - slope).max() < 4.0 * info.eps


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", FORMULAS)
def test_the_largest_numbers_have_their_limits(kind: str, dtype: type[np.floating]) -> None:
    """Assert that sigma and sigma' neither overflow nor become NaN at infinity and at the largest number."""
    largest = np.finfo(dtype).max
    value, slope = evaluated(kind, np.array([np.inf, largest, -largest, -np.inf], dtype))
    bounded, negative = kind in ("Tanh", "Sigmoid", "Erf"), {"Tanh": -1.0, "Erf": -1.0}.get(kind, 0.0)
    if kind in ("Linear", "LeakyReLU"):
        below = np.array([-largest, -np.inf], dtype) * np.array(1.0 if kind == "Linear" else LEAK, dtype)
        assert np.array_equal(value[2:], below)
    else:
        assert np.abs(value[2:] - negative).max() <= np.finfo(dtype).eps ** 4
    assert np.array_equal(value[:2], np.array([1.0, 1.0] if bounded else [np.inf, largest], dtype))
    lower = {"Linear": 1.0, "LeakyReLU": LEAK}.get(kind, 0.0)
    expected = np.array([*2 * [0.0 if bounded else 1.0], *2 * [lower]])
    assert np.abs(slope - expected.astype(dtype)).max() <= np.finfo(dtype).eps ** 4


def test_kinks_and_lines_are_exact() -> None:
    """Assert that activations without an exponential have the values and slopes of the library, at kinks too."""
    z = np.array([-2.0, -0.0, 0.0, 3.0])
    for kind, expected in (
        ("Linear", (z, np.ones(4))),
        ("ReLU", ([0.0, 0.0, 0.0, 3.0], [0.0, 0.0, 0.0, 1.0])),
        ("LeakyReLU", ([-2.0 * LEAK, 0.0, 0.0, 3.0], [LEAK, LEAK, LEAK, 1.0])),
    ):
        assert np.array_equal(evaluated(kind, z), expected)


def test_slopes_follow_from_values_where_the_library_says_so() -> None:
    """Assert that the activations whose sigma' is not kept are the library's autonomous ones."""
    assert {kind for kind in FORMULAS if issubclass(getattr(particles, kind), Autonomous)} == {*FROM_VALUE}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", FORMULAS)
def test_what_is_no_number_stays_none(kind: str, dtype: type[np.floating]) -> None:
    """Assert that a NaN is not hidden by any activation, so that a run that diverged is seen."""
    assert np.isnan(evaluated(kind, np.full(40, np.nan, dtype))[0]).all()
