"""The network: f(x) = sum_j s_j g(theta_j, x), and what one cloud makes of it at given inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from particles.arguments.reals import non_negative
from particles.cloud import ParticleCloud
from particles.compute.tiles import CloudTangents
from particles.neurons.groups import check_names, expanded, groups_of, number_of_each
from particles.neurons.protocols import Neuron
from particles.risk.dataset import rows_of
from particles.risk.scaling import Scaling
from particles.shapes import (
    AnyFloat,
    Features,
    Grams,
    Images,
    Inputs,
    Masses,
    PerParticle,
    PerParticleAndGroup,
    Positions,
    StackedOutputs,
    Velocity,
)


@dataclass(frozen=True)
class Network:
    """What turns a cloud into a function: a neuron and a scaling; `fused` as in `Risk`."""

    neuron: Neuron
    scaling: Scaling
    fused: bool | None = None

    @cached_property
    def groups(self) -> dict[str, slice]:
        """The neuron's groups of coordinates, by their names."""
        return groups_of(self.neuron)

    @cached_property
    def rates(self) -> tuple[float, ...] | None:
        """The rate of each group, that of the scaling times the neuron's own; None where those trained have rate one.

        Raises ValueError where the scaling names a group that the neuron does not have, or the neuron's own rates are
        not one non-negative number for each group.
        """
        given: Mapping[str, float] = getattr(self.scaling, "rates", None) or {}
        self.check_groups(given, "The rates of the scaling")
        own = getattr(self.neuron, "rates", None)
        own = (1.0,) * len(self.groups) if own is None else tuple(own)
        if len(own) != len(self.groups):
            raise ValueError(
                f"The neuron has {len(own)} rates of its own for {len(self.groups)} groups; give one for each group."
            )
        both = zip(number_of_each(given, self.groups, 1.0), own, strict=True)
        rates = tuple(rate * non_negative(one, "A neuron's own rate") for rate, one in both)
        moving = {rate for rate, name in zip(rates, self.groups, strict=True) if name in self.trained_groups}
        return None if moving <= {1.0} else rates

    @cached_property
    def trained_groups(self) -> tuple[str, ...]:
        """The groups of which training moves coordinates."""
        moves = torch.zeros(self.neuron.dim, dtype=torch.bool)
        moves[self.neuron.trained_columns] = True
        return tuple(name for name, part in self.groups.items() if bool(moves[part].any()))

    def sums(self, one: float | Mapping[str, float], other: float | Mapping[str, float]) -> float | Mapping[str, float]:
        """Two numbers added up, group by group where they are given for groups."""
        if not (isinstance(one, Mapping) or isinstance(other, Mapping)):
            return one + other
        both = zip(number_of_each(one, self.groups), number_of_each(other, self.groups), strict=True)
        return self.common(dict(zip(self.groups, (first + second for first, second in both), strict=True)))

    def common(self, numbers: float | Mapping[str, float]) -> float | Mapping[str, float]:
        """One number where those of all trained groups are the same, else the number of each group as it is given."""
        if not isinstance(numbers, Mapping):
            return numbers
        different = {numbers.get(name, 0.0) for name in self.trained_groups}
        return numbers if len(different) > 1 else max(different, default=0.0)

    def over_trained(self, numbers: float | Mapping[str, float], like: AnyFloat) -> float | AnyFloat:
        """The number of every trained coordinate [trained], in the dtype and on the device of `like`, or one for all.

        Groups that are not named have the number zero.
        """
        common = self.common(numbers)
        if not isinstance(common, Mapping):
            return common
        return expanded(number_of_each(common, self.groups), self.groups, like)[self.neuron.trained_columns]

    def squares(self, positions: Positions, numbers: float | Mapping[str, float]) -> tuple[float, PerParticle]:
        """c and v_j [particles] with c v_j = sum_q number(q) theta_jq^2 over trained coordinates q, of these numbers.

        Where all numbers are the same, c is that number and v_j a plain sum of squares.
        """
        number, squares = self.over_trained(numbers, positions), positions[:, self.neuron.trained_columns].square()
        return (1.0, squares @ number) if isinstance(number, Tensor) else (number, squares.sum(dim=1))

    def check_groups(self, numbers: object, what: str) -> None:
        """Raise ValueError where numbers are given for groups that the neuron does not have; `what` says which."""
        if isinstance(numbers, Mapping):
            check_names(numbers, self.groups, what)

    def __call__(self, cloud: ParticleCloud, inputs: Images) -> StackedOutputs:
        """f(x_i) [data, outputs] of the cloud on inputs [data, inputs], which follow the cloud's dtype and device.

        Images [data, channels, height, width] are flattened to rows.
        """
        return self.at(cloud, self.embed(cloud, rows_of(inputs))).predictions

    def embed(self, cloud: ParticleCloud, inputs: Inputs) -> Features:
        """phi(x_i) [data, features] in the cloud's dtype and on its device."""
        return self.neuron.embed(inputs).to(cloud.positions)

    def tiles(self, cloud: ParticleCloud, phi: Features) -> CloudTangents:
        """The cloud's tangents at embedded inputs."""
        return cloud.tangents(self.neuron, phi, fused=self.fused)

    def at(self, cloud: ParticleCloud, phi: Features, scaled: "Scaled | None" = None) -> "NetworkAt":
        """The network at a cloud and at embedded inputs; `scaled` is used where it belongs to the cloud's masses."""
        if scaled is None or scaled.masses is not cloud.masses:
            scaled = self.scaled(cloud.masses)
        return NetworkAt(cloud, self.tiles(cloud, phi), scaled)

    def scaled(self, masses: Masses) -> "Scaled":
        """What the scaling, and the neuron's own rates, make of masses [particles]."""
        return Scaled(self, masses)


