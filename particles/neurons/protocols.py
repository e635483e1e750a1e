"""What a neuron offers: `Neuron`, how a particle is read, and `Tangent`, some particles linearised at some inputs."""

from typing import Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from particles.shapes import (
    Features,
    Gram,
    Inputs,
    MemberPositions,
    Outputs,
    ParticleFeatures,
    PerParticle,
    Positions,
    PreActivations,
)


@runtime_checkable
class Tangent(Protocol):
    """Neurons at fixed positions and inputs, linearised: features g_j(x_i) and their gradients in theta_j.

    Gradients are zero in coordinates that are not trained. A tangent of several clouds (`MemberNeuron`) takes and gives
    tensors with a leading axis [members, ...], except for the inputs, which the members share.
    """

    def features(self) -> ParticleFeatures:
        """g_j(x_i) [particles, data, outputs]; writes that tensor, so for small clouds only."""
        ...

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j g_j(x_i) [data, outputs]."""
        ...

    def pair(self, cotangents: Outputs) -> PerParticle:
        """sum_i c_i . g_j(x_i) [particles]."""
        ...

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
        ...

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j grad g_j(x_i) . v_j [data, outputs]."""
        ...

    def gram(self, weights: PerParticle, other: Self, rates: tuple[float, ...] | None = None) -> Gram:
        """sum_j weights_j grad g_j(x_i) . grad g_j(x'_l), row index i k + c; `other` holds the same particles at x'.

        With `rates`, which are given only where they are not all one, products of gradients in the coordinates of a
        group are multiplied by its rate; they are in the order of the neuron's groups.
        """
        ...

    def to(self, dtype: torch.dtype) -> "Tangent":
        """The same linearisation rounded to a dtype, not evaluated again in it."""
        ...


@runtime_checkable
class Neuron(Protocol):
    """How a particle's position is laid out and what feature it stands for.

    A neuron may also name `groups` of coordinates, a dictionary from names to slices that lie next to each other and
    cover all of them, and have a rate of its own for each, `rates`: mobilities are multiplied by it.
    """

    @property
    def dim(self) -> int:
        """Coordinates of one particle."""
        ...

    @property
    def hidden(self) -> int:
        """How many of them, from the left, are hidden weights."""
        ...

    @property
    def outputs(self) -> int:
        """Number of outputs, k."""
        ...

    @property
    def trained_columns(self) -> slice | Tensor:
        """The coordinates that training moves: a slice, or their numbers [trained] where they do not lie together."""
        ...

    def embed(self, inputs: Inputs) -> Features:
        """phi(x_i) [data, features]."""
        ...

    def tangent(self, positions: Positions, phi: Features) -> Tangent:
        """These particles at these embedded inputs."""
        ...


@runtime_checkable
class MemberNeuron(Neuron, Protocol):
    """A neuron that also offers one tangent of several clouds of one size, which ensembles need."""

    def member_tangent(self, positions: MemberPositions, phi: Features) -> Tangent:
        """The particles of the members [members, particles, dim] at embedded inputs that all of them share."""
        ...


@runtime_checkable
class LayeredNeuron(Neuron, Protocol):
    """A neuron that also offers the pre-activations of its hidden layers, which observables of features need."""

    def preactivations(self, positions: Positions, phi: Features) -> dict[str, PreActivations]:
        """h_l(x_i) [particles, data, units] of these particles at embedded inputs, by the names of layers in order."""
        ...
