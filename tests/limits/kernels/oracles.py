"""E h(u) h(v) by other means than the library's: the trapezoidal rule, or one integral by hand and one by scipy."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import mpmath
import numpy as np
import torch
from scipy import integrate
from scipy.special import ndtr
from torch import Tensor

from limits.kernels.input_pairs import Pairs

mpmath.mp.dps = 90

#: (p, q, rho): equal and unequal variances, correlations of both signs, nearly parallel and opposite.
CASES = [
    (1.0, 1.0, 0.3),
    (0.5, 3.0, -0.8),
    (2.0, 0.1, 0.97),
    (1.3, 1.2, -0.999),
    (0.7, 0.7, 0.9999999),
]


def pairs(p: Tensor, q: Tensor, rho: Tensor) -> Pairs:
    """Pairs of these variances and correlations."""
    scale = p[:, None].sqrt() * q[None, :].sqrt()
    return Pairs(rho * scale, (1.0 - rho) * (1.0 + rho) * scale.square(), 1e-15)


def trapezoid(function: Callable[[Tensor], Tensor], p: float, q: float, rho: float, step: float = 0.025) -> float:
    """E h(u) h(v) of an analytic h on a plain grid, where the trapezoidal rule converges geometrically."""
    x = torch.arange(-10.0, 10.0, step, dtype=torch.float64)
    weight = torch.exp(-0.5 * (x[:, None] ** 2 + x[None, :] ** 2)) * (step**2 / (2.0 * math.pi))
    u = math.sqrt(p) * x[:, None]
    v = math.sqrt(q) * (rho * x[:, None] + math.sqrt((1.0 - rho) * (1.0 + rho)) * x[None, :])
    return float((function(u) * function(v) * weight).sum())


def half_analytic(
    function: Callable[[float], float],
    smoothed: Callable[[float, float], float],
    kinks: tuple[float, ...],
    p: float,
    q: float,
    rho: float,
) -> float:
    """E h(u) E[h(v) | u], the conditional mean `smoothed(mean, deviation)` known, the rest by scipy split at kinks."""
    deviation = math.sqrt(q * (1.0 - rho) * (1.0 + rho))

    def integrand(x: float) -> float:
        weight = math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
        return weight * function(math.sqrt(p) * x) * smoothed(math.sqrt(q) * rho * x, deviation)

    layers = [kink / math.sqrt(q) / rho for kink in kinks]
    width = deviation / math.sqrt(q) / abs(rho)
    places = [kink / math.sqrt(p) for kink in kinks] + layers
    places += [layer + side * width * 4.0**power for layer in layers for side in (-1, 1) for power in range(20)]
    edges = sorted({-10.0, 10.0, *(place for place in places if -10.0 < place < 10.0)})
    return math.fsum(integrate.quad(integrand, *panel, epsabs=1e-14, epsrel=1e-12)[0] for panel in pairwise(edges))


def density(t: float) -> float:
    """phi(t), the standard Gaussian density."""
    return math.exp(-0.5 * t * t) / math.sqrt(2.0 * math.pi)


def ramp(mean: float, deviation: float) -> float:
    """E max(mean + deviation y, 0)."""
    t = mean / deviation
    return deviation * density(t) + mean * float(ndtr(t))


def arc_cosine(p: mpmath.mpf, q: mpmath.mpf, r: mpmath.mpf, right: float, left: float) -> list[mpmath.mpf]:
    """E h(u) h(v) and E h'(u) h'(v) of h(z) = right z for z > 0, left z otherwise, by the angle."""
    scale = mpmath.sqrt(p * q)
    angle = mpmath.acos(min(max(r / scale, -1), 1))
    ramp = [mpmath.sin(t) + (mpmath.pi - t) * mpmath.cos(t) for t in (angle, mpmath.pi - angle)]
    both, across = mpmath.mpf(right) ** 2 + mpmath.mpf(left) ** 2, 2 * mpmath.mpf(right) * left
    value = scale * (both * ramp[0] - across * ramp[1]) / (2 * mpmath.pi)
    return [value, (both * (mpmath.pi - angle) + across * angle) / (2 * mpmath.pi)]


def williams(p: mpmath.mpf, q: mpmath.mpf, r: mpmath.mpf) -> list[mpmath.mpf]:
    """E erf(u) erf(v) and its slope in r."""
    norm = (1 + 2 * p) * (1 + 2 * q)
    return [2 / mpmath.pi * mpmath.asin(2 * r / mpmath.sqrt(norm)), 4 / mpmath.pi / mpmath.sqrt(norm - 4 * r * r)]


def tsuchida(p: mpmath.mpf, q: mpmath.mpf, r: mpmath.mpf) -> list[mpmath.mpf]:
    """E gelu(u) gelu(v) and its slope in r, as integration by parts leaves them."""
    norm, pi = (1 + p) * (1 + q), mpmath.pi
    determinant, kappa = norm - r * r, 1 / (1 + p) + 1 / (1 + q) - 1
    angle = mpmath.mpf(1) / 4 + mpmath.asin(r / mpmath.sqrt(norm)) / (2 * pi)
    top, root = p * q + kappa * r * r, 2 * pi * mpmath.sqrt(determinant)
    return [r * angle + top / root, angle + ((1 + 2 * kappa) * r + top * r / determinant) / root]


#: The same at 90 digits, where cancellation does not matter.
PRECISE = {
    "relu": partial(arc_cosine, right=1.0, left=0.0),
    "leaky": partial(arc_cosine, right=1.0, left=-1.7),
    "linear": lambda p, q, r: [r, mpmath.mpf(1)],
    "erf": williams,
    "gelu": tsuchida,
}


class HardTanh:
    """max(-1, min(z, 1)); its kinks are not declared."""

    def value(self, z: Tensor) -> Tensor:
        """Clamped."""
        return z.clamp(-1.0, 1.0)

    def derivative(self, z: Tensor) -> Tensor:
        """1 between the kinks."""
        return (z.abs() < 1.0).to(z)

    @staticmethod
    def smoothed_value(mean: float, deviation: float) -> float:
        """E value(mean + deviation y) = ramp(z + 1) - ramp(z - 1) - 1."""
        return ramp(mean + 1.0, deviation) - ramp(mean - 1.0, deviation) - 1.0

    @staticmethod
    def smoothed_derivative(mean: float, deviation: float) -> float:
        """P(-1 < z < 1)."""
        return float(ndtr((1.0 - mean) / deviation) - ndtr((-1.0 - mean) / deviation))


class Shifted:
    """max(z - 0.3, 0) with its kink declared."""

    kinks = (0.3,)

    def value(self, z: Tensor) -> Tensor:
        """A shifted ramp."""
        return torch.relu(z - 0.3)

    def derivative(self, z: Tensor) -> Tensor:
        """1 beyond the kink."""
        return (z > 0.3).to(z)

    @staticmethod
    def smoothed_value(mean: float, deviation: float) -> float:
        """E max(z - 0.3, 0)."""
        return ramp(mean - 0.3, deviation)

    @staticmethod
    def smoothed_derivative(mean: float, deviation: float) -> float:
        """P(z > 0.3)."""
        return float(ndtr((mean - 0.3) / deviation))


class ELU:
    """z for z > 0, exp(z) - 1 otherwise: only the second derivative jumps, and nobody says where."""

    def value(self, z: Tensor) -> Tensor:
        """Exponential on the left."""
        return torch.where(z > 0, z, torch.expm1(z.clamp(max=0.0)))

    def derivative(self, z: Tensor) -> Tensor:
        """Continuous."""
        return torch.exp(z.clamp(max=0.0))

    @staticmethod
    def smoothed_value(mean: float, deviation: float) -> float:
        """ramp(z) + E (exp(z) - 1) 1{z < 0}."""
        left = _tilted(mean, deviation) - float(ndtr(-mean / deviation))
        return ramp(mean, deviation) + left

    @staticmethod
    def smoothed_derivative(mean: float, deviation: float) -> float:
        """P(z > 0) + E exp(z) 1{z < 0}."""
        return float(ndtr(mean / deviation)) + _tilted(mean, deviation)


def _tilted(mean: float, deviation: float) -> float:
    """E exp(z) 1{z < 0} for z ~ N(mean, deviation^2)."""
    return float(np.exp(mean + 0.5 * deviation**2) * ndtr(-(mean + deviation**2) / deviation))


KINKED = [HardTanh(), Shifted(), ELU()]
