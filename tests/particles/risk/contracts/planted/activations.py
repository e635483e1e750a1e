"""Activations with one mistake each, beside the law that must reject them and the claim it then makes."""

import torch
from torch import Tensor

from particles import Erf, ReLU, Sigmoid, Softplus, Tanh
from tests.particles.risk.contracts import activation


class RoundedErf(Erf):
    """The constant 2 / sqrt(pi) of the derivative went through float32: a mistake this project made."""

    def derivative(self, z: Tensor, value: Tensor | None = None) -> Tensor:
        """Wrong by 4e-8."""
        return torch.exp(-(z * z)) * float(torch.tensor(Erf.lipschitz, dtype=torch.float32))


class ForgetfulTanh(Tanh):
    """The derivative takes the value for its square."""

    def derivative(self, z: Tensor, value: Tensor | None = None) -> Tensor:
        """Right only as long as nobody hands the value in."""
        return super().derivative(z) if value is None else 1.0 - value


class NarrowSoftplus(Softplus):
    """The derivative is computed in float64 whatever comes."""

    def derivative(self, z: Tensor, value: Tensor | None = None) -> Tensor:
        """Right, and wider than it should be."""
        return torch.sigmoid(z.double())


class ShiftedSigmoid(Sigmoid):
    """The derivative lost its second factor."""

    def derivative(self, z: Tensor, value: Tensor | None = None) -> Tensor:
        """sigma."""
        return torch.sigmoid(z)


class BoastfulReLU(ReLU):
    """Declares every property wrongly."""

    homogeneous, lipschitz, bounded, smooth = False, 1.0001, True, True


class BoastfulTanh(Tanh):
    """Declares every property wrongly."""

    homogeneous, lipschitz, bounded, smooth = True, 0.9999, False, False


PLANTED_ACTIVATIONS = [
    (RoundedErf(), activation.slope_is_exact_in_float64, "not exact in float64"),
    (RoundedErf(), activation.slope_is_the_derivative_of_the_value, "not the slope of the value"),
    (ForgetfulTanh(), activation.known_value_changes_nothing, "changes when the value is handed in"),
    (NarrowSoftplus(), activation.float32_is_float64_rounded, "Float32 is neither kept"),
    (ShiftedSigmoid(), activation.slope_is_the_derivative_of_the_value, "not the slope of the value"),
    *[
        (member, check, f"Declared {word}")
        for member in (BoastfulReLU(), BoastfulTanh())
        for check, word in [
            (activation.homogeneity_is_as_declared, "homogeneous"),
            (activation.lipschitz_constant_is_the_steepest_slope, "Lipschitz"),
            (activation.bound_is_as_declared, "bounded"),
            (activation.smoothness_is_as_declared, "smooth"),
        ]
    ],
]
