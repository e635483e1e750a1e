"""The perceptron: its feature g(theta, x) and the gradient, for all particles and all inputs at once.

Evaluated at given positions and embedded inputs it is a tangent (`tangents.py`): everything that a flow needs of a
piece of the cloud, in closed form and without an autograd graph.
"""

from dataclasses import dataclass
from functools import cached_property

import torch

from particles.arguments.integers import whole
from particles.errors import ShapeError
from particles.neurons.activations import Activation
from particles.neurons.autonomous import Autonomous
from particles.neurons.embeddings import Embedding
from particles.neurons.saturation import Saturated, saturated
from particles.numerics.scratch import FRESH, SCRATCH, Fresh, Lease, reusable
from particles.numerics.weighted_gram import NARROW, narrow_product, weighted_products
from particles.shapes import (
    Features,
    Gram,
    Hidden,
    Inputs,
    Outputs,
    ParticleFeatures,
    ParticleGradients,
    ParticleOutputs,
    PerParticle,
    Positions,
)

TRAINED = ("hidden", "output", "both")


@dataclass(frozen=True)
class Perceptron:
    """g(theta, x) = a sigma(w . phi(x)), theta = (w, a): hidden weights w [features], output weights a [outputs].

    positions[:, :features] are the hidden weights and the rest the output weights. `trained` says which of them move:
    "hidden", "output" or "both".
    """

    activation: Activation
    embedding: Embedding
    outputs: int = 1
    trained: str = "hidden"

    def __post_init__(self) -> None:
        if self.trained not in TRAINED:
            raise ValueError(f"trained is {self.trained!r}, but one of {', '.join(map(repr, TRAINED))} is needed.")
        object.__setattr__(self, "outputs", whole(self.outputs, "The number of outputs"))

    @property
    def hidden(self) -> int:
        """D, the number of hidden weights."""
        return self.embedding.features

    @property
    def dim(self) -> int:
        """D + k."""
        return self.hidden + self.outputs

    @property
    def trained_columns(self) -> slice:
        """The coordinates that training moves."""
        first = self.hidden if self.trained == "output" else 0
        return slice(first, self.hidden if self.trained == "hidden" else self.dim)

    def embed(self, inputs: Inputs) -> Features:
        """phi(x_i) [data, features]."""
        return self.embedding(inputs)

    def tangent(self, positions: Positions, phi: Features) -> "PerceptronTangent":
        """These particles [particles, dim] at these embedded inputs [data, features]."""
        if positions.shape[1] != self.dim:
            raise ShapeError(
                f"Particles have {positions.shape[1]} coordinates, but this neuron needs {self.dim}: {self.hidden} "
                f"hidden weights and {self.outputs} output weights."
            )
        return PerceptronTangent(self, positions, phi)


