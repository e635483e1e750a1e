"""Masses of the particles of a cloud, which are the node scalings of a network.

Every function returns masses [count] in float64 with sum one. Random masses are normalised independent draws X_j from a
heavy-tailed law, lambda_j = X_j / sum_k X_k. A count that is not a positive integer raises ValueError.
"""

from typing import Any

import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from particles.arguments.integers import whole
from particles.errors import MassError
from particles.numerics.randomness import generator
from particles.shapes import AnyFloat, Masses


def uniform(count: int) -> Masses:
    """Equal masses 1/m [count], the mean-field and NTK case; raises ValueError for a count that is not positive."""
    count = _checked(count)
    return torch.full((count,), 1.0 / count, dtype=torch.float64)


def zipf(count: int, alpha: float) -> Masses:
    """Zipf masses lambda_j = j^(-1/alpha) / sum_k k^(-1/alpha) [count], j from 1.

    A smaller alpha makes them more unequal. Raises ValueError for alpha outside (0, 1).
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"Zipf masses need alpha in (0, 1), but alpha is {alpha!r}.")
    powers = torch.arange(1, _checked(count) + 1, dtype=torch.float64) ** (-1.0 / alpha)
    return powers / powers.sum()


def asymmetrical(count: int, gamma: float, alpha: float | None = None) -> Masses:
    """Masses lambda_j = gamma/m + (1 - gamma) zipf_j [count]: asymmetrical scaling (Caron et al. 2023, section 2).

    gamma = 1 gives equal masses and needs no alpha. For gamma < 1 the heavy particles keep their masses as m grows.
    Raises ValueError for gamma outside [0, 1], and for gamma < 1 without an alpha in (0, 1).
    """
    if not 0.0 <= gamma <= 1.0:
        raise ValueError(f"Asymmetrical masses need gamma in [0, 1], but gamma is {gamma!r}.")
    if gamma == 1.0:
        return uniform(count)
    if alpha is None:
        raise ValueError(f"Asymmetrical masses with gamma = {gamma!r} need the Zipf index alpha in (0, 1) as well.")
    return gamma * uniform(count) + (1.0 - gamma) * zipf(count, alpha)


def from_values(values: torch.Tensor | NDArray[np.floating[Any]] | list[float]) -> Masses:
    """Masses [count] proportional to given values [count]; their sum is one.

    Raises MassError for values that are not one-dimensional, negative or not finite, or whose sum is zero or infinite.
    """
    masses = torch.as_tensor(values, dtype=torch.float64)
    if masses.ndim != 1 or masses.numel() == 0:
        raise MassError(f"Masses come from a list of values, but the shape given is {tuple(masses.shape)}.")
    if not bool(torch.isfinite(masses).all()) or bool((masses < 0).any()):
        span = f"{float(masses.min()):.6g} to {float(masses.max()):.6g}"
        raise MassError(f"Masses come from finite non-negative values, but these span {span}.")
    total = masses.sum()
    if not 0.0 < float(total) < float("inf"):
        raise MassError(f"The values sum to {float(total)!r}, so they cannot be normalised to masses.")
    return masses / total


def paired(values: AnyFloat) -> Masses:
    """Masses [2 m] from values [m], as `SymmetricPairs` needs them: both halves hold half of each mass.

    Raises MassError as `from_values`.
    """
    half = from_values(values) / 2.0
    return torch.cat([half, half])


def stable(count: int, alpha: float, *, seed: int) -> Masses:
    """Normalised draws [count] of the positive stable law of index alpha, P(X > x) ~ x^(-alpha), by the seed.

    Raises ValueError for alpha outside (0, 1) or a seed that is not a non-negative integer, MassError where the sum of
    the draws is not finite.
    """
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"Positive stable masses need alpha in (0, 1), but alpha is {alpha!r}.")
    return from_values(scipy.stats.levy_stable(alpha, 1.0).rvs(_checked(count), random_state=generator(seed, "masses")))


def generalised_gamma(count: int, shape: float, power: float, *, seed: int) -> Masses:
    """Normalised draws [count] with density proportional to x^(shape power - 1) exp(-x^power), by the seed.

    A smaller shape makes them more unequal. Raises ValueError for a shape or power that is not positive or a seed that
    is not a non-negative integer, MassError where all draws are zero.
    """
    _positive("Generalised gamma masses", shape=shape, power=power)
    return from_values(scipy.stats.gengamma(shape, power).rvs(_checked(count), random_state=generator(seed, "masses")))


def beta(count: int, a: float, b: float, *, seed: int) -> Masses:
    """Normalised draws [count] of the Beta(a, b) law, by the seed; a small `a` gives few heavy particles.

    Raises ValueError for a or b that is not positive or a seed that is not a non-negative integer, MassError where all
    draws are zero.
    """
    _positive("Beta masses", a=a, b=b)
    return from_values(scipy.stats.beta(a, b).rvs(_checked(count), random_state=generator(seed, "masses")))


def horseshoe(count: int, *, seed: int) -> Masses:
    """Normalised squares of half-Cauchy draws [count], by the seed: P(X > x) ~ x^(-1/2).

    These are the variances of the horseshoe prior (Carvalho, Polson and Scott 2010). Raises ValueError for a seed that
    is not a non-negative integer, MassError where the sum of the draws is not finite.
    """
    half_cauchy = np.abs(generator(seed, "masses").standard_cauchy(_checked(count)))
    return from_values(half_cauchy**2)


def _checked(count: int) -> int:
    return whole(count, "The number of particles")


def _positive(what: str, **parameters: float) -> None:
    for name, value in parameters.items():
        if not value > 0.0:
            raise ValueError(f"{what} need {name} > 0, but {name} is {value!r}.")
