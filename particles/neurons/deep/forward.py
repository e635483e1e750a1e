"""The forward pass of many deep networks at some data: what every layer sees, and how steep its sigma is there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor
from torch.nn import functional

from particles.neurons.activations import Activation
from particles.neurons.autonomous import Autonomous, autonomous
from particles.neurons.deep.stages import Group, Stage
from particles.numerics.scratch import reusable
from particles.shapes import Features, Positions

#: Number of entries to a multiple of which data and weights are filled up where there are several particles. BLAS sums
#: in an order that depends on where numbers lie relative to 64 bytes, and particles should not.
ALIGNED = 16


@runtime_checkable
class Slope(Protocol):
    """sigma' at what enters it, known or computed when it is asked for."""

    @property
    def values(self) -> Tensor:
        """sigma'(h) [particles, data, *above]."""
        ...

    def part(self, rows: slice) -> "Slope":
        """That of some data."""
        ...


@dataclass(frozen=True, eq=False)
class KnownSlope:
    """sigma' itself."""

    values: Tensor

    def part(self, rows: slice) -> Self:
        """That of some data."""
        return type(self)(self.values[:, rows])


@dataclass(frozen=True, eq=False)
class SlopeOfValue:
    """sigma' that follows from sigma(h), which the next layer sees anyway."""

    activation: Autonomous
    value: Tensor

    @property
    def values(self) -> Tensor:
        """h(sigma)."""
        return self.activation.derivative_at(self.value)

    def part(self, rows: slice) -> Self:
        """That of some data."""
        return replace(self, value=self.value[:, rows])


@dataclass(frozen=True, eq=False)
class SlopeAt:
    """sigma' that needs h."""

    activation: Activation
    h: Tensor
    value: Tensor

    @property
    def values(self) -> Tensor:
        """sigma'(h)."""
        return self.activation.derivative(self.h, self.value)

    def part(self, rows: slice) -> Self:
        """That of some data."""
        return replace(self, h=self.h[:, rows], value=self.value[:, rows])


def activated(activation: Activation, h: Tensor) -> tuple[Tensor, Slope]:
    """sigma(h), and its slope there."""
    value = activation.value(h)
    follows = autonomous(activation)
    if follows is not None and _suffices(follows, h):
        return value, SlopeOfValue(follows, value)
    return value, SlopeAt(activation, h, value)


def _suffices(activation: Autonomous, h: Tensor) -> bool:
    """Whether sigma' follows from sigma with the digits that matter: no unit is saturated at all data and positions.

    As for perceptrons (`particles/neurons/saturation.py`), the first datum mostly knows. Found out on CPUs only, as one
    would wait for another device.
    """
    limit = activation.unsaturated(h.dtype)
    if math.isinf(limit) or not h.numel():
        return True
    if not h.is_cpu or not reusable(h):
        return False
    if float(h[:, 0].abs().amax()) <= limit:
        return True
    return float(h.abs().amin(dim=(1, *range(3, h.ndim))).amax()) <= limit


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What every stage sees [particles or 1, data, *below], its slope, and the outputs [particles, data, outputs]."""

    seen: tuple[Tensor, ...]
    slopes: tuple[Slope | None, ...]
    outputs: Tensor

    @classmethod
    def of(cls, stages: Sequence[Stage], positions: Positions, phi: Features) -> Self:
        """The pass of particles [particles, dim] at embedded inputs [data, features].

        A particle has the same bits beside any others: opposite readouts of equal layers give opposite outputs.
        """
        x, count = phi[None], len(phi)
        if len(positions) > 1:
            x = functional.pad(x, (0, 0, 0, -count % ALIGNED))
        seen: list[Tensor] = []
        slopes: list[Slope | None] = []
        for stage in stages:
            seen.append(x.reshape(*x.shape[:2], *stage.map.below))
            x, slope = sigma(stage, preactivation(stage, seen[-1], positions))
            slopes.append(slope)
            x = pooled(stage, x)
        run = cls(tuple(seen), tuple(slopes), x.flatten(2))
        return run if x.shape[1] == count else run.part(slice(0, count))

    def part(self, rows: slice) -> Self:
        """That of some data."""
        seen = tuple(x[:, rows] for x in self.seen)
        return type(self)(seen, tuple(slope and slope.part(rows) for slope in self.slopes), self.outputs[:, rows])

    def to(self, dtype: torch.dtype) -> Self:
        """The same rounded to a dtype."""
        seen = tuple(x.to(dtype) for x in self.seen)
        slopes = tuple(slope and KnownSlope(slope.values.to(dtype)) for slope in self.slopes)
        return type(self)(seen, slopes, self.outputs.to(dtype))


def sigma(stage: Stage, h: Tensor) -> tuple[Tensor, Slope | None]:
    """sigma(h) and its slope; h itself and None where the stage has no sigma."""
    return (h, None) if stage.activation is None else activated(stage.activation, h)


def pooled(stage: Stage, values: Tensor) -> Tensor:
    """The values of a stage above its pools."""
    for pool in stage.pools:
        values = pool.forward(values)
    return values


def weights_of(stage: Stage, positions: Positions) -> Tensor:
    """A stage's weights [particles, *weights] among all coordinates [particles, dim]."""
    return positions[:, stage.weights.columns].reshape(-1, *stage.map.weights)


def preactivation(stage: Stage, x: Tensor, positions: Positions) -> Tensor:
    """h = multiplier W x + bias_multiplier b [particles, data, *above]."""
    weights = _aligned(weights_of(stage, positions))
    h = stage.map.forward(x, weights, stage.weights.scales.multiplier)
    return h if stage.bias is None else h + biased(stage.bias, positions, h.ndim)


def biased(bias: Group, positions: Positions, axes: int) -> Tensor:
    """bias_multiplier b [particles, 1, units, 1, ...] with so many axes."""
    b = bias.scales.multiplier * positions[:, bias.columns]
    return b.reshape(len(b), 1, -1, *(1,) * (axes - 3))


def _aligned(weights: Tensor) -> Tensor:
    """The same weights, those of every particle of several from a multiple of 64 bytes on."""
    if len(weights) == 1:
        return weights
    flat = weights.flatten(1)
    size = flat.shape[1]
    return functional.pad(flat, (0, -size % ALIGNED))[:, :size].reshape(weights.shape)
