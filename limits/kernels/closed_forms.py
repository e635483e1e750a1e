"""Closed forms of E h(u) h(v) for centred Gaussians u, v of variances p, q and covariance r, and minor = p q - r^2.

Every function takes p, q, r and the minor, which broadcast against each other, and works entry by entry. The minor is
an argument of its own because p q - r^2 as a difference has no digits left where inputs are nearly parallel (see
`input_pairs`). No formula subtracts terms that nearly cancel, so the error is rounding relative to
sqrt(E h(u)^2 E h(v)^2) at any norms and angles.
"""

import math

import torch

from limits.kernels.base import root as square_root
from limits.kernels.base import wants_gradient
from particles.shapes import AnyFloat

#: The least positive number with all its digits. Added to a root, it gives a vanishing vector the angle pi/2.
TINY = torch.finfo(torch.float64).tiny
#: Below these angles and ratios a series with so many terms replaces a difference.
SMALL_ANGLE, ANGLE_TERMS = 0.5, 8
SMALL_RATIO, RATIO_TERMS = 0.3, 16


def homogeneous_value(p: AnyFloat, q: AnyFloat, r: AnyFloat, minor: AnyFloat, right: float, left: float) -> AnyFloat:
    """E h(u) h(v) for h(z) = right z where z > 0, left z otherwise: arc-cosine kernel of order 1, Cho and Saul 2009.

    It is right left r + (right - left)^2 R, where R = sqrt(p q) (sin delta - delta cos delta) / (2 pi) is the dual of
    ReLU and delta = pi - theta the angle between u and -v.
    """
    bend = (right - left) ** 2
    if bend == 0.0:
        return right * left * r
    delta, root = _supplement(r, minor)
    ramp = root + delta * r
    small = (delta < SMALL_ANGLE).expand(ramp.shape)
    if bool(small.any()):
        scale = p.expand(ramp.shape)[small].sqrt() * q.expand(ramp.shape)[small].sqrt()
        ramp[small] = scale * _sine_minus(delta.expand(ramp.shape)[small])
    return right * left * r + bend / (2.0 * math.pi) * ramp


def homogeneous_derivative(
    p: AnyFloat, q: AnyFloat, r: AnyFloat, minor: AnyFloat, right: float, left: float
) -> AnyFloat:
    """E h(u) h(v) for h(z) = right where z > 0, left otherwise: arc-cosine kernel of order 0, Cho and Saul 2009.

    It is right left + (right - left)^2 (pi - theta) / (2 pi), with theta = pi/2 where u or v vanishes.
    """
    delta, _ = _supplement(r, minor)
    return right * left + (right - left) ** 2 / (2.0 * math.pi) * delta


def erf_value(p: AnyFloat, q: AnyFloat, r: AnyFloat, minor: AnyFloat) -> AnyFloat:
    """(2/pi) arcsin(2 r / sqrt((1 + 2 p)(1 + 2 q))) for h = erf (Williams 1997), as an arctan that is never NaN."""
    return 2.0 / math.pi * torch.atan2(2.0 * r, _determinant(p, q, minor, 2.0).sqrt())


def erf_derivative(p: AnyFloat, q: AnyFloat, r: AnyFloat, minor: AnyFloat) -> AnyFloat:
    """(4/pi) / sqrt((1 + 2 p)(1 + 2 q) - 4 r^2) for h = erf'."""
    return 4.0 / math.pi / _determinant(p, q, minor, 2.0).sqrt()


def erf_derivative_square(p: AnyFloat, q: AnyFloat, r: AnyFloat, minor: AnyFloat) -> AnyFloat:
    """(16/pi^2) / sqrt((1 + 4 p)(1 + 4 q) - 16 r^2) for h = erf'^2."""
    return 16.0 / math.pi**2 / _determinant(p, q, minor, 4.0).sqrt()


