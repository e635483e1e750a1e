"""The polynomials of Numba's kernels leave less than a rounding of what they stand for."""

from collections.abc import Callable, Sequence

import mpmath
import pytest

from particles.compute.cpu import coefficients

Function = Callable[[mpmath.mpf], mpmath.mpf]


def left(coefficients: Sequence[float], of: Function, end: float, begin: float = 0.0) -> float:
    """The largest relative error of a polynomial in [begin, end]."""
    with mpmath.workdps(40):
        exact = [mpmath.mpf(float(c)) for c in coefficients]
        places = [mpmath.mpf(begin) + (mpmath.mpf(end) - begin) * k / 200 for k in range(1, 201)]
        return float(max(abs(mpmath.polyval(exact, x) / of(x) - 1) for x in places))


@pytest.mark.parametrize(("name", "allowed"), [("SINGLE", 2.0**-24), ("DOUBLE", 2.0**-53)])
def test_polynomials_leave_less_than_a_rounding(name: str, allowed: float) -> None:
    """Assert that those of exp, log, erf and Mills' ratio do on the whole of their intervals."""
    table = {key.removeprefix(f"{name}_"): found for key, found in vars(coefficients).items() if key.startswith(name)}

    def log(square: mpmath.mpf) -> mpmath.mpf:
        return 2 * mpmath.atanh(mpmath.sqrt(square)) / mpmath.sqrt(square)

    def erf(square: mpmath.mpf) -> mpmath.mpf:
        return mpmath.erf(mpmath.sqrt(square)) / mpmath.sqrt(square)

    scale, shift, offset = map(float, table["MILLS"])

    def mills(u: mpmath.mpf) -> mpmath.mpf:
        t = (u - shift) / scale
        y = 1 / t - offset
        return mpmath.exp(y * y / 2) * mpmath.erfc(y / mpmath.sqrt(2)) / (2 * t)

    furthest = scale / (float(table["FURTHEST"]) + offset) + shift
    assert abs(scale / offset + shift - 1.0) < 1e-6
    series = table["SERIES"] if name == "SINGLE" else (*table["HIGH"], *table["LOW"])
    half = float(mpmath.log(2)) / 2
    for begin, end in ((-half, 0.0), (0.0, half)):
        assert left((*table["EXP"], 1.0, 1.0), mpmath.exp, end, begin) < allowed
    assert left(table["LOG"], log, 1 / 9) < 1.5 * allowed
    assert left(table["ERF"], erf, 1 / 4) < 1.5 * allowed
    assert left(series, mills, 1.0, furthest) < 1.5 * allowed
