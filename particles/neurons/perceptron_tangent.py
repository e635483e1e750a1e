"""Perceptrons linearised at given positions and embedded inputs: features, gradients and sums over them.

Formulas hold for the particles of one cloud, and with a leading axis for those of several clouds of one size: what is
multiplied as matrices is multiplied member by member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol, runtime_checkable

import torch

from particles.neurons.activations import Activation
from particles.neurons.autonomous import Autonomous, autonomous
from particles.neurons.gated import gated
from particles.neurons.saturation import Saturated, saturated
from particles.numerics.scratch import FRESH, SCRATCH, Fresh, Lease, reusable
from particles.numerics.weighted_gram import is_narrow, over_data, over_particles, weighted_products
from particles.shapes import (
    AnyFloat,
    Features,
    Grams,
    ManyHidden,
    ManyOutputs,
    ManyParticleOutputs,
    ManyPerParticle,
    ManyPositions,
)


@runtime_checkable
class Layout(Protocol):
    """What a tangent asks of its perceptron."""

    @property
    def activation(self) -> Activation:
        """sigma."""
        ...

    @property
    def hidden(self) -> int:
        """D, the number of hidden weights."""
        ...

    @property
    def outputs(self) -> int:
        """k, the number of output weights."""
        ...

    @property
    def trained(self) -> str | Sequence[str]:
        """What moves: "hidden" weights, "output" weights or "both"."""
        ...


@dataclass(frozen=True, eq=False)
class PerceptronTangent:
    """The perceptrons of one cloud at fixed positions [particles, dim] and embedded inputs phi [data, features].

    sigma is computed once, when it is first needed. sigma' is too, unless it follows from sigma, which is then all that
    is kept, in scratch memory that goes with the tangent.
    """

    #: Whether sigma' is kept too where it follows from sigma.
    keeps: ClassVar[bool] = False

    neuron: Layout
    positions: ManyPositions
    phi: Features

    @cached_property
    def _w(self) -> ManyPositions:
        return self.positions[..., : self.neuron.hidden]

    @cached_property
    def _a(self) -> ManyParticleOutputs:
        return self.positions[..., self.neuron.hidden :]

    @cached_property
    def _lease(self) -> Lease | Fresh | None:
        """Memory for sigma; None where autograd or a transform of torch.func follows: nothing is overwritten then."""
        return SCRATCH.for_product(self.positions, self.phi)

    @cached_property
    def _z(self) -> ManyHidden:
        """w_j . phi(x_i), until sigma is written over it."""
        return torch.matmul(self._w, self.phi.T, out=self._lease.matrix if self._lease else None)

    @cached_property
    def _value(self) -> ManyHidden:
        if self._overwrites:
            return self._overwritten[0]
        return self.neuron.activation.value(self._z) if self._gate is None else self._z * self._gate

    @cached_property
    def _gate(self) -> ManyHidden | None:
        """The factor of z that sigma and sigma' share, None where they share none or autograd follows."""
        one = gated(self.neuron.activation)
        return None if one is None or self._lease is None else one.gate(self._z)

    @cached_property
    def _overwrites(self) -> bool:
        """Whether sigma is written over z and gives sigma'; on the CPU, as what is looked for would wait for a GPU."""
        return autonomous(self.neuron.activation) is not None and self._lease is not None and self.phi.is_cpu

    @cached_property
    def _overwritten(self) -> tuple[ManyHidden, Saturated | None]:
        """sigma, and the rows whose sigma' does not follow from it."""
        apart = saturated(self._follows, self._z)
        return self._follows.overwrite(self._z), apart

    @property
    def _follows(self) -> Autonomous:
        """The activation, whose sigma' is to follow from its sigma; raises TypeError where it does not."""
        activation = autonomous(self.neuron.activation)
        if activation is None:
            kind = type(self.neuron.activation).__name__
            raise TypeError(f"The derivative of {kind} does not follow from its value.")
        return activation

    @property
    def _derivative(self) -> ManyHidden:
        return self._slope(None)

    def _slope(self, spare: AnyFloat | None) -> ManyHidden:
        """sigma', written into spare memory where it is given and sigma' is not kept."""
        if self._overwrites:
            value, apart = self._overwritten
            slopes = self._follows.derivative_at(value, out=spare)
            return slopes if apart is None else apart.corrected(slopes)
        return self._kept_derivative

    @cached_property
    def _kept_derivative(self) -> ManyHidden:
        one, gate = gated(self.neuron.activation), self._gate
        if one is not None and gate is not None:
            return one.slope_at(self._z, gate)
        return self.neuron.activation.derivative(self._z, self.__dict__.get("_value"))

    @property
    def _moves_hidden(self) -> bool:
        return self.neuron.trained != "output"

    @property
    def _moves_output(self) -> bool:
        return self.neuron.trained != "hidden"

    def features(self) -> AnyFloat:
        """a_jc sigma(w_j . phi(x_i)) [particles, data, outputs]."""
        return self._value[..., None] * self._a[..., None, :]

    def gradients(self) -> AnyFloat:
        """grad g_jc(x_i) [particles, data, outputs, dim], all of it: for small clouds, and for tests."""
        hidden = self._derivative[..., None, None] * self._a[..., None, :, None] * self.phi[:, None, :]
        identity = torch.eye(self.neuron.outputs, dtype=self.phi.dtype, device=self.phi.device)
        output = self._value[..., None, None] * identity
        return torch.cat([hidden * self._moves_hidden, output * self._moves_output], dim=-1)

    def predict(self, factors: ManyPerParticle) -> ManyOutputs:
        """sum_j factors_j a_j sigma(w_j . phi(x_i)) [data, outputs]."""
        return self._summed(factors[..., None] * self._a, self._value)

    def _summed(self, weights: ManyParticleOutputs, hidden: ManyHidden) -> ManyOutputs:
        """sum_j weights_jc hidden_ji [data, outputs]."""
        return hidden.mT @ weights

    def pair(self, cotangents: ManyOutputs) -> ManyPerParticle:
        """sum_i c_i . a_j sigma(w_j . phi(x_i)) [particles]."""
        return ((self._value @ cotangents) * self._a).sum(dim=-1)

    def pull(self, factors: ManyPerParticle, cotangents: ManyOutputs) -> ManyPositions:
        """factors_j times, in w_j, sum_i (c_i . a_j) sigma'(w_j . phi(x_i)) phi(x_i); in a_j, sum_i c_i sigma(...)."""
        listening, split = factors[..., None] * self._a, self.neuron.hidden
        if not (self._lease and reusable(listening, cotangents)):
            hidden = (self._derivative * (listening @ cotangents.mT)) @ self.phi
            output = factors[..., None] * (self._value @ cotangents)
            return torch.cat([hidden * self._moves_hidden, output * self._moves_output], dim=-1)
        result = torch.empty_like(self.positions)
        if self._moves_hidden:
            self._pull_hidden(listening, cotangents, result[..., :split])
        else:
            result[..., :split].zero_()
        if self._moves_output:
            torch.mul(factors[..., None], self._value @ cotangents, out=result[..., split:])
        else:
            result[..., split:].zero_()
        return result

    def _pull_hidden(self, listening: ManyParticleOutputs, cotangents: ManyOutputs, out: ManyPositions) -> None:
        """What `pull` gives in w_j, written into `out`, with sigma' in spare memory."""
        spare = self._lease.another() if self._lease else FRESH
        if self.neuron.outputs > 1:
            torch.mm(torch.mm(listening, cotangents.T, out=spare.matrix).mul_(self._derivative), self.phi, out=out)
            return
        slope = self._slope(spare.matrix)
        if self.neuron.hidden > self.positions.shape[0]:
            torch.mm(torch.mul(slope, cotangents.T, out=spare.matrix), self.phi, out=out).mul_(listening)
        elif is_narrow(slope, self.phi):
            torch.mul(listening, over_data(slope, cotangents * self.phi), out=out)
        else:
            torch.mm(slope, cotangents * self.phi, out=out).mul_(listening)

    def push(self, factors: ManyPerParticle, velocities: ManyPositions) -> ManyOutputs:
        """sum_j factors_j [a_j sigma'(w_j . phi(x_i)) v^w_j . phi(x_i) + v^a_j sigma(w_j . phi(x_i))]."""
        result = self.phi.new_zeros(())
        if self._moves_hidden:
            result = self._push_hidden(factors[..., None] * self._a, velocities[..., : self.neuron.hidden])
        if self._moves_output:
            result = result + self._summed(factors[..., None] * velocities[..., self.neuron.hidden :], self._value)
        return result

    def _push_hidden(self, speaking: ManyParticleOutputs, velocities: ManyPositions) -> ManyOutputs:
        if self.neuron.outputs == 1:
            return (self.phi * over_particles(self._derivative, speaking * velocities)).sum(dim=-1, keepdim=True)
        return self._summed(speaking, self._derivative * (velocities @ self.phi.T))

    def to(self, dtype: torch.dtype) -> "PerceptronTangent":
        """The same with sigma and sigma' rounded to a dtype; where it is their own, both are kept."""
        kind = _KeptTangent if dtype == self.phi.dtype else _RoundedTangent
        return kind(self.neuron, self.positions.to(dtype), self.phi.to(dtype), self)

    def gram(
        self, weights: ManyPerParticle, other: "PerceptronTangent", rates: tuple[float, ...] | None = None
    ) -> Grams:
        """sum_j weights_j [a_jc a_je (phi . phi') sigma' sigma'  +  1{c = e} sigma sigma] [n k, n' k].

        Rows are in the order i k + c, and so are columns, of the inputs of `other`: the same particles at other inputs.
        `rates` multiply the first term, which is that of hidden weights, and the second.
        """
        k, n, others = self.neuron.outputs, self.phi.shape[0], other.phi.shape[0]
        overlap, members = self.phi @ other.phi.T, self.positions.shape[:-2]
        of_hidden, of_output = (weights, weights) if rates is None else (weights * rate for rate in rates)
        moves_hidden = self._moves_hidden and (rates is None or rates[0] != 0.0)
        moves_output = self._moves_output and (rates is None or rates[1] != 0.0)
        features = weighted_products(of_output, self._value, other._value) if moves_output else None
        rows = self._derivative if moves_hidden else overlap
        columns = rows if other is self or not moves_hidden else other._derivative

        def block(c: int, e: int) -> Grams:
            same = features if c == e and features is not None else overlap.new_zeros(())
            if not moves_hidden:
                return same.expand(*members, n, others).contiguous()
            factor = of_hidden * self._a[..., c] * self._a[..., e]
            return weighted_products(factor, rows, columns).mul_(overlap).add_(same)

        if k == 1:
            return block(0, 0)
        blocks = self.phi.new_empty(*members, n, k, others, k)
        for c in range(k):
            for e in range(k):
                blocks[..., :, c, :, e] = block(c, e)
        return blocks.reshape(*members, n * k, others * k)


@dataclass(frozen=True, eq=False)
class _RoundedTangent(PerceptronTangent):
    """sigma and sigma' of another tangent in another dtype, each rounded when it is first needed."""

    exact: PerceptronTangent

    @cached_property
    def _value(self) -> ManyHidden:
        return self.exact._value.to(self.positions)

    @property
    def _lease(self) -> Fresh | None:
        """None is needed: nothing is overwritten."""
        return None

    @cached_property
    def _overwrites(self) -> bool:
        return self.exact._overwrites and not self.exact.keeps

    @property
    def _overwritten(self) -> tuple[ManyHidden, Saturated | None]:
        return self._value, self.exact._overwritten[1]

    @cached_property
    def _kept_derivative(self) -> ManyHidden:
        return self.exact._derivative.to(self.positions)


@dataclass(frozen=True, eq=False)
class _KeptTangent(_RoundedTangent):
    """sigma and sigma' of another tangent, both kept also where one follows from the other: for many products."""

    @property
    def _lease(self) -> Fresh | None:
        """That of no matrix, for the particles of one cloud: results are written where they belong."""
        return FRESH if self.positions.ndim == 2 and reusable(self.positions, self.phi) else None

    @cached_property
    def _overwrites(self) -> bool:
        return False