@dataclass(frozen=True, eq=False)
class PerceptronTangent:
    """Perceptrons at fixed positions and embedded inputs. sigma is computed once, when first needed, and so is sigma'
    unless it follows from sigma, which is then all that is kept; in scratch memory, which goes with the tangent."""

    neuron: Perceptron
    positions: Positions
    phi: Features

    @cached_property
    def _w(self) -> Positions:
        return self.positions[:, : self.neuron.hidden]

    @cached_property
    def _a(self) -> Positions:
        return self.positions[:, self.neuron.hidden :]

    @cached_property
    def _lease(self) -> Lease | Fresh | None:
        return SCRATCH.for_product(self.positions, self.phi)

    @cached_property
    def _z(self) -> Hidden:
        """w_j . phi(x_i), until sigma is written over it."""
        return torch.mm(self._w, self.phi.T, out=self._lease.matrix if self._lease else None)

    @cached_property
    def _value(self) -> Hidden:
        return self._overwritten[0] if self._overwrites else self.neuron.activation.value(self._z)

    @cached_property
    def _overwrites(self) -> bool:
        """Whether sigma is written over z and gives sigma'; on the CPU, as what is looked for would wait for a GPU."""
        return isinstance(self.neuron.activation, Autonomous) and self._lease is not None and self.phi.is_cpu

    @cached_property
    def _overwritten(self) -> tuple[Hidden, Saturated | None]:
        """sigma, and the rows whose sigma' does not follow from it."""
        activation = self.neuron.activation
        if not isinstance(activation, Autonomous):
            raise TypeError(f"The derivative of {type(activation).__name__} does not follow from its value.")
        apart = saturated(activation, self._z)
        return activation.overwrite(self._z), apart

    @property
    def _derivative(self) -> Hidden:
        return self._slope(None)

    def _slope(self, spare: Hidden | None) -> Hidden:
        """sigma', where it is not kept written into spare memory or, without, into new."""
        activation = self.neuron.activation
        if isinstance(activation, Autonomous) and self._overwrites:
            slopes, apart = activation.derivative_at(self._value, out=spare), self._overwritten[1]
            return slopes if apart is None else apart.corrected(slopes)
        return self._kept_derivative

    @cached_property
    def _kept_derivative(self) -> Hidden:
        return self.neuron.activation.derivative(self._z, self.__dict__.get("_value"))

    @property
    def _moves_hidden(self) -> bool:
        return self.neuron.trained != "output"

    @property
    def _moves_output(self) -> bool:
        return self.neuron.trained != "hidden"

    def features(self) -> ParticleFeatures:
        """a_jc sigma(w_j . phi(x_i))."""
        return self._value[:, :, None] * self._a[:, None, :]

    def gradients(self) -> ParticleGradients:
        """grad g_jc(x_i) [particles, data, outputs, dim], all of it: for small clouds, and for tests."""
        hidden = self._derivative[:, :, None, None] * self._a[:, None, :, None] * self.phi[None, :, None, :]
        identity = torch.eye(self.neuron.outputs, dtype=self.phi.dtype, device=self.phi.device)
        output = self._value[:, :, None, None] * identity
        return torch.cat([hidden * self._moves_hidden, output * self._moves_output], dim=-1)

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j a_j sigma(w_j . phi(x_i))."""
        return self._value.T @ (factors[:, None] * self._a)

    def pair(self, cotangents: Outputs) -> PerParticle:
        """sum_i c_i . a_j sigma(w_j . phi(x_i))."""
        return ((self._value @ cotangents) * self._a).sum(dim=1)

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j times, in w_j, sum_i (c_i . a_j) sigma'(w_j . phi(x_i)) phi(x_i); in a_j, sum_i c_i sigma(...)."""
        listening, split = factors[:, None] * self._a, self.neuron.hidden
        if not (self._lease and reusable(listening, cotangents)):
            hidden = (self._derivative * (listening @ cotangents.T)) @ self.phi
            output = factors[:, None] * (self._value @ cotangents)
            return torch.cat([hidden * self._moves_hidden, output * self._moves_output], dim=1)
        result = torch.empty_like(self.positions)
        if self._moves_hidden:
            self._pull_hidden(self._lease.another(), listening, cotangents, result[:, :split])
        else:
            result[:, :split].zero_()
        if self._moves_output:
            torch.mul(factors[:, None], self._value @ cotangents, out=result[:, split:])
        else:
            result[:, split:].zero_()
        return result

    def _pull_hidden(
        self, spare: Lease | Fresh, listening: ParticleOutputs, cotangents: Outputs, out: Positions
    ) -> None:
        """What `pull` gives in w_j, written into `out`, with sigma' in spare memory."""
        if self.neuron.outputs > 1:
            torch.mm(torch.mm(listening, cotangents.T, out=spare.matrix).mul_(self._derivative), self.phi, out=out)
            return
        slope = self._slope(spare.matrix)
        if self.neuron.hidden > self.positions.shape[0]:
            torch.mm(torch.mul(slope, cotangents.T, out=spare.matrix), self.phi, out=out).mul_(listening)
        elif self.neuron.hidden > NARROW or spare is FRESH:
            torch.mm(slope, cotangents * self.phi, out=out).mul_(listening)
        else:
            torch.mul(listening, narrow_product(slope, cotangents * self.phi), out=out)

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j [a_j sigma'(w_j . phi(x_i)) v^w_j . phi(x_i) + v^a_j sigma(w_j . phi(x_i))]."""
        result = self.phi.new_zeros(self.phi.shape[0], self.neuron.outputs)
        if self._moves_hidden:
            result = self._push_hidden(factors[:, None] * self._a, velocities[:, : self.neuron.hidden])
        if self._moves_output:
            result = result + self._value.T @ (factors[:, None] * velocities[:, self.neuron.hidden :])
        return result

    def _push_hidden(self, speaking: ParticleOutputs, velocities: Positions) -> Outputs:
        if self.neuron.outputs == 1:
            return (self.phi * (self._derivative.T @ (speaking * velocities))).sum(dim=1, keepdim=True)
        return (self._derivative * (velocities @ self.phi.T)).T @ speaking

    def to(self, dtype: torch.dtype) -> "PerceptronTangent":
        """sigma and sigma' rounded to a dtype."""
        return _RoundedTangent(self.neuron, self.positions.to(dtype), self.phi.to(dtype), self)

    def gram(self, weights: PerParticle, other: "PerceptronTangent") -> Gram:
        """sum_j weights_j [a_jc a_je (phi . phi') sigma' sigma'  +  1{c = e} sigma sigma]."""
        k, n, others = self.neuron.outputs, self.phi.shape[0], other.phi.shape[0]
        overlap = self.phi @ other.phi.T
        features = weighted_products(weights, self._value, other._value) if self._moves_output else None
        rows = self._derivative if self._moves_hidden else overlap
        columns = rows if other is self or not self._moves_hidden else other._derivative

        def block(c: int, e: int) -> Gram:
            same = features if c == e and features is not None else overlap.new_zeros(())
            if not self._moves_hidden:
                return same.expand(n, others)
            factor = weights * self._a[:, c] * self._a[:, e]
            return weighted_products(factor, rows, columns).mul_(overlap).add_(same)

        if k == 1:
            return block(0, 0)
        blocks = self.phi.new_empty(n, k, others, k)
        for c in range(k):
            for e in range(k):
                blocks[:, c, :, e] = block(c, e)
        return blocks.reshape(n * k, others * k)


@dataclass(frozen=True, eq=False)
class _RoundedTangent(PerceptronTangent):
    """sigma and sigma' of another tangent in another dtype, each rounded when first needed."""

    exact: PerceptronTangent

    @cached_property
    def _value(self) -> Hidden:
        return self.exact._value.to(self.positions)

    @cached_property
    def _overwrites(self) -> bool:
        return self.exact._overwrites

    @property
    def _overwritten(self) -> tuple[Hidden, Saturated | None]:
        return self._value, self.exact._overwritten[1]

    @cached_property
    def _kept_derivative(self) -> Hidden:
        return self.exact._derivative.to(self.positions)
