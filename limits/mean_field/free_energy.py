"""The free energy of a measure on parameter space and its first variation; noisy mean-field training descends it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor

from limits.mean_field.density import Density
from limits.mean_field.entropy import Estimate, entropy
from particles import Dataset, MeanField, ParticleCloud, Risk
from particles.arguments.reals import non_negative
from particles.neurons.groups import number_of_each, one_or_per_group
from particles.shapes import Masses, Outputs, PerParticle, Positions

PlaceFeatures = Float[Tensor, "places responses"]
PerTrained = Float[Tensor, " trained"]


@dataclass(frozen=True)
class FreeEnergy:
    """F(rho) = R(rho) + (confinement / 2) int |theta|^2 d rho + T int rho log rho, |theta| over trained coordinates.

    Its Wasserstein gradient flow is d_t rho = div(rho grad g[rho]) + T lap rho, with g the first variation without the
    entropy. It is the limit of many particles under `LangevinFlow(risk, T, confinement)` with the default pairing, for
    any masses whose largest one vanishes (Mei, Montanari and Nguyen 2018). T = 0 is gradient flow. With a confinement
    for every group of coordinates the second term is (1/2) int sum_q confinement(q) theta_q^2 d rho. Rates of groups
    are no part of F: they multiply the coordinates of its gradient.
    Raises TypeError for a scaling other than `MeanField`, ValueError for a negative temperature or confinement, and for
    temperatures of groups that differ, with which no free energy descends.
    """

    risk: Risk
    temperature: float | Mapping[str, float] = 0.0
    confinement: float | Mapping[str, float] = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.risk.scaling, MeanField):
            raise TypeError(
                f"Mean-field laws are limits under MeanField(), but the scaling is {self.risk.scaling!r}; a risk with "
                "MeanField() is needed."
            )
        network = self.risk.network
        for name in ("temperature", "confinement"):
            value = one_or_per_group(getattr(self, name), f"The {name}", non_negative)
            network.check_groups(value, f"The {name}s")
            object.__setattr__(self, name, value)
        each = dict(zip(network.groups, number_of_each(self.temperature, network.groups), strict=True))
        if len({each[name] for name in network.trained_groups}) > 1:
            raise ValueError(
                f"The temperatures of the groups are {self.temperature!r}, but a free energy has one temperature; give "
                "one for all trained groups."
            )
        object.__setattr__(self, "temperature", network.common(self.temperature))

    @property
    def heat(self) -> float:
        """T, the temperature of all trained coordinates."""
        return cast(float, self.temperature)

    @property
    def columns(self) -> slice | Tensor:
        """The columns of the trained coordinates in positions [particles, dim]."""
        return self.risk.network.neuron.trained_columns

    @property
    def moving(self) -> list[int]:
        """The numbers of the trained coordinates."""
        found: list[int] = torch.arange(self.risk.network.neuron.dim)[self.columns].tolist()
        return found

    @property
    def strength(self) -> float | Mapping[str, float]:
        """Sum of the confinement and the L2 strength of the risk; that of every group where they differ."""
        return self.risk.network.sums(self.confinement, self.risk.strength)

    def potential(self, cloud: ParticleCloud, places: Positions | None = None) -> PerParticle:
        """The first variation of F without entropy: sum_i p_i r_i . g(theta, x_i) + (strength / 2) |theta|^2.

        Here r_i is loss'(f(x_i), y_i) and g(theta, x) the neuron's output. The result is [places], at places
        [places, dim] or, where these are left out, at the cloud's own positions.
        """
        where = cloud.positions if places is None else places.to(cloud.positions)
        confinement, squares = self.risk.network.squares(where, self.confinement)
        return self.risk.potential(cloud, where) + 0.5 * confinement * squares

    def energy(self, cloud: ParticleCloud) -> float:
        """R + (confinement / 2) sum_j lambda_j |theta_j|^2 of a cloud: F without its entropy."""
        confinement, squares = self.risk.network.squares(cloud.positions, self.confinement)
        return float(self.risk(cloud) + 0.5 * confinement * (cloud.masses @ squares))

    def __call__(self, density: Density) -> float:
        """F of a density on a grid; along an axis of atoms the entropy is a sum over them."""
        return self.energy(density.cloud) - self.heat * density.entropy

    def estimated(self, cloud: ParticleCloud, neighbours: int = 4) -> Estimate:
        """F of the measure that a cloud's particles are drawn from, with the entropy of `entropy(cloud, neighbours)`.

        The errors are T times those of the entropy. Near a stationary measure they are too large: F is flat there, and
        R, computed from the same particles, cancels most of the entropy's error. Raises ValueError where coordinates
        are frozen, since such a measure has no density, and where `entropy` does.
        """
        if len(self.moving) < cloud.dim:
            raise ValueError("Some coordinates are frozen, so the cloud has no density; train all of them.")
        found = entropy(cloud, neighbours)
        t = self.heat
        return Estimate(self.energy(cloud) - t * found.value, t * found.standard_error, t * found.bias)

    def virial(self, cloud: ParticleCloud) -> PerTrained:
        """sum_j lambda_j theta_jc d_c g(theta_j) - T for each trained coordinate c [trained].

        It is zero for a stationary law, so it tests stationarity in any dimension without a grid.
        """
        plain = self.risk if self.risk.network.rates is None else replace(self.risk, scaling=MeanField())
        confinement = plain.network.over_trained(self.confinement, cloud.positions)
        confined = torch.zeros_like(cloud.positions)
        confined[:, self.columns] = confinement * cloud.positions[:, self.columns]
        pulled = -(cloud.positions * (plain.velocity(cloud) - confined))[:, self.columns]
        return cloud.masses @ pulled - self.heat


@dataclass(frozen=True, eq=False)
class Landscape:
    """The potentials of measures at fixed places [places, dim]; the features at the data are computed only once."""

    energy: FreeEnergy
    places: Positions

    @cached_property
    def data(self) -> Dataset:
        """The data in float64."""
        return self.energy.risk.data.to(dtype=torch.float64)

    @cached_property
    def features(self) -> PlaceFeatures:
        """g(theta, x_i)_c at every place [places, n k], column index i k + c; raises ValueError where not finite."""
        risk = self.energy.risk
        phi = risk.network.neuron.embed(risk.data.inputs).to(self.places)
        values = risk.network.neuron.tangent(self.places, phi).features().flatten(1)
        if not bool(torch.isfinite(values).all()):
            raise ValueError("The neuron's feature is not finite somewhere on the grid; shrink the grid or mend it.")
        return values

    @cached_property
    def confining(self) -> PerParticle:
        """(strength / 2) |theta|^2 over trained coordinates [places]."""
        strength, squares = self.energy.risk.network.squares(self.places, self.energy.strength)
        return 0.5 * strength * squares

    def predictions(self, masses: Masses) -> Outputs:
        """f(x_i) = sum_places mass g(theta, x_i) [data, outputs]."""
        return (masses @ self.features).reshape(self.data.targets.shape)

    def potential(self, predictions: Outputs) -> PerParticle:
        """g(theta) = sum_i p_i loss'(f_i, y_i) . g(theta, x_i) + (strength / 2) |theta|^2 [places]."""
        data = self.data
        cotangents = data.weights[:, None] * self.energy.risk.loss.residual(predictions, data.targets)
        return self.features @ cotangents.reshape(-1) + self.confining