@dataclass(frozen=True, eq=False)
class Scaled:
    """The output factors and mobilities of masses [particles]; each is computed when it is first asked for.

    Coordinate q of particle j has the mobility eta_j rate(q), with the rate of its group.
    """

    network: Network
    masses: Masses

    @cached_property
    def factors(self) -> PerParticle:
        """Output factors s_j [particles]."""
        return self.network.scaling.factor(self.masses)

    @cached_property
    def mobility(self) -> PerParticle:
        """Mobilities eta_j of the particles [particles], without the rates of groups."""
        return self.network.scaling.mobility(self.masses)

    @cached_property
    def rates(self) -> AnyFloat | None:
        """The rate of every coordinate [dim]; None where all are one."""
        rates = self.network.rates
        return None if rates is None else expanded(rates, self.network.groups, self.masses)

    @cached_property
    def mobilities(self) -> AnyFloat:
        """Mobilities eta_j rate(q) of the coordinates [particles, dim]; [particles, 1] where all rates are one."""
        return self.mobility[:, None] if self.rates is None else self.mobility[:, None] * self.rates

    def rated(self, numbers: float | Mapping[str, float]) -> float | Mapping[str, float]:
        """rate(q) number(q) of every group; one number where those of all trained groups are the same."""
        if self.network.rates is None:
            return self.network.common(numbers)
        both = zip(self.network.rates, number_of_each(numbers, self.network.groups), strict=True)
        return self.network.common(dict(zip(self.network.groups, (one * other for one, other in both), strict=True)))

    def decay(self, strength: float | Mapping[str, float]) -> AnyFloat:
        """eta_j lambda_j rate(q) strength(q) in trained coordinates q [particles, trained].

        [particles, 1] where the coordinates of a particle have the same.
        """
        number = self.network.over_trained(self.rated(strength), self.masses)
        if not isinstance(number, Tensor):
            return (number * self.mobility * self.masses)[:, None]
        return (self.mobility * self.masses)[:, None] * number

    def decay_of_groups(self, strength: float | Mapping[str, float]) -> AnyFloat:
        """The same for every group [particles, groups]."""
        each = number_of_each(self.rated(strength), self.network.groups)
        return (self.mobility * self.masses)[:, None] * self.masses.new_tensor(each)

    @cached_property
    def gain(self) -> PerParticle:
        """eta_j s_j [particles], the factor of a pull."""
        return self.mobility * self.factors


@dataclass(frozen=True, eq=False)
class NetworkAt:
    """A network at one cloud and at inputs x_i: predictions f, and products with J = d f / d theta, streamed.

    Rows of J are in the order i k + c of datum i and output c. M is the diagonal of mobilities. For a `Stacked` cloud
    every result is that of each member, and rows of data and of particles come member after member.
    """

    cloud: ParticleCloud
    tiles: CloudTangents
    scaled: Scaled

    @cached_property
    def predictions(self) -> StackedOutputs:
        """f(x_i) [data, outputs]."""
        return self.tiles.predict(self.scaled.factors)

    def push(self, velocities: Velocity) -> StackedOutputs:
        """J v = sum_j s_j grad g_j(x_i) . v_j [data, outputs]."""
        return self.tiles.push(self.scaled.factors, velocities)

    def pull(self, cotangents: StackedOutputs) -> Velocity:
        """M J^T c = eta_j s_j rate(q) sum_i c_i . grad g_j(x_i) [particles, dim]."""
        pulled = self.tiles.pull(self.scaled.gain, cotangents)
        return pulled if self.scaled.rates is None else pulled.mul_(self.scaled.rates)

    def transposed(self, cotangents: StackedOutputs) -> Positions:
        """J^T c = s_j sum_i c_i . grad g_j(x_i) [particles, dim]."""
        return self.tiles.pull(self.scaled.factors, cotangents)

    def gram(
        self,
        weights: PerParticle | PerParticleAndGroup | None = None,
        phi: Features | None = None,
        dtype: torch.dtype | None = None,
    ) -> Grams:
        """J W J'^T [n k, n' k] with W the mobilities, and J' at other embedded inputs; J' is J where there are none.

        Other weights w_j [particles], or those of every group [particles, groups], take the place of the mobilities
        eta_j of the particles; the rates of groups stay. With a `dtype` products are computed in it.
        """
        weights = self.scaled.mobility if weights is None else weights
        squares, rates = self.scaled.factors.square(), self.scaled.network.rates
        if weights.ndim == 1:
            return self.tiles.gram(weights * squares, phi, dtype=dtype, rates=rates)
        each = rates or (1.0,) * weights.shape[1]
        total: Grams | None = None
        for group, name in enumerate(self.scaled.network.groups):
            if name in self.scaled.network.trained_groups and each[group] != 0.0:
                alone = tuple(rate if other == group else 0.0 for other, rate in enumerate(each))
                part = self.tiles.gram(weights[:, group] * squares, phi, dtype=dtype, rates=alone)
                total = part if total is None else total.add_(part)
        return self.tiles.gram(torch.zeros_like(squares), phi, dtype=dtype) if total is None else total
