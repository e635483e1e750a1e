"""Closed forms of E h(u) h(v) for centred Gaussians u, v of variances p, q and covariance r.

Every function takes p, q, r that broadcast against each other and works entry by entry. Correlations that rounding
pushed to or beyond one are one, so nothing here is NaN and parallel inputs give the exact value.
"""

import math

import torch

from particles.shapes import AnyFloat

#: Correlations closer to one than this are one: the rounding of a dot product.
ROUNDING = 8.0 * torch.finfo(torch.float64).eps


def correlation(p: AnyFloat, q: AnyFloat, r: AnyFloat) -> AnyFloat:
    """rho = r / sqrt(p q) within [-1, 1]; 0 where a variance is 0, and +-1 within rounding of it."""
    scale = p.sqrt() * q.sqrt()
    rho = torch.where(scale > 0.0, r / scale.clamp_min(torch.finfo(torch.float64).tiny), 0.0)
    return torch.where(rho.abs() >= 1.0 - ROUNDING, rho.sign(), rho)


def homogeneous_value(p: AnyFloat, q: AnyFloat, r: AnyFloat, right: float, left: float) -> AnyFloat:
    """h(z) = right z for z > 0, left z otherwise (arc-cosine kernel of order one, Cho and Saul 2009).

    s^2 r + t^2 (2/pi) sqrt(p q) (sqrt(1 - rho^2) + rho arcsin rho),  s = (right + left)/2, t = (right - left)/2.
    ReLU: sqrt(p q) (sin theta + (pi - theta) cos theta) / (2 pi), theta = arccos rho.
    """
    even, odd = 0.5 * (right - left), 0.5 * (right + left)
    rho = correlation(p, q, r)
    absolute = ((1.0 - rho) * (1.0 + rho)).sqrt() + rho * rho.asin()
    scale = p.sqrt() * q.sqrt()
    return scale * (odd**2 * rho + even**2 * 2.0 / math.pi * absolute)


def homogeneous_derivative(p: AnyFloat, q: AnyFloat, r: AnyFloat, right: float, left: float) -> AnyFloat:
    """h(z) = right for z > 0, left otherwise (arc-cosine kernel of order zero): s^2 + t^2 (2/pi) arcsin rho.

    ReLU: (pi - theta) / (2 pi).
    """
    even, odd = 0.5 * (right - left), 0.5 * (right + left)
    return odd**2 + even**2 * 2.0 / math.pi * correlation(p, q, r).asin()


def erf_value(p: AnyFloat, q: AnyFloat, r: AnyFloat) -> AnyFloat:
    """h = erf: (2/pi) arcsin(2 r / sqrt((1 + 2 p)(1 + 2 q))) (Williams 1997), written as an arctan, never NaN."""
    return 2.0 / math.pi * torch.atan2(2.0 * r, _determinant(p, q, r, 2.0).sqrt())


def erf_derivative(p: AnyFloat, q: AnyFloat, r: AnyFloat) -> AnyFloat:
    """h = erf': (4/pi) / sqrt((1 + 2 p)(1 + 2 q) - 4 r^2)."""
    return 4.0 / math.pi / _determinant(p, q, r, 2.0).sqrt()


def erf_derivative_square(p: AnyFloat, q: AnyFloat, r: AnyFloat) -> AnyFloat:
    """h = erf'^2: (16/pi^2) / sqrt((1 + 4 p)(1 + 4 q) - 16 r^2)."""
    return 16.0 / math.pi**2 / _determinant(p, q, r, 4.0).sqrt()


def gelu_value(p: AnyFloat, q: AnyFloat, r: AnyFloat) -> AnyFloat:
    """h(z) = z Phi(z), by Gaussian integration by parts (compare Tsuchida et al. 2021).

    r/4 + (r/(2 pi)) arcsin(r / sqrt((1 + p)(1 + q))) + (p q + kappa r^2) / (2 pi sqrt(D)),
    kappa = 1/(1 + p) + 1/(1 + q) - 1, D = (1 + p)(1 + q) - r^2.
    """
    angle, determinant, kappa = _gelu_parts(p, q, r)
    return r * angle + (p * q + kappa * r * r) / (2.0 * math.pi * determinant.sqrt())


def gelu_derivative(p: AnyFloat, q: AnyFloat, r: AnyFloat) -> AnyFloat:
    """h(z) = Phi(z) + z phi(z): the derivative of `gelu_value` in r (Price's theorem).

    1/4 + arcsin(r / sqrt((1 + p)(1 + q))) / (2 pi) + [(1 + 2 kappa) r + (p q + kappa r^2) r / D] / (2 pi sqrt(D)).
    """
    angle, determinant, kappa = _gelu_parts(p, q, r)
    rest = (1.0 + 2.0 * kappa) * r + (p * q + kappa * r * r) * r / determinant
    return angle + rest / (2.0 * math.pi * determinant.sqrt())


def _gelu_parts(p: AnyFloat, q: AnyFloat, r: AnyFloat) -> tuple[AnyFloat, AnyFloat, AnyFloat]:
    determinant = _determinant(p, q, r, 1.0)
    angle = 0.25 + torch.atan2(r, determinant.sqrt()) / (2.0 * math.pi)
    return angle, determinant, 1.0 / (1.0 + p) + 1.0 / (1.0 + q) - 1.0


def _determinant(p: AnyFloat, q: AnyFloat, r: AnyFloat, c: float) -> AnyFloat:
    """(1 + c p)(1 + c q) - c^2 r^2, as 1 + c (p + q) + c^2 (p q - r^2) with p q - r^2 >= 0 by Cauchy and Schwarz."""
    return 1.0 + c * (p + q) + c * c * (p * q - r * r).clamp_min(0.0)
