"""The tangents of several clouds of one size that are computed side by side, at inputs that all of them share."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import cast

import torch
from torch import Tensor

from particles.compute.tiles import CloudTangents, Products, Rates
from particles.neurons.protocols import MemberNeuron, Neuron, Tangent
from particles.shapes import Features, Grams, PerParticle, Positions, StackedOutputs


class MemberTiles(CloudTangents):
    """The tangents of stacked members: particles are [members particles, ...], what is summed [members data, ...].

    Sums over particles and over data run within a member. Fused kernels are taken where they take ensembles, by the
    rule for one cloud as large as all members together. A member has the same bits beside any others. Raises TypeError
    for neurons that are not linearised for several clouds at once.
    """

    def __init__(
        self, neuron: Neuron, positions: Positions, phi: Features, members: int, *, fused: bool | None = None
    ) -> None:
        if not hasattr(neuron, "member_tangent"):
            raise TypeError(
                f"{type(neuron).__name__} is not linearised for several clouds at once; evaluate them one by one."
            )
        super().__init__(neuron, positions, phi, fused=fused)
        self._members = members
        self._member_neuron = cast(MemberNeuron, neuron)

    @property
    def members(self) -> int:
        """How many there are."""
        return self._members

    def predict(self, factors: PerParticle) -> StackedOutputs:
        """sum_j factors_j g(theta_j, x_i) of every member [members data, outputs]."""
        if self.fused is not None:
            return self.fused.predict(factors)
        return self._tangent.predict(self._apart(factors)).flatten(0, 1)

    def pair(self, cotangents: StackedOutputs) -> PerParticle:
        """sum_i c_i . g(theta_j, x_i) of every member [members particles]."""
        return self._tangent.pair(self._apart(cotangents)).flatten(0, 1)

    def push(self, factors: PerParticle, velocities: Positions) -> StackedOutputs:
        """sum_j factors_j grad g_j(x_i) . v_j of every member [members data, outputs]."""
        return self._tangent.push(self._apart(factors), self._apart(velocities)).flatten(0, 1)

    def pull(self, factors: PerParticle, cotangents: StackedOutputs) -> Positions:
        """factors_j sum_i c_i . grad g_j(x_i) of every member [members particles, dim]."""
        if self.fused is not None:
            return self.fused.pull(factors, cotangents)
        return self._tangent.pull(self._apart(factors), self._apart(cotangents)).flatten(0, 1)

    def gram(
        self,
        weights: PerParticle,
        phi: Features | None = None,
        *,
        dtype: torch.dtype | None = None,
        rates: Rates = None,
    ) -> Grams:
        """sum_j weights_j grad g_j(x) . grad g_j(x') of every member [members, n k, n' k].

        Where few particles of a member have a weight, its matrix is computed by itself: no other member changes it.
        """
        products = Products(self._apart(weights), dtype, rates)
        kept = (products.weights != 0.0).sum(dim=1).tolist()
        few = [member for member, count in enumerate(kept) if 0 < 2 * count <= products.weights.shape[1]]
        if len(few) == self._members:
            return torch.cat(self._few_grams(few, products, phi))
        grams = self._gram(self._tangent, self._apart(self._positions), products, phi)
        for member, gram in zip(few, self._few_grams(few, products, phi), strict=True):
            grams[member] = gram[0]
        return grams

    def elsewhere(self, positions: Positions) -> "MemberTiles":
        """The tangents of particles at these positions, as many for each member, stacked member by member."""
        return MemberTiles(self._member_neuron, positions, self._phi, self._members)

    def _few_grams(self, few: Sequence[int], products: Products, phi: Features | None) -> list[Grams]:
        """Those of these members [1, n k, n' k], of their particles with a weight."""
        grams = []
        for member in few:
            weights = products.weights[member]
            heavy = weights.nonzero()[:, 0]
            positions = self._apart(self._positions)[member, heavy][None]
            alone = self._member_neuron.member_tangent(positions, self._phi)
            grams.append(self._gram(alone, positions, replace(products, weights=weights[heavy][None]), phi))
        return grams

    def _gram(self, rows: Tangent, positions: Tensor, products: Products, phi: Features | None) -> Grams:
        columns = rows if phi is None else self._member_neuron.member_tangent(positions, phi)
        return products.gram(rows, columns)

    @cached_property
    def _tangent(self) -> Tangent:
        return self._member_neuron.member_tangent(self._apart(self._positions), self._phi)

    def _apart(self, rows: Tensor) -> Tensor:
        """[members, rows of one, ...] of rows stacked member by member."""
        return rows.reshape(self._members, -1, *rows.shape[1:])
