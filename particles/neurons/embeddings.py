"""Embeddings phi(x): the frozen map from inputs to what the hidden weights see, h_j(x) = w_j . phi(x)."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from particles.arguments.integers import whole
from particles.errors import ShapeError
from particles.neurons.activations import Activation
from particles.numerics.randomness import generator
from particles.shapes import AnyFloat


@runtime_checkable
class Embedding(Protocol):
    """A fixed feature map from R^inputs to R^features, normalised so that phi(x) is of order one but for `Plain`."""

    @property
    def inputs(self) -> int:
        """Number of inputs, d."""
        ...

    @property
    def features(self) -> int:
        """Number of features, D."""
        ...

    def __call__(self, x: AnyFloat) -> AnyFloat:
        """phi(x): [..., inputs] to [..., features]."""
        ...


class _OfInputs:
    """What the number d of inputs says of an embedding, which has as many features unless it says otherwise."""

    dim: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", whole(self.dim, "The number of inputs of an embedding"))

    @property
    def inputs(self) -> int:
        """d."""
        return self.dim

    @property
    def features(self) -> int:
        """d."""
        return self.dim


@dataclass(frozen=True)
class Identity(_OfInputs):
    """phi(x) = x / sqrt(d), D = d."""

    dim: int

    def __call__(self, x: AnyFloat) -> AnyFloat:
        """x / sqrt(d)."""
        return _checked(x, self.dim) / math.sqrt(self.dim)


@dataclass(frozen=True)
class Plain(_OfInputs):
    """phi(x) = x, D = d: inputs as they are, as the first layer of a torch module sees them."""

    dim: int

    def __call__(self, x: AnyFloat) -> AnyFloat:
        """x."""
        return _checked(x, self.dim)


@dataclass(frozen=True)
class Biased:
    """phi(x) = (inner(x), 1): the last hidden weight is the neuron's bias."""

    inner: Embedding

    @property
    def inputs(self) -> int:
        """Inputs of the inner embedding."""
        return self.inner.inputs

    @property
    def features(self) -> int:
        """Features of the inner embedding and one."""
        return self.inner.features + 1

    def __call__(self, x: AnyFloat) -> AnyFloat:
        """(inner(x), 1)."""
        phi = self.inner(x)
        return torch.cat([phi, torch.ones_like(phi[..., :1])], dim=-1)


@dataclass(frozen=True)
class Quadratic(_OfInputs):
    """phi(x) = vec(x x^T) / d, D = d^2: all products of two inputs (Chen, Vanden-Eijnden and Bruna 2022)."""

    dim: int

    @property
    def features(self) -> int:
        """d^2."""
        return self.dim**2

    def __call__(self, x: AnyFloat) -> AnyFloat:
        """vec(x x^T) / d."""
        x = _checked(x, self.dim)
        return (x[..., :, None] * x[..., None, :]).flatten(-2) / self.dim


@dataclass(frozen=True)
class RandomFeatures:
    """phi(x) = sigma(Z inner(x)) / sqrt(count), Z frozen with independent N(0, 1) entries from the seed.

    On top of `Identity` this is the frozen first layer of the three-layer network of Chen, Vanden-Eijnden and Bruna
    (2022); stacked on itself it is a frozen deep network.
    """

    inner: Embedding
    activation: Activation
    count: int
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", whole(self.count, "The number of random features"))
        object.__setattr__(self, "seed", whole(self.seed, "The seed", 0))

    @property
    def inputs(self) -> int:
        """Inputs of the inner embedding."""
        return self.inner.inputs

    @property
    def features(self) -> int:
        """Number of random features."""
        return self.count

    @cached_property
    def weights(self) -> Tensor:
        """Z [count, inner features] in float64; floors of a stack draw from streams of their own."""
        numbers = generator(self.seed, f"random features {_depth(self)}")
        return torch.from_numpy(numbers.standard_normal((self.count, self.inner.features)))

    def __call__(self, x: AnyFloat) -> AnyFloat:
        """sigma(Z inner(x)) / sqrt(count)."""
        inner = self.inner(x)
        return self.activation.value(inner @ self.weights.to(inner).T) / math.sqrt(self.count)


def _depth(embedding: Embedding) -> int:
    inner = getattr(embedding, "inner", None)
    return 0 if inner is None else _depth(inner) + isinstance(embedding, RandomFeatures)


def _checked(x: Tensor, dim: int) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(f"An embedding was given {type(x).__name__}, but a tensor [..., {dim}] is needed; give inputs.")
    if x.ndim == 0 or x.shape[-1] != dim:
        raise ShapeError(f"Inputs have shape {tuple(x.shape)}, but the embedding reads {dim} inputs in the last axis.")
    return x
