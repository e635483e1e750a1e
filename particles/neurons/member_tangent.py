"""Perceptrons of several clouds at the same inputs, linearised: one product serves the members of an ensemble."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch

from particles.neurons.perceptron_tangent import PerceptronTangent
from particles.neurons.saturation import Saturated, saturated
from particles.numerics.scratch import FRESH, Fresh, reusable
from particles.numerics.weighted_gram import over_data
from particles.shapes import ManyHidden, ManyOutputs, ManyParticleOutputs, ManyPositions


@dataclass(frozen=True, eq=False)
class MemberTangent(PerceptronTangent):
    """The perceptrons of clouds of one size, positions [members, particles, dim], at inputs phi that all of them share.

    Factors are [members, particles], cotangents [members, data, outputs], Gram matrices [members, n k, n k]. A member
    has the same bits beside any others.
    """

    keeps: ClassVar[bool] = True

    @cached_property
    def _lease(self) -> Fresh | None:
        return FRESH if reusable(self.positions, self.phi) else None

    @cached_property
    def _overwritten(self) -> tuple[ManyHidden, Saturated | None]:
        activation, z = self._follows, self._z
        apart = saturated(activation, z.flatten(0, 1))
        for part in z:  # the formula may depend on all z that come together
            activation.overwrite(part)
        return z, apart

    @cached_property
    def _derivative(self) -> ManyHidden:
        return self._slope(None)

    def _summed(self, weights: ManyParticleOutputs, hidden: ManyHidden) -> ManyOutputs:
        return (weights.mT @ hidden).mT

    def _pull_hidden(self, listening: ManyParticleOutputs, cotangents: ManyOutputs, out: ManyPositions) -> None:
        if self.neuron.outputs == 1:
            torch.mul(listening, over_data(self._derivative, cotangents * self.phi), out=out)
        else:
            out.copy_((self._derivative * (listening @ cotangents.mT)) @ self.phi)
