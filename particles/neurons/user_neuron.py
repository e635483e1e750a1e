"""Any neuron a user writes for one particle and one input, run through torch.func; slower than a closed form."""

from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Protocol, Self, cast, runtime_checkable

import torch
from torch import Tensor
from torch.func import jacrev, vmap

from particles.arguments.integers import whole
from particles.errors import ShapeError
from particles.neurons.groups import check_cover, expanded, sliced
from particles.neurons.protocols import Neuron
from particles.shapes import (
    Features,
    Gram,
    Inputs,
    Outputs,
    ParticleFeatures,
    ParticleGradients,
    PerParticle,
    Positions,
)

#: What may go wrong in a feature that a user wrote.
FAILS = (ArithmeticError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError)


@runtime_checkable
class UserNeuron(Protocol):
    """What a user writes: the number of coordinates and the feature of one particle at one input.

    `feature(theta, x)` takes theta [dim] and x [inputs] and returns a number or [outputs]; it is written in torch
    operations that torch.func can map and differentiate. An attribute `outputs` (default 1) says how many outputs, one
    `groups` (default {"hidden": dim}) how many coordinates each group of them has, in order, or their slices.
    """

    @property
    def dim(self) -> int:
        """Number of coordinates of one particle; a plain attribute will do."""
        ...

    def feature(self, theta: Tensor, x: Tensor) -> Tensor:
        """g(theta, x)."""
        ...


def as_neuron(neuron: Neuron | UserNeuron) -> Neuron:
    """The neuron itself where it has closed forms, a `MappedNeuron` around it where a user wrote `feature`."""
    if hasattr(neuron, "tangent") and hasattr(neuron, "embed"):
        return cast(Neuron, neuron)
    if isinstance(neuron, UserNeuron) and isinstance(neuron.dim, Integral):
        return MappedNeuron(neuron, neuron.dim, getattr(neuron, "outputs", 1))
    raise TypeError(
        f"{type(neuron).__name__} is not a neuron; give a Perceptron, or an object with an integer `dim` and a method "
        "`feature(theta, x)` for one particle and one input."
    )


def _said(error: Exception) -> str:
    """The first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


@dataclass(frozen=True)
class MappedNeuron:
    """A user neuron mapped over particles and inputs. All coordinates are trained and count as hidden weights.

    Its groups of coordinates, and rates of its own where it has any, are those of the user neuron.
    """

    single: UserNeuron
    dim: int
    outputs: int

    def __post_init__(self) -> None:
        name = type(self.single).__name__
        object.__setattr__(self, "dim", whole(self.dim, f"The dim of {name}"))
        object.__setattr__(self, "outputs", whole(self.outputs, f"The number of outputs of {name}"))
        check_cover(self.groups, self.dim, name)

    @cached_property
    def groups(self) -> dict[str, slice]:
        """The groups that the user neuron names; without any, all coordinates are "hidden"."""
        return sliced(getattr(self.single, "groups", {"hidden": self.dim}))

    @property
    def rates(self) -> tuple[float, ...] | None:
        """The user neuron's own rate of each group, None where it has none."""
        return getattr(self.single, "rates", None)

    @property
    def hidden(self) -> int:
        """All coordinates."""
        return self.dim

    @property
    def trained_columns(self) -> slice:
        """All coordinates."""
        return slice(0, self.dim)

    def embed(self, inputs: Inputs) -> Features:
        """The inputs themselves, once the feature is known to work on inputs like these."""
        kind = (*inputs.shape[1:], inputs.dtype)
        if kind not in self._tried and len(inputs):
            self._try(inputs[0])
            self._tried.add(kind)
        return inputs

    def tangent(self, positions: Positions, phi: Features) -> "MappedTangent":
        """These particles at these inputs."""
        if positions.shape[1] != self.dim:
            raise ShapeError(f"Particles have {positions.shape[1]} coordinates, but this neuron needs {self.dim}.")
        return MappedTangent(self, positions, phi)

    @cached_property
    def _tried(self) -> set[tuple[object, ...]]:
        return set()

    def _try(self, x: Tensor) -> None:
        """Raise TypeError or ShapeError for a feature that fails, or that torch.func cannot map and differentiate."""
        name, theta = type(self.single).__name__, x.new_full((self.dim,), 0.5)
        about = f"at theta [{self.dim}] and x {list(x.shape)}, one particle and one input"
        try:
            value = self.single.feature(theta, x)
        except FAILS as error:
            raise TypeError(f"{name}.feature(theta, x) failed {about}: {_said(error)}; mend it there.") from error
        if not isinstance(value, Tensor) or value.numel() != self.outputs or value.ndim > 1:
            given = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
            raise ShapeError(
                f"{name}.feature(theta, x) gave {given} {about}, but its outputs are {self.outputs}; return a "
                f"tensor of that many numbers, or set {name}.outputs."
            )
        try:
            vmap(vmap(jacrev(self.one), in_dims=(None, 0)), in_dims=(0, None))(theta[None], x[None])
        except FAILS as error:
            raise TypeError(
                f"{name}.feature(theta, x) works {about}, but torch.func cannot map and differentiate it: "
                f"{_said(error)}; write it in torch operations, without numbers taken out of tensors."
            ) from error

    def one(self, theta: Tensor, x: Tensor) -> Tensor:
        """g(theta, x) as [outputs]."""
        return self.single.feature(theta, x).reshape(self.outputs)


@dataclass(frozen=True, eq=False)
class MappedTangent:
    """User neurons at fixed positions and inputs; features and gradients are computed once, when first needed."""

    neuron: MappedNeuron
    positions: Positions
    phi: Features

    @cached_property
    def _features(self) -> ParticleFeatures:
        over_data = vmap(self.neuron.one, in_dims=(None, 0))
        return vmap(over_data, in_dims=(0, None))(self.positions, self.phi).detach()

    @cached_property
    def _gradients(self) -> ParticleGradients:
        over_data = vmap(jacrev(self.neuron.one), in_dims=(None, 0))
        return cast(Tensor, vmap(over_data, in_dims=(0, None))(self.positions, self.phi)).detach()

    def features(self) -> ParticleFeatures:
        """g_j(x_i)."""
        return self._features

    def gradients(self) -> ParticleGradients:
        """grad g_j(x_i) [particles, data, outputs, dim]."""
        return self._gradients

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j g_j(x_i)."""
        return torch.einsum("j,jic->ic", factors, self._features)

    def pair(self, cotangents: Outputs) -> PerParticle:
        """sum_i c_i . g_j(x_i)."""
        return torch.einsum("ic,jic->j", cotangents, self._features)

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i)."""
        return torch.einsum("j,ic,jicq->jq", factors, cotangents, self._gradients)

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j grad g_j(x_i) . v_j."""
        return torch.einsum("j,jicq,jq->ic", factors, self._gradients, velocities)

    def to(self, dtype: torch.dtype) -> Self:
        """Features and gradients rounded to a dtype."""
        rounded = replace(self, positions=self.positions.to(dtype), phi=self.phi.to(dtype))
        rounded.__dict__.update(_features=self._features.to(dtype), _gradients=self._gradients.to(dtype))
        return rounded

    def gram(self, weights: PerParticle, other: Self, rates: tuple[float, ...] | None = None) -> Gram:
        """sum_j weights_j grad g_j(x_i) . grad g_j(x'_l), with the `rates` of groups where they are given."""
        rows = self._gradients.flatten(1, 2)
        if rates is not None:
            rows = rows * expanded(rates, self.neuron.groups, rows)
        columns = other._gradients.flatten(1, 2)
        return torch.einsum("j,jrq,jsq->rs", weights, rows, columns)
