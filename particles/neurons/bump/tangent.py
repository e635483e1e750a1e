"""Bumps linearised at given centres and inputs: features, gradients and sums over them, in closed form."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch

from particles.neurons.bump.profiles import Profile
from particles.numerics.weighted_gram import weighted_products
from particles.shapes import AnyFloat, Features, Grams, ManyHidden, ManyOutputs, ManyPerParticle, ManyPositions


@runtime_checkable
class Shape(Protocol):
    """What a tangent asks of its bump."""

    @property
    def dim(self) -> int:
        """Number of coordinates of a centre."""
        ...

    @property
    def width(self) -> float:
        """delta."""
        ...

    @property
    def profile(self) -> Profile:
        """K."""
        ...


@dataclass(frozen=True, eq=False)
class BumpTangent:
    """Bumps at fixed centres [particles, dim] and inputs phi [data, dim]; of several clouds with a leading axis.

    grad g_j(x) = G_j(x) (x - theta_j) with G_j(x) = -2 delta^(-dim - 2) k'(|x - theta_j|^2 / delta^2).
    """

    neuron: Shape
    positions: ManyPositions
    phi: Features

    @cached_property
    def _squares(self) -> ManyHidden:
        """|x_i - theta_j|^2 / delta^2, of differences, so that nothing cancels."""
        columns = range(self.neuron.dim)
        terms = ((self._away(column) / self.neuron.width).square() for column in columns)
        total = next(terms)
        for term in terms:
            total = total + term
        return total

    @cached_property
    def _height(self) -> ManyHidden:
        """K((x_i - theta_j) / delta)."""
        return self.neuron.profile.value(self._squares, self.neuron.dim)

    @cached_property
    def _value(self) -> ManyHidden:
        """g_j(x_i)."""
        return self.neuron.width**-self.neuron.dim * self._height

    @cached_property
    def _steepness(self) -> ManyHidden:
        """G_j(x_i)."""
        scale = -2.0 * self.neuron.width ** (-self.neuron.dim - 2)
        return scale * self.neuron.profile.slope(self._squares, self.neuron.dim, self._height)

    def _away(self, column: int) -> ManyHidden:
        """x_i - theta_j in one coordinate."""
        return self.phi[:, column] - self.positions[..., column, None]

    def features(self) -> AnyFloat:
        """g_j(x_i) [particles, data, 1]."""
        return self._value[..., None]

    def gradients(self) -> AnyFloat:
        """grad g_j(x_i) [particles, data, 1, dim], all of it: for small clouds, and for tests."""
        away = torch.stack([self._away(column) for column in range(self.neuron.dim)], dim=-1)
        return (self._steepness[..., None] * away)[..., None, :]

    def predict(self, factors: ManyPerParticle) -> ManyOutputs:
        """sum_j factors_j g_j(x_i) [data, 1]."""
        return self._value.mT @ factors[..., None]

    def pair(self, cotangents: ManyOutputs) -> ManyPerParticle:
        """sum_i c_i g_j(x_i) [particles]."""
        return (self._value @ cotangents)[..., 0]

    def pull(self, factors: ManyPerParticle, cotangents: ManyOutputs) -> ManyPositions:
        """factors_j sum_i c_i G_j(x_i) (x_i - theta_j) [particles, dim]."""
        sums = self._steepness @ torch.cat([cotangents * self.phi, cotangents], dim=-1)
        return factors[..., None] * (sums[..., :-1] - sums[..., -1:] * self.positions)

    def push(self, factors: ManyPerParticle, velocities: ManyPositions) -> ManyOutputs:
        """sum_j factors_j G_j(x_i) (x_i - theta_j) . v_j [data, 1]."""
        rows = factors[..., None] * velocities
        along = (rows * self.positions).sum(dim=-1, keepdim=True)
        sums = self._steepness.mT @ torch.cat([rows, along], dim=-1)
        return (self.phi * sums[..., :-1]).sum(dim=-1, keepdim=True) - sums[..., -1:]

    def to(self, dtype: torch.dtype) -> "BumpTangent":
        """The same with g and G rounded to a dtype."""
        rounded = BumpTangent(self.neuron, self.positions.to(dtype), self.phi.to(dtype))
        rounded.__dict__.update(_value=self._value.to(dtype), _steepness=self._steepness.to(dtype))
        return rounded

    def gram(self, weights: ManyPerParticle, other: "BumpTangent", rates: tuple[float, ...] | None = None) -> Grams:
        """sum_j weights_j G_j(x_i) G_j(x'_l) (x_i - theta_j) . (x'_l - theta_j) [data, data'], times the one rate."""
        weights = weights if rates is None else rates[0] * weights
        total = None
        for column in range(self.neuron.dim):
            rows = self._steepness * self._away(column)
            columns = rows if other is self else other._steepness * other._away(column)
            product = weighted_products(weights, rows, columns)
            total = product if total is None else total + product
        return product if total is None else total
