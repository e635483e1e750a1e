"""Neurons with one mistake each, beside the law that must reject them and the claim it then makes."""

from dataclasses import dataclass

import torch
from torch import Tensor

from particles import Identity, Perceptron, Tanh
from particles.neurons.perceptron_tangent import PerceptronTangent
from tests.particles.risk.contracts import neuron


class FlippedPull(PerceptronTangent):
    """The gradient in the hidden weights with the wrong sign."""

    def pull(self, factors: Tensor, cotangents: Tensor) -> Tensor:
        """The first columns negated."""
        result = super().pull(factors, cotangents)
        result[:, : self.neuron.hidden].neg_()
        return result


class PullWithoutOutputWeight(PerceptronTangent):
    """The gradient in the hidden weights forgets the factor a."""

    def pull(self, factors: Tensor, cotangents: Tensor) -> Tensor:
        """As if every a were one."""
        equal = torch.cat([self._w, torch.ones_like(self._a)], dim=1)
        return PerceptronTangent(self.neuron, equal, self.phi).pull(factors, cotangents)


class PushOfHiddenOnly(PerceptronTangent):
    """The push forward forgets that output weights move as well."""

    def push(self, factors: Tensor, velocities: Tensor) -> Tensor:
        """The first of two terms."""
        return super().push(factors, torch.cat([velocities[:, : self.neuron.hidden], 0.0 * self._a], dim=1))


class GramOfDiagonalBlocks(PerceptronTangent):
    """The Gram matrix forgets that hidden weights couple the outputs."""

    def gram(self, weights: Tensor, other: "GramOfDiagonalBlocks", rates: tuple[float, ...] | None = None) -> Tensor:
        """Blocks c = e only."""
        k = self.neuron.outputs
        gram = super().gram(weights, other, rates)
        same = (torch.arange(len(gram))[:, None] - torch.arange(gram.shape[1])[None, :]) % k == 0
        return gram * same


class GramWithoutRates(PerceptronTangent):
    """The Gram matrix forgets that groups of coordinates have rates."""

    def gram(self, weights: Tensor, other: "GramWithoutRates", rates: tuple[float, ...] | None = None) -> Tensor:
        """As if all were one."""
        return super().gram(weights, other)


class StaleDerivative(PerceptronTangent):
    """Once the value is known, takes it for the derivative."""

    def pull(self, factors: Tensor, cotangents: Tensor) -> Tensor:
        """Right only as long as nobody asked for predictions."""
        stale = "_value" in self.__dict__
        return super().pull(factors, cotangents) * (2.0 if stale else 1.0)


class MeanOverParticles(PerceptronTangent):
    """Subtracts the mean over the particles of the tile."""

    def pair(self, cotangents: Tensor) -> Tensor:
        """Centred."""
        pairing = super().pair(cotangents)
        return pairing - pairing.mean()


class ScalesPositions(PerceptronTangent):
    """Writes into what it was given."""

    def predict(self, factors: Tensor) -> Tensor:
        """In place."""
        return super().predict(factors.mul_(1.0 + 1e-12))


@dataclass(frozen=True)
class With(Perceptron):
    """A perceptron with one of the tangents above."""

    kind: type[PerceptronTangent] = PerceptronTangent

    def tangent(self, positions: Tensor, phi: Tensor) -> PerceptronTangent:
        """Through the wrong class."""
        return self.kind(self, positions, phi)


@dataclass(frozen=True)
class Unfrozen(Perceptron):
    """Declares "hidden" and moves everything."""

    def tangent(self, positions: Tensor, phi: Tensor) -> PerceptronTangent:
        """Of a neuron that trains both."""
        return Perceptron(self.activation, self.embedding, self.outputs, "both").tangent(positions, phi)


def _with(kind: type[PerceptronTangent], outputs: int = 2) -> With:
    return With(Tanh(), Identity(3), outputs, "both", kind)


PLANTED_NEURONS = [
    (_with(FlippedPull), neuron.gradients_are_slopes_of_features, "gradients are not the slopes"),
    (_with(FlippedPull, 1), neuron.gradients_are_slopes_of_features, "gradients are not the slopes"),
    (_with(PullWithoutOutputWeight), neuron.gradients_are_slopes_of_features, "gradients are not the slopes"),
    (Unfrozen(Tanh(), Identity(3)), neuron.gradients_are_slopes_of_features, "gradients are not the slopes"),
    (_with(PushOfHiddenOnly), neuron.push_contracts_gradients, "push does not contract"),
    (_with(GramOfDiagonalBlocks), neuron.gram_contracts_gradients, "gram is not the sum of products"),
    (_with(GramWithoutRates), neuron.gram_multiplies_groups_by_their_rates, "gram does not multiply groups by"),
    (_with(StaleDerivative), neuron.order_of_questions_changes_nothing, "pull depends on whether predict was asked"),
    (_with(MeanOverParticles), neuron.particles_stand_alone, "pair mixes particles"),
    (_with(MeanOverParticles), neuron.pair_contracts_features, "pair is not the contraction"),
    (_with(ScalesPositions), neuron.nothing_given_is_written, "writes into factors"),
]
