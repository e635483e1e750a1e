"""The risk of an ensemble: networks side by side, R = sum_e R_e, as a function of all their particles at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from particles.cloud import ParticleCloud
from particles.compute.backend_choice import Fused, fused_for
from particles.compute.tiles import kept_and_large
from particles.ensemble.tangent import MemberTangents
from particles.errors import ShapeError
from particles.neurons.perceptron import Perceptron
from particles.risk.dataset import Prepared
from particles.risk.risk import Risk, RiskAt
from particles.risk.scaling import Scaling
from particles.shapes import Features, Grams, Outputs, PerParticle, Velocity


@dataclass(frozen=True)
class MemberScalings:
    """Every member's own scaling, of masses that are stacked member by member."""

    scalings: tuple[Scaling, ...]

    def factor(self, masses: PerParticle) -> PerParticle:
        """Output factors s_j [members particles]."""
        return torch.cat([scaling.factor(part) for scaling, part in self._pairs(masses)])

    def mobility(self, masses: PerParticle) -> PerParticle:
        """Mobilities eta_j [members particles]."""
        return torch.cat([scaling.mobility(part) for scaling, part in self._pairs(masses)])

    def _pairs(self, masses: PerParticle) -> list[tuple[Scaling, Tensor]]:
        parts = masses.reshape(len(self.scalings), -1).unbind()
        return list(zip(self.scalings, parts, strict=True))


@dataclass(frozen=True, eq=False)
class EnsembleRisk(Risk):
    """R = sum_e R_e(cloud_e), a function of a `Stacked` cloud.

    No member hears of another, so one evaluation gives the predictions [members data, outputs] and velocities
    [members particles, dim] of all. Members may differ in their scaling, targets and data weights; neuron, inputs, loss
    and regulariser are shared. What it computes of each member is what the member's own risk computes, to rounding.
    """

    risks: tuple[Risk, ...] = ()

    @classmethod
    def of(cls, risks: Sequence[Risk]) -> Self:
        """Of the members' risks, in order; the same object as often as members share it.

        Raises TypeError for a neuron that is not a Perceptron, ValueError where risks differ in what is shared.
        """
        first = risks[0]
        if not isinstance(first.neuron, Perceptron):
            raise TypeError(
                f"Ensembles are evaluated in the closed form of Perceptron, but the neuron is "
                f"{type(first.neuron).__name__}; evolve the members one by one."
            )
        for e, risk in enumerate(risks):
            _check_alike(e, risk, first)
        scalings = tuple(risk.scaling for risk in risks)
        shared = all(scaling == first.scaling for scaling in scalings)
        scaling = first.scaling if shared else MemberScalings(scalings)
        return cls(first.neuron, scaling, first.loss, first.data, first.regulariser, first.fused, tuple(risks))

    def at(self, cloud: ParticleCloud) -> "EnsembleRiskAt":
        """This risk at one stacked cloud."""
        return EnsembleRiskAt(self, cloud)

    def prepared(self, cloud: ParticleCloud) -> Prepared:
        """Embedded inputs, targets and weights of all members, stacked."""
        key = (cloud.dtype, cloud.device)
        if key not in self._memo:
            parts = [risk.prepared(cloud) for risk in self.risks]
            self._memo[key] = Prepared(
                torch.cat([part.phi for part in parts]),
                torch.cat([part.targets for part in parts]),
                torch.cat([part.weights for part in parts]),
            )
        return self._memo[key]


@dataclass(frozen=True, eq=False)
class EnsembleRiskAt(RiskAt):
    """The risks of all members at their clouds. Residuals, cotangents and velocities follow as for one cloud.

    Predictions and velocities go through fused kernels where those take ensembles, by the rule for one cloud as large
    as all members together; a member then has the same bits beside any others.
    """

    risk: EnsembleRisk

    @property
    def members(self) -> int:
        """How many there are."""
        return len(self.risk.risks)

    @cached_property
    def fused(self) -> Fused | None:
        """The members' perceptrons as the kernels evaluate them, or None where plain torch is to be taken."""
        positions, entries = self.cloud.positions, self.cloud.count * self.data.targets.numel() // self.members
        keeps, large = kept_and_large(entries, positions.numel(), on_cpu=positions.is_cpu)
        wanted = False if self.risk.fused is None and not large else self.risk.fused
        return fused_for(self._neuron, positions, self._phi, wanted, keeps, self.members)

    @cached_property
    def tangents(self) -> MemberTangents:
        """The members' perceptrons, linearised at the inputs they share."""
        return MemberTangents(self._neuron, self.cloud.positions, self._phi, self.members)

    @property
    def _neuron(self) -> Perceptron:
        if not isinstance(self.risk.neuron, Perceptron):
            raise TypeError(f"Ensembles need a Perceptron, but the neuron is {type(self.risk.neuron).__name__}.")
        return self.risk.neuron

    @property
    def _phi(self) -> Features:
        return self.data.phi[: self.data.phi.shape[0] // self.members]

    @cached_property
    def predictions(self) -> Outputs:
        """f(x_i) [members data, outputs]."""
        return (self.fused or self.tangents).predict(self.factors)

    def push(self, velocities: Velocity) -> Outputs:
        """J v of every member [members data, outputs]."""
        return self.tangents.push(self.factors, velocities)

    def pull(self, cotangents: Outputs) -> Velocity:
        """M J^T c of every member [members particles, dim]."""
        return (self.fused or self.tangents).pull(self.risk.scaled(self.cloud).gain, cotangents)

    def gram(self, weights: PerParticle | None = None, dtype: torch.dtype | None = None) -> Grams:
        """J W J^T of every member [members, n k, n k], the blocks of a block-diagonal matrix."""
        weights = self.mobility if weights is None else weights
        return self.tangents.gram(weights * self.factors.square(), dtype=dtype)


def _check_alike(number: int, risk: Risk, first: Risk) -> None:
    for part in ("neuron", "loss", "regulariser"):
        if getattr(risk, part) != getattr(first, part):
            raise ValueError(
                f"The risk of member {number} has {part} {getattr(risk, part)!r}, but that of member 0 has "
                f"{getattr(first, part)!r}; members may differ in scaling, targets and data weights only."
            )
    inputs, shared = risk.data.inputs, first.data.inputs
    if inputs is not shared and not (inputs.shape == shared.shape and torch.equal(inputs, shared)):
        raise ShapeError(
            f"The inputs of member {number} differ from those of member 0; members share inputs, and may differ in "
            "targets and data weights."
        )
