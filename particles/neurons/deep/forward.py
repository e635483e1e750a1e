"""The forward pass of many deep networks at some data: what every layer sees, and how steep its sigma is there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from particles.neurons.activations import Activation
from particles.neurons.autonomous import Autonomous
from particles.neurons.deep.stages import Group, Stage
from particles.shapes import Features, Positions


@dataclass(frozen=True, eq=False)
class Activated:
    """sigma(h), and h where sigma' does not follow from sigma(h) with all its digits."""

    activation: Activation
    value: Tensor
    h: Tensor | None

    @classmethod
    def of(cls, activation: Activation, h: Tensor, overwrite: bool) -> Self:
        """sigma at h, written over it where that is allowed and h is not needed any more.

        On the CPU only, as the test whether any entry is saturated would wait for another device.
        """
        if overwrite and isinstance(activation, Autonomous) and h.is_cpu and not _is_saturated(activation, h):
            return cls(activation, activation.overwrite(h), None)
        return cls(activation, activation.value(h), h)

    @cached_property
    def slope(self) -> Tensor:
        """sigma'(h)."""
        if self.h is None and isinstance(self.activation, Autonomous):
            return self.activation.derivative_at(self.value)
        return self.activation.derivative(self.h, self.value)

    def to(self, dtype: torch.dtype) -> Self:
        """The same rounded."""
        rounded = replace(self, value=self.value.to(dtype))
        rounded.__dict__["slope"] = self.slope.to(dtype)
        return rounded


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What every stage sees, x [particles or 1, data, *below], its sigma, and the outputs [particles, data, outputs]."""

    seen: tuple[Tensor, ...]
    activated: tuple[Activated | None, ...]
    outputs: Tensor
    preactivations: tuple[Tensor, ...] = ()

    @classmethod
    def of(cls, stages: Sequence[Stage], positions: Positions, phi: Features, *, overwrite: bool) -> Self:
        """The pass of particles [particles, dim] at embedded inputs; without `overwrite` all h are kept too."""
        x = phi[None]
        seen, activated, preactivations = [], [], []
        for stage in stages:
            x = x.reshape(*x.shape[:2], *stage.map.below)
            seen.append(x)
            x = preactivation(stage, x, positions)
            if not overwrite:
                preactivations.append(x)
            sigma = None if stage.activation is None else Activated.of(stage.activation, x, overwrite)
            activated.append(sigma)
            x = x if sigma is None else sigma.value
            for pool in stage.pools:
                x = pool.forward(x)
        return cls(tuple(seen), tuple(activated), x.flatten(2), tuple(preactivations))

    def to(self, dtype: torch.dtype) -> Self:
        """The same rounded."""
        seen = tuple(x.to(dtype) for x in self.seen)
        sigmas = tuple(None if sigma is None else sigma.to(dtype) for sigma in self.activated)
        return replace(self, seen=seen, activated=sigmas, outputs=self.outputs.to(dtype), preactivations=())


def weights_of(stage: Stage, positions: Positions) -> Tensor:
    """A stage's weights [particles, *weights] among all coordinates [particles, dim]."""
    return positions[:, stage.weights.columns].unflatten(1, stage.map.weights)


def preactivation(stage: Stage, x: Tensor, positions: Positions) -> Tensor:
    """multiplier W x + bias_multiplier b [particles, data, *above]."""
    h = stage.map.forward(x, weights_of(stage, positions), stage.weights.scales.multiplier)
    return h if stage.bias is None else h + biased(stage.bias, positions, h.ndim)


def biased(bias: Group, positions: Positions, ndim: int) -> Tensor:
    """bias_multiplier b [particles, 1, units, 1, ...] with so many axes."""
    b = bias.scales.multiplier * positions[:, bias.columns]
    return b[:, None].reshape(*b.shape[:1], 1, b.shape[1], *(1,) * (ndim - 3))


def _is_saturated(activation: Autonomous, h: Tensor) -> bool:
    limit = activation.unsaturated(h.dtype)
    return limit != float("inf") and h.numel() > 0 and float(torch.linalg.vector_norm(h, float("inf"))) > limit
