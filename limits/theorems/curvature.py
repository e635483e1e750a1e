"""The second derivative of a smooth activation, and how large it gets."""

import torch

from limits.kernels.expansion import REACH
from particles import Activation
from particles.shapes import AnyFloat

#: The grid on which the largest |sigma''| is looked for, and what it may miss between two of its points.
GRID, MISSED = 40_001, 1e-5


def second_derivative(activation: Activation, z: AnyFloat) -> AnyFloat:
    """sigma''(z), by automatic differentiation of sigma'. Raises ValueError for activations with kinks."""
    if not activation.smooth:
        raise ValueError(f"{type(activation).__name__} has no second derivative at its kink; take a smooth activation.")
    result: AnyFloat = torch.func.vjp(activation.derivative, z)[1](torch.ones_like(z))[0]
    return result


def largest_curvature(activation: Activation) -> float:
    """M = sup |sigma''|, rounded up: the maximum on a grid of width 1e-3 around the origin.

    Between its points sigma'' differs by at most 1e-6 |sigma''''| / 8.
    """
    z = torch.linspace(-2.0 * REACH, 2.0 * REACH, GRID, dtype=torch.float64)
    return float(second_derivative(activation, z).abs().max()) * (1.0 + MISSED)
