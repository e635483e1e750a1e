"""Losses of one datum: value, residual (first derivative in the prediction) and curvature (second)."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch.nn import functional

from particles.shapes import Curvature, Outputs, PerDatum


@runtime_checkable
class Loss(Protocol):
    """A convex function of the prediction f [data, outputs] for a target y [data, outputs]."""

    def check(self, targets: Outputs) -> None:
        """Raise ValueError with one sentence where these targets make no sense for this loss."""
        ...

    def value(self, f: Outputs, y: Outputs) -> PerDatum:
        """loss(f_i, y_i) [data]."""
        ...

    def residual(self, f: Outputs, y: Outputs) -> Outputs:
        """d loss / d f [data, outputs]; f - y for the squared loss."""
        ...

    def curvature(self, f: Outputs, y: Outputs) -> Curvature:
        """d^2 loss / d f^2 [data, outputs, outputs], positive semi-definite."""
        ...


@dataclass(frozen=True)
class Squared:
    """loss = 1/2 |f - y|^2."""

    def check(self, targets: Outputs) -> None:
        """Any target will do."""

    def value(self, f: Outputs, y: Outputs) -> PerDatum:
        """1/2 |f - y|^2."""
        return 0.5 * (f - y).square().sum(dim=1)

    def residual(self, f: Outputs, y: Outputs) -> Outputs:
        """f - y."""
        return f - y

    def curvature(self, f: Outputs, y: Outputs) -> Curvature:
        """The identity."""
        return torch.diag_embed(torch.ones_like(f))


@dataclass(frozen=True)
class Logistic:
    """loss = sum_c log(1 + exp(-y_c f_c)) with targets -1 or +1, one per output."""

    def check(self, targets: Outputs) -> None:
        """Refuse targets other than -1 and +1."""
        if not bool((targets.abs() == 1.0).all()):
            raise ValueError(
                "The logistic loss needs targets -1 or +1, but others were given; map your classes to them."
            )

    def value(self, f: Outputs, y: Outputs) -> PerDatum:
        """sum_c log(1 + exp(-y_c f_c)), without overflow."""
        margin = -y * f
        return torch.logaddexp(margin, torch.zeros_like(margin)).sum(dim=1)

    def residual(self, f: Outputs, y: Outputs) -> Outputs:
        """-y_c / (1 + exp(y_c f_c))."""
        return -y * torch.sigmoid(-y * f)

    def curvature(self, f: Outputs, y: Outputs) -> Curvature:
        """diag(q_c (1 - q_c)), q_c = 1 / (1 + exp(-f_c))."""
        return torch.diag_embed(torch.sigmoid(f) * torch.sigmoid(-f))


@dataclass(frozen=True)
class CrossEntropy:
    """loss = -sum_c y_c log softmax(f)_c with targets that are probabilities, one-hot for plain classes."""

    def check(self, targets: Outputs) -> None:
        """Refuse rows that are not probabilities over two classes or more."""
        if targets.shape[1] < 2:
            raise ValueError(
                "Cross-entropy needs two outputs or more, but targets have one; use Logistic() for two classes."
            )
        totals = targets.sum(dim=1)
        if bool((targets < 0).any()) or not torch.allclose(totals, torch.ones_like(totals)):
            raise ValueError(
                "Cross-entropy needs targets whose rows are probabilities (one-hot for classes); these are not."
            )

    def value(self, f: Outputs, y: Outputs) -> PerDatum:
        """-sum_c y_c log softmax(f)_c; small losses by log(1 - the other probabilities), which keeps their digits."""
        others = _others(torch.softmax(f, dim=1))
        near = torch.log1p(-others.clamp(max=0.5))
        return -(y * torch.where(others < 0.5, near, functional.log_softmax(f, dim=1))).sum(dim=1)

    def residual(self, f: Outputs, y: Outputs) -> Outputs:
        """softmax(f) - y = q_c sum_{e != c} y_e - y_c sum_{e != c} q_e, which keeps the digits of what is learned."""
        q = torch.softmax(f, dim=1)
        return q * _others(y) - y * _others(q)

    def curvature(self, f: Outputs, y: Outputs) -> Curvature:
        """diag(q) - q q^T, q = softmax(f); its diagonal is q_c sum_{e != c} q_e."""
        q = torch.softmax(f, dim=1)
        result = -q[:, :, None] * q[:, None, :]
        result.diagonal(dim1=1, dim2=2).copy_(q * _others(q))
        return result


def _others(q: Outputs) -> Outputs:
    """sum_{e != c} q_e [data, outputs], the sum that it says: 1 - q_c has no digits where q_c is nearly one."""
    return q @ (1.0 - torch.eye(q.shape[1], dtype=q.dtype, device=q.device))
