"""Perceptrons of several clouds at the same inputs, linearised: one matrix product serves the members of an ensemble.

Particles are stacked member by member [members particles, ...], and so are data [members data, ...]; sums over
particles and over data run within a member.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from particles.neurons.autonomous import Autonomous
from particles.neurons.perceptron import Perceptron
from particles.neurons.saturation import Saturated, saturated
from particles.numerics.weighted_gram import MIRRORED
from particles.shapes import Features, Outputs, ParticleOutputs, PerParticle, Positions

MemberHidden = Float[Tensor, "members each inputs"]
MemberGrams = Float[Tensor, "members rows columns"]


@dataclass(frozen=True, eq=False)
class MemberTangents:
    """The perceptrons of `members` clouds of one size at embedded inputs phi [data, features] that all share.

    Formulas are those of `Perceptron.tangent` for every member. sigma and sigma' are computed once, when first needed,
    and kept.
    """

    neuron: Perceptron
    positions: Positions
    phi: Features
    members: int

    @cached_property
    def _value(self) -> MemberHidden:
        activation, z = self.neuron.activation, self._by_member(self._z)
        if not isinstance(activation, Autonomous) or not z.is_cpu:
            return activation.value(z)
        self.__dict__["_apart"] = saturated(activation, self._z)
        for part in z:  # the formula may depend on all z that come together
            activation.overwrite(part)
        return z

    @cached_property
    def _derivative(self) -> MemberHidden:
        activation, value = self.neuron.activation, self._value
        if not isinstance(activation, Autonomous) or not value.is_cpu:
            return activation.derivative(self._by_member(self._z), value)
        slopes = activation.derivative_at(value)
        if self._apart is not None:
            self._apart.corrected(slopes.reshape(self._z.shape))
        return slopes

    @cached_property
    def _apart(self) -> Saturated | None:
        """Rows whose sigma' does not follow from sigma, found before sigma is written over z."""
        return None

    @cached_property
    def _z(self) -> ParticleOutputs:
        return self.positions[:, : self.neuron.hidden] @ self.phi.T

    @property
    def _a(self) -> ParticleOutputs:
        return self.positions[:, self.neuron.hidden :]

    @property
    def _moves_hidden(self) -> bool:
        return self.neuron.trained != "output"

    @property
    def _moves_output(self) -> bool:
        return self.neuron.trained != "hidden"

    def _by_member(self, rows: Tensor) -> Tensor:
        """[members, rows of one, ...] of rows stacked member by member."""
        return rows.reshape(self.members, rows.shape[0] // self.members, *rows.shape[1:])

    def predict(self, factors: PerParticle) -> Outputs:
        """sum_j factors_j a_j sigma(w_j . phi(x_i))."""
        return self._summed(factors[:, None] * self._a, self._value)

    def _summed(self, weights: ParticleOutputs, hidden: MemberHidden) -> Outputs:
        """sum_j weights_jc hidden_ji over the particles of each member [members data, outputs]."""
        sums = self._by_member(weights).mT @ hidden
        return sums.mT.reshape(-1, weights.shape[1])

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """factors_j times, in w_j, sum_i (c_i . a_j) sigma'(w_j . phi(x_i)) phi(x_i); in a_j, sum_i c_i sigma(...)."""
        result, split = torch.zeros_like(self.positions), self.neuron.hidden
        listened = self._by_member(cotangents)
        if self._moves_hidden:
            result[:, :split] = self._pull_hidden(factors[:, None] * self._a, listened)
        if self._moves_output:
            result[:, split:] = factors[:, None] * (self._value @ listened).flatten(0, 1)
        return result

    def _pull_hidden(self, listening: ParticleOutputs, cotangents: Tensor) -> Positions:
        if self.neuron.outputs == 1:
            return listening * (self._derivative @ (cotangents * self.phi)).flatten(0, 1)
        return (self._derivative * (self._by_member(listening) @ cotangents.mT)).flatten(0, 1) @ self.phi

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """sum_j factors_j [a_j sigma'(w_j . phi(x_i)) v^w_j . phi(x_i) + v^a_j sigma(w_j . phi(x_i))]."""
        result = self.phi.new_zeros(self.members * self.phi.shape[0], self.neuron.outputs)
        if self._moves_hidden:
            result = self._push_hidden(factors[:, None] * self._a, velocities[:, : self.neuron.hidden])
        if self._moves_output:
            result = result + self._summed(factors[:, None] * velocities[:, self.neuron.hidden :], self._value)
        return result

    def _push_hidden(self, speaking: ParticleOutputs, velocities: Positions) -> Outputs:
        if self.neuron.outputs == 1:
            carried = self._derivative.mT @ self._by_member(speaking * velocities)
            return (self.phi * carried).sum(dim=2).reshape(-1, 1)
        return self._summed(speaking, self._derivative * self._by_member(velocities @ self.phi.T))

    def gram(self, weights: PerParticle, dtype: torch.dtype | None = None) -> MemberGrams:
        """sum_j weights_j [a_jc a_je (phi . phi') sigma' sigma'  +  1{c = e} sigma sigma] of each member, row i k + c.

        Returns [members, n k, n k]; with a `dtype` the products are computed in it. Where few particles of a member
        have a weight, the others cost nothing, and its matrix is computed by itself: no other member changes it.
        """
        by_member, size = self._by_member(weights), self.phi.shape[0] * self.neuron.outputs
        kept = (by_member != 0.0).sum(dim=1).tolist()
        few = [member for member, count in enumerate(kept) if 0 < 2 * count <= by_member.shape[1]]
        result = self._grams(weights, dtype) if len(few) < self.members else weights.new_empty(self.members, size, size)
        for member in few:
            heavy = by_member[member].nonzero()[:, 0]
            positions = self._by_member(self.positions)[member, heavy]
            alone = MemberTangents(self.neuron, positions, self.phi, 1)
            result[member] = alone._grams(by_member[member, heavy], dtype)[0]
        return result

    def _grams(self, weights: PerParticle, dtype: torch.dtype | None) -> MemberGrams:
        """All of them in one batch."""
        k, n, exact = self.neuron.outputs, self.phi.shape[0], self.phi.dtype
        weights, a, phi = (tensor.to(dtype or exact) for tensor in (weights, self._a, self.phi))
        features = _products(self._by_member(weights[:, None]), self._value.to(phi)) if self._moves_output else None
        hidden = self._derivative.to(phi) if self._moves_hidden else None
        overlap, none = phi @ phi.T, phi.new_zeros(())

        def block(c: int, e: int) -> Tensor:
            same = features if c == e and features is not None else none
            if hidden is None:
                return same.expand(self.members, n, n)
            factor = self._by_member((weights * a[:, c] * a[:, e])[:, None])
            return _products(factor, hidden).mul_(overlap).add_(same)

        if k == 1:
            return block(0, 0).to(exact)
        blocks = self.phi.new_empty(self.members, n, k, n, k)
        for c in range(k):
            for e in range(k):
                blocks[:, :, c, :, e] = block(c, e)
        return blocks.reshape(self.members, n * k, n * k)


def _products(factor: Tensor, hidden: MemberHidden) -> MemberGrams:
    """sum_j factor_j hidden_ji hidden_jl [members, data, data], half of it computed and mirrored where it is large."""
    weighted = factor * hidden
    if hidden.shape[2] < 2 * MIRRORED:
        return weighted.mT @ hidden
    result = hidden.new_empty(hidden.shape[0], hidden.shape[2], hidden.shape[2])
    for first in range(0, hidden.shape[2], MIRRORED):
        part, rest = slice(first, first + MIRRORED), slice(first + MIRRORED, None)
        result[:, part, first:] = weighted[:, :, part].mT @ hidden[:, :, first:]
        result[:, rest, part] = result[:, part, rest].mT
    return result
