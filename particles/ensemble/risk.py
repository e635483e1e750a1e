"""The risk of an ensemble: networks side by side, R = sum_e R_e, as a function of all their particles at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from particles.arguments.display import line
from particles.cloud import ParticleCloud
from particles.errors import ShapeError
from particles.neurons.protocols import MemberNeuron
from particles.risk.dataset import Dataset, Prepared
from particles.risk.risk import Risk
from particles.risk.scaling import Scaling
from particles.shapes import PerParticle


@dataclass(frozen=True)
class MemberScalings:
    """One scaling for each member, applied to masses that are stacked member by member."""

    scalings: tuple[Scaling, ...]

    @property
    def rates(self) -> Mapping[str, float] | None:
        """The rates of groups of coordinates, which all of them share."""
        return getattr(self.scalings[0], "rates", None)

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

    Members do not interact, so one evaluation gives the predictions [members data, outputs], potentials [members
    particles] and velocities [members particles, dim] of all. Members may differ in their scaling, targets and data
    weights; they share neuron, inputs, loss and regulariser. Every result agrees with that of the member's own risk to
    rounding.
    """

    risks: tuple[Risk, ...] = ()

    @classmethod
    def of(cls, risks: Sequence[Risk]) -> Self:
        """The risk of an ensemble whose members have these risks, in order; members may share an object.

        Raises TypeError for a neuron that has no tangent of several clouds (`MemberNeuron`), ValueError where risks
        differ in what members share, ShapeError where their inputs differ.
        """
        first = risks[0]
        if not isinstance(first.neuron, MemberNeuron):
            raise TypeError(
                f"Ensembles are evaluated in the closed form of Perceptron, Deep or Bump, but the neuron is "
                f"{type(first.neuron).__name__}; evolve the members one by one."
            )
        for e, risk in enumerate(risks):
            if risk is not first:
                _check_alike(e, risk, first)
        scalings = tuple(risk.scaling for risk in risks)
        shared = all(scaling == first.scaling for scaling in scalings)
        scaling = first.scaling if shared else MemberScalings(scalings)
        return cls(first.neuron, scaling, first.loss, first.data, first.regulariser, first.fused, tuple(risks))

    def on(self, data: Dataset) -> Self:
        """The members' risks on other data, the same for all of them; members that share a risk go on sharing one."""
        made = {id(risk): risk.on(data) for risk in {id(risk): risk for risk in self.risks}.values()}
        return self.of([made[id(risk)] for risk in self.risks])

    def _prepare(self, cloud: ParticleCloud) -> Prepared:
        """The embedded inputs that members share [data, features], and targets and weights of all of them, stacked."""
        parts = [risk.prepared(cloud) for risk in self.risks]
        targets = torch.cat([part.targets for part in parts])
        return Prepared(parts[0].phi, targets, torch.cat([part.weights for part in parts]))


def _check_alike(number: int, risk: Risk, first: Risk) -> None:
    for part in ("neuron", "loss", "regulariser"):
        if getattr(risk, part) != getattr(first, part):
            raise ValueError(
                f"The risk of member {number} has {part} {line(getattr(risk, part))}, but that of member 0 has "
                f"{line(getattr(first, part))}; members may differ in scaling, targets and data weights only."
            )
    if risk.network.rates != first.network.rates:
        raise ValueError(
            f"The risk of member {number} has scaling {line(risk.scaling)}, but that of member 0 "
            f"{line(first.scaling)}; scalings may differ, but not in the rates of groups."
        )
    inputs, shared = risk.data.inputs, first.data.inputs
    if inputs is not shared and not (inputs.shape == shared.shape and torch.equal(inputs, shared)):
        raise ShapeError(
            f"The inputs of member {number} differ from those of member 0; members share inputs, and may differ in "
            "targets and data weights."
        )