def gelu_value(p: AnyFloat, q: AnyFloat, r: AnyFloat, minor: AnyFloat) -> AnyFloat:
    """E h(u) h(v) for h(z) = z Phi(z), by Gaussian integration by parts (compare Tsuchida et al. 2021):

    (r delta + (p q - r^2 + r^2 (1 + E) / N) / sqrt(D)) / (2 pi) with E = 1 + p + q, D = E + p q - r^2, N = (1 + p)
    (1 + q) and delta = arctan2(sqrt(D), -r). Where t = sqrt(D) / |r| < 1 and r < 0 the same is

        (sqrt(D) (1 - arctan(t) / t) + (1 - E t^2) / ((1 + t^2) sqrt(D))) / (2 pi).
    """
    sums, determinant, norm = _gelu_parts(p, q, minor)
    root = determinant.sqrt()
    square = r * r
    result = r * torch.atan2(root, -r) + (minor + square * (1.0 + sums) / norm) / root
    against = ((r < 0.0) & (determinant < square)).expand(result.shape)
    if bool(against.any()):
        root, sums, ratio = (x.expand(result.shape)[against] for x in (root, sums, root / -r))
        squared = ratio * ratio
        result[against] = root * _arctan_lack(ratio) + (1.0 - sums * squared) / ((1.0 + squared) * root)
    return result / (2.0 * math.pi)


def gelu_derivative(p: AnyFloat, q: AnyFloat, r: AnyFloat, minor: AnyFloat) -> AnyFloat:
    """E h(u) h(v) for h(z) = Phi(z) + z phi(z): the derivative of `gelu_value` in r (Price's theorem), same letters:

    (delta + r ((2 + E) D + r^2) / (N D sqrt(D))) / (2 pi).
    """
    sums, determinant, norm = _gelu_parts(p, q, minor)
    root = determinant.sqrt()
    bend = r / norm * ((2.0 + sums) + r * r / determinant) / root
    return (torch.atan2(root, -r) + bend) / (2.0 * math.pi)


def _gelu_parts(p: AnyFloat, q: AnyFloat, minor: AnyFloat) -> tuple[AnyFloat, AnyFloat, AnyFloat]:
    """E, D and N of `gelu_value`."""
    sums = 1.0 + (p + q)
    return sums, sums + minor, (1.0 + p) * (1.0 + q)


def _determinant(p: AnyFloat, q: AnyFloat, minor: AnyFloat, c: float) -> AnyFloat:
    """(1 + c p)(1 + c q) - c^2 r^2 = 1 + c (p + q) + c^2 (p q - r^2)."""
    return 1.0 + c * (p + q) + c * c * minor


def _supplement(r: AnyFloat, minor: AnyFloat) -> tuple[AnyFloat, AnyFloat]:
    """delta = pi - theta and sqrt(p q) sin theta, where theta is the angle between u and v.

    The derivative of delta is set to zero where a vector vanishes, and its derivative in the minor where both are
    parallel: that is the mean of the derivatives from all sides.
    """
    root = square_root(minor)
    if not wants_gradient(r, minor):
        return torch.atan2(root + TINY, -r), root
    vanishing = (r.abs() + root) < math.sqrt(TINY)
    delta = torch.atan2(torch.where(vanishing, 1.0, root + TINY), torch.where(vanishing, 0.0, -r))
    exact = torch.atan2((root + TINY).detach(), -r.detach())
    return torch.where(vanishing, exact, delta), root


def _sine_minus(angle: AnyFloat) -> AnyFloat:
    """sin a - a cos a = sum_k (-1)^(k+1) 2 k a^(2 k + 1) / (2 k + 1)!, for small a."""
    square = angle * angle
    total = torch.zeros_like(angle)
    for k in range(ANGLE_TERMS, 0, -1):
        total = 2.0 * k / math.factorial(2 * k + 1) - square * total
    return angle * square * total


def _arctan_lack(t: AnyFloat) -> AnyFloat:
    """1 - arctan(t) / t, by t^2/3 - t^4/5 + ... where t is small."""
    square = t * t
    total = torch.zeros_like(t)
    for k in range(RATIO_TERMS, 0, -1):
        total = 1.0 / (2 * k + 1) - square * total
    return torch.where(t < SMALL_RATIO, square * total, 1.0 - torch.atan(t) / t.clamp_min(TINY))
