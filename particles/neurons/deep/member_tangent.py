"""Deep networks of several clouds at the same inputs, linearised: each cloud by itself, which is work enough."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from particles.neurons.deep.tangent import DeepTangent
from particles.shapes import AnyFloat, Grams, ManyOutputs, ManyPerParticle, ManyPositions


@dataclass(frozen=True, eq=False)
class DeepMembers:
    """The tangents of clouds of one size; everything given and found has a leading axis [members, ...]."""

    members: tuple[DeepTangent, ...]

    def features(self) -> AnyFloat:
        """g_j(x_i) [members, particles, data, outputs]."""
        return self._each(DeepTangent.features)

    def predict(self, factors: ManyPerParticle) -> ManyOutputs:
        """sum_j factors_j g_j(x_i) [members, data, outputs]."""
        return self._each(DeepTangent.predict, factors)

    def pair(self, cotangents: ManyOutputs) -> ManyPerParticle:
        """sum_i c_i . g_j(x_i) [members, particles]."""
        return self._each(DeepTangent.pair, cotangents)

    def pull(self, factors: ManyPerParticle, cotangents: ManyOutputs) -> ManyPositions:
        """factors_j sum_i c_i . grad g_j(x_i) [members, particles, dim]."""
        return self._each(DeepTangent.pull, factors, cotangents)

    def push(self, factors: ManyPerParticle, velocities: ManyPositions) -> ManyOutputs:
        """sum_j factors_j grad g_j(x_i) . v_j [members, data, outputs]."""
        return self._each(DeepTangent.push, factors, velocities)

    def gram(self, weights: ManyPerParticle, other: "DeepMembers", rates: tuple[float, ...] | None = None) -> Grams:
        """sum_j weights_j grad g_j(x_i) . grad g_j(x'_l) [members, n k, n' k]; `other` has the same particles."""
        each = zip(self.members, weights, other.members, strict=True)
        return torch.stack([one.gram(weight, its, rates) for one, weight, its in each])

    def to(self, dtype: torch.dtype) -> Self:
        """The same rounded to a dtype."""
        return type(self)(tuple(one.to(dtype) for one in self.members))

    def _each(self, of_one: Callable[..., Tensor], *given: Tensor) -> Tensor:
        return torch.stack([of_one(*each) for each in zip(self.members, *given, strict=True)])
