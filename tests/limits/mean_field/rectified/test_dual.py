"""The dual: its Newton step, its minimum in high precision, and searches that fail."""

from fractions import Fraction

import mpmath
import pytest
import torch

from limits.mean_field.rectified.data import LineData
from limits.mean_field.rectified.dual import Dual
from tests.limits.mean_field.rectified.line_problems import INPUTS, TARGETS, random_points, three_points


def dual(temperature: float, confinement: float = 0.3) -> Dual:
    """That of the three points."""
    return Dual(LineData.of(three_points(), confinement), temperature)


@pytest.mark.parametrize("temperature", [1.0, 1e-3])
def test_newton_step_is_that_of_differences(temperature: float) -> None:
    """Assert that the step solves the linear system whose matrix is the difference quotient of the gap."""
    problem, shift = dual(temperature), Fraction(1, 2**24)
    start = (Fraction(1, 16), Fraction(-1, 32), Fraction(1, 8))
    here = problem.at(start)
    columns = []
    for number in range(3):
        ends = [tuple(one + sign * shift * (place == number) for place, one in enumerate(start)) for sign in (1, -1)]
        columns.append((problem.at(ends[0]).gap - problem.at(ends[1]).gap) / float(2 * shift))
    expected = torch.linalg.solve(torch.stack(columns, dim=1), -here.gap)
    torch.testing.assert_close(here.newton_step, expected, rtol=1e-6, atol=0.0)


def test_law_that_does_not_exist() -> None:
    """Assert that residuals whose g exceeds the confinement have no law."""
    assert dual(1.0).at((Fraction(0),) * 3).exists
    assert not dual(1.0).at((Fraction(10),) * 3).exists


@pytest.mark.parametrize("temperature", [0.25, 1e-4])
def test_minimum_in_high_precision(temperature: float) -> None:
    """Assert that R_i - y_i + f_i < 1e-12, with f from 22 digits of the integral split at kinks and peaks."""
    found, _ = dual(temperature, 0.02 if temperature < 0.1 else 0.3).solved(1e-12)
    confinement = found.dual.data.hidden
    with mpmath.workdps(22):
        residuals = [mpmath.mpf(one.numerator) / one.denominator for one in found.residuals]

        def g(phi: mpmath.mpf) -> mpmath.mpf:
            c, s = mpmath.cos(phi), mpmath.sin(phi)
            return sum(r * max(x * c + s, 0) for r, x in zip(residuals, INPUTS, strict=True)) / 3

        def q(phi: mpmath.mpf) -> mpmath.mpf:
            return confinement - g(phi) ** 2 / confinement

        lows = [mpmath.atan2(float(b), float(w)) for w, b in found.pieces.start.tolist()]
        kinks = [mpmath.atan2(sign, -sign * mpmath.mpf(x)) for x in INPUTS for sign in (1, -1)]
        kinks += [mpmath.atan2(-sign * mpmath.mpf(x), sign) for x in INPUTS for sign in (1, -1)]
        near = [one + sign * mpmath.mpf(10) ** -power for one in lows for power in (1, 2, 4) for sign in (1, -1)]
        cuts = sorted({-mpmath.pi, mpmath.pi, *(one for one in [*lows, *kinks, *near] if abs(one) < mpmath.pi)})
        mass = mpmath.quad(lambda phi: 1 / q(phi), cuts)
        for number, x in enumerate(INPUTS):

            def pulled(phi: mpmath.mpf, x: float = x) -> mpmath.mpf:
                return g(phi) * max(x * mpmath.cos(phi) + mpmath.sin(phi), 0) / q(phi) ** 2

            f = 2 * mpmath.mpf(temperature) / confinement * mpmath.quad(pulled, cuts) / mass
            assert abs(float(f) - float(found.predictions[number])) < 1e-12
            assert abs(float(residuals[number] - mpmath.mpf(TARGETS[number]) + f)) < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_low_temperatures_reach_rounding(seed: int) -> None:
    """Assert that the residual is below 1e-12 at temperature 1e-8, with constant and with small confinement."""
    for confinement in (0.03, 0.01):
        found, steps = Dual(LineData.of(random_points(3 + seed, seed), confinement), 1e-8).solved(1e-12)
        assert found.left < 1e-12 * (1.0 + found.dual.data.size(found.predictions))
        assert steps < 100


def test_what_is_not_reached_is_refused() -> None:
    """Assert that a tolerance below rounding is an error that says how far the search came."""
    with pytest.raises(ArithmeticError, match="raise the temperature or the tolerance"):
        dual(0.25).solved(1e-18)
