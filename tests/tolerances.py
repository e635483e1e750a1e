"""Tolerances, each with its reason. Three kinds: identity, order, statistics."""

import math

import torch
from torch import Tensor

#: Orders of convergence: the claimed order within this at the last refinement.
ORDER = 0.1
#: Statistics: |estimate - truth| in standard errors of the estimator. Chance exceeds it once in 1.7 million draws.
Z = 5.0
#: A planted error must stand out by this many standard errors, or the test that rejects it does so by luck.
PLANTED_Z = 10.0
#: Significance of a Kolmogorov-Smirnov test: hundreds of them pass by chance once in a thousand suites.
KS = 1e-5
#: float32 against float64 after some twenty evaluations: 1e2 units of rounding of 1.2e-7.
SINGLE = 1e-5
#: A central difference with step 1e-4 of a function of order one: truncation 1e-8 times its third derivative.
DERIVATIVE = 1e-6
#: Residual of linear neurons after 80 steps of RK4 of 0.075 at rates below 0.3: 80 local errors of 0.0225^5 / 120.
LINEAR_NEURONS = 1e-8
#: Slopes: a closed form against differences of the function it differentiates, relative in the Euclidean norm. Four
#: levels of extrapolation leave rounding of about eps / smallest step = 1e-13 of the function; the claim is 1e-9.
SLOPE = 1e-9

#: Kernels: the accuracy that quadrature is asked for where nobody says otherwise, and that closed forms are held to.
QUADRATURE = 1e-10
#: A linear flow in closed form against a matrix exponential: both are good to rounding times the norm of K t.
EXPONENTIAL = 1e-12
#: What a kernel flow without a closed form is asked for per step in tests; runs may add a hundred of such errors.
TOLERANCE = 1e-9
#: Published kernel values, given to seven or eight digits.
PUBLISHED = 5e-8
#: A kink found by bisection: jumps of a second derivative show to the root of the resolution, 1e-12, of a panel.
LOCATED = 1e-9


def assert_identical(actual: Tensor, expected: Tensor, *, operations: float = 1e3, claim: str = "") -> None:
    """Assert that two tensors are one number computed in two ways: rounding only, dtype, shape and device equal.

    `operations` bounds by how many units of rounding, relative to the largest entry, the two ways may differ. `claim`
    is what the failure says first, so that a planted error can be told by the claim it breaks.
    """
    eps = torch.finfo(expected.dtype).eps * operations
    largest = float(expected.detach().abs().max()) if expected.numel() else 0.0
    atol = eps * max(largest, torch.finfo(expected.dtype).tiny)
    torch.testing.assert_close(actual, expected, rtol=0.0, atol=atol, msg=lambda said: f"{claim}\n{said}".strip())


def relative_error(actual: Tensor, expected: Tensor) -> float:
    """|actual - expected| / |expected| in the Euclidean norm."""
    return float((actual - expected).norm() / expected.norm())


def z_score(draws: Tensor, truth: float) -> float:
    """(mean - truth) in standard errors of the mean of independent draws."""
    return float((draws.mean() - truth) / (draws.std(unbiased=True) / math.sqrt(draws.numel())))
