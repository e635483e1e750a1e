"""Losses with one mistake each, beside the law that must reject them and the claim it then makes."""

import torch
from torch import Tensor

from particles import CrossEntropy, Logistic, Squared
from tests.particles.risk.contracts import loss
from tests.particles.risk.contracts.members import probabilities, real, signs


class WithoutHalf(Squared):
    """|f - y|^2, whose residual is twice the declared one."""

    def value(self, f: Tensor, y: Tensor) -> Tensor:
        """Twice the loss."""
        return (f - y).square().sum(dim=1)


class FlippedLogistic(Logistic):
    """The residual with the wrong sign."""

    def residual(self, f: Tensor, y: Tensor) -> Tensor:
        """Minus the residual."""
        return y * torch.sigmoid(-y * f)


class DiagonalCrossEntropy(CrossEntropy):
    """The curvature without its off-diagonal part."""

    def curvature(self, f: Tensor, y: Tensor) -> Tensor:
        """diag(q)."""
        return torch.diag_embed(torch.softmax(f, dim=1))


class OverflowingLogistic(Logistic):
    """log(1 + exp(...)) as it is written in a paper."""

    def value(self, f: Tensor, y: Tensor) -> Tensor:
        """Infinite beyond exp's range."""
        return torch.log(1.0 + torch.exp(-y * f)).sum(dim=1)


class Concave(Squared):
    """Minus the squared loss."""

    def value(self, f: Tensor, y: Tensor) -> Tensor:
        """-1/2 |f - y|^2."""
        return -super().value(f, y)

    def curvature(self, f: Tensor, y: Tensor) -> Tensor:
        """Minus the identity."""
        return -super().curvature(f, y)


class Batched(Squared):
    """Divides by the number of data, which the weights do already."""

    def residual(self, f: Tensor, y: Tensor) -> Tensor:
        """(f - y) / n."""
        return (f - y) / len(f)


PLANTED_LOSSES = [
    (WithoutHalf(), real, 2, loss.residual_is_the_slope_of_the_value, "residual is not the slope"),
    (FlippedLogistic(), signs, 1, loss.residual_is_the_slope_of_the_value, "residual is not the slope"),
    (FlippedLogistic(), signs, 1, loss.curvature_is_the_slope_of_the_residual, "curvature is not the slope"),
    (DiagonalCrossEntropy(), probabilities, 3, loss.curvature_is_the_slope_of_the_residual, "curvature is not the slo"),
    (OverflowingLogistic(), signs, 1, loss.extremes_stay_finite, "value is not finite at extreme"),
    (Concave(), real, 2, loss.value_is_convex, "value is not convex"),
    (Concave(), real, 2, loss.curvature_is_positive, "curvature has an eigenvalue -1"),
    (Batched(), real, 2, loss.data_stand_alone, "residual: data do not stand alone"),
]
