"""Polynomials through points of a path: Lagrange's weights of value and slope, and sums of tensors with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from flows.integrators.function_space.logarithmic_time import LogarithmicTime
from particles import ParticleCloud
from particles.shapes import Positions


def weights(times: Sequence[float], time: float) -> list[float]:
    """l_i with P(time) = sum_i l_i theta(t_i) for the polynomial P through these times."""
    result = []
    for i, here in enumerate(times):
        product = 1.0
        for j, other in enumerate(times):
            if j != i:
                product *= (time - other) / (here - other)
        result.append(product)
    return result


def slopes(times: Sequence[float], time: float) -> list[float]:
    """l'_i with P'(time) = sum_i l'_i theta(t_i), at a time that is none of these."""
    values = weights(times, time)
    inverses = [1.0 / (time - other) for other in times]
    total = sum(inverses)
    return [value * (total - inverse) for value, inverse in zip(values, inverses, strict=True)]


def combination(numbers: Sequence[float], tensors: Sequence[Tensor]) -> Tensor:
    """sum_i c_i theta_i, a new tensor."""
    result = tensors[0] * numbers[0]
    for number, tensor in zip(numbers[1:], tensors[1:], strict=True):
        torch.add(result, tensor, alpha=number, out=result)
    return result


@dataclass(frozen=True, eq=False)
class Polynomial:
    """Dense output: the polynomial through these points, which are ways from the start."""

    cloud: ParticleCloud
    start: Positions
    points: tuple[Positions, ...]
    times: tuple[float, ...]
    scale: LogarithmicTime

    def __call__(self, time: float) -> ParticleCloud:
        ways = self.scale.ways(self.times, time)
        return self.cloud.moved(self.start + combination(weights(ways, 0.0), self.points))
