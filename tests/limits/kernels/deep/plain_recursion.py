"""The recursion over layers written out: every pair of positions of every pair of inputs, filter by filter."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

#: E sigma(u) sigma(v) and E sigma'(u) sigma'(v) of variances p, q and covariance r.
Formula = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def relu(p: Tensor, q: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    """By the angle, which has half its digits next to zero."""
    size = (p * q).sqrt()
    theta = torch.acos((r / size).clamp(-1.0, 1.0))
    return size * (theta.sin() + (math.pi - theta) * theta.cos()) / (2.0 * math.pi), (math.pi - theta) / (2.0 * math.pi)


def erf(p: Tensor, q: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    """By the arcsine."""
    size = (1.0 + 2.0 * p) * (1.0 + 2.0 * q)
    return 2.0 / math.pi * torch.asin(2.0 * r / size.sqrt()), 4.0 / math.pi / (size - 4.0 * r * r).sqrt()


def products(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """x_k . x'_k' / channels [inputs, positions, inputs, positions]."""
    values = x.reshape(len(x), shape[0], -1)
    return torch.einsum("ick,jcl->ikjl", values, values) / shape[0]


def filtered(values: Tensor, grid: tuple[int, ...], size: int, *, circular: bool, before: int | None = None) -> Tensor:
    """The mean over the places of two filters of centred entries [inputs, positions, inputs, positions]."""
    before = (size - 1) // 2 if before is None else before
    points = {point: place for place, point in enumerate(itertools.product(*map(range, grid)))}
    total = torch.zeros_like(values)
    for (k, here), (l, there) in itertools.product(points.items(), repeat=2):
        for steps in itertools.product(range(-before, size - before), repeat=len(grid)):
            first, second = (tuple(map(sum, zip(point, steps, strict=True))) for point in (k, l))
            if circular:
                first, second = (tuple(map(int.__mod__, point, grid)) for point in (first, second))
            if first in points and second in points:
                total[:, here, :, there] += values[:, points[first], :, points[second]]
    return total / size ** len(grid)


def pooled(values: Tensor, grid: tuple[int, ...], size: int) -> Tensor:
    """The mean over all pairs of two blocks of positions."""
    points = list(itertools.product(*map(range, grid)))
    blocks: dict[tuple[int, ...], list[int]] = {}
    for place, point in enumerate(points):
        blocks.setdefault(tuple(entry // size for entry in point), []).append(place)
    rows = torch.stack([values[:, block].mean(dim=1) for block in blocks.values()], dim=1)
    return torch.stack([rows[:, :, :, block].mean(dim=3) for block in blocks.values()], dim=3)


def nonlinear(formula: Formula, covariance: Tensor, tangent: Tensor) -> tuple[Tensor, Tensor]:
    """E sigma sigma and T E sigma' sigma' of all pairs."""
    p = torch.einsum("ikik->ik", covariance)
    value, slope = formula(p[:, :, None, None], p[None, None], covariance)
    return value, tangent * slope


def everywhere(values: Tensor) -> Tensor:
    """The mean over all pairs of positions."""
    return values.mean(dim=(1, 3))


def equal_positions(values: Tensor) -> Tensor:
    """The mean over pairs of equal positions."""
    return torch.einsum("ikjk->ikj", values).mean(dim=1)
