"""A deep network with one wide layer followed by a pyramid: its gradient is at least so large as its residual says.

A layer l has V_l = multiplier W_l, F_l = sigma(V_l F_(l-1) + bias) [units] at every datum, and the wide one, w, has as
many units as there are data or more. Above it widths do not grow. smin(F_w) is the root of the least eigenvalue of the
Gram matrix F_w F_w^T [data, data], smin(V_l) that of V_l V_l^T.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from limits.theorems.base import Assumption, Result, Statement, fails, from_below, unchecked
from limits.theorems.feature_learning.active_region import least_slope
from limits.theorems.observed import in_double
from particles import Deep, ParticleCloud, Risk, Squared
from particles.neurons.deep.forward import ForwardPass, weights_of
from particles.neurons.deep.stages import Stage
from particles.risk.network import Scaled
from particles.shapes import PerParticle, Scalar

#: One number for the wide layer, and one for each layer that is at least two above it.
Singular = Float[Tensor, "particles factors"]

SOURCE = "Nguyen and Mondelli 2020"
GRADIENT = Statement(
    "|grad_(W_(w+1)) R| >= s m smin(F_w) gamma_(w+1) ... gamma_(L-1) smin(V_(w+2)) ... smin(V_L) |P r|",
    f"{SOURCE}, lemma 4.1",
)


@dataclass(frozen=True, eq=False)
class Pyramid:
    """The risk of a `Deep` network whose layer number `wide` is the wide one; layers are counted from 1.

    Raises TypeError for other neurons, ValueError for a number that is not that of a hidden layer.
    """

    risk: Risk
    wide: int = 1

    def __post_init__(self) -> None:
        hidden = len(self.stages) - 1
        if not 1 <= self.wide <= hidden:
            raise ValueError(
                f"The wide layer has number {self.wide!r}, but hidden layers have 1 to {hidden}; give one of these."
            )

    @property
    def neuron(self) -> Deep:
        """The neuron of the risk."""
        neuron = self.risk.neuron
        if not isinstance(neuron, Deep):
            raise TypeError(f"Pyramids are Deep networks, but the neuron is a {type(neuron).__name__}; give a Deep.")
        return neuron

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The layers from the first to the readout."""
        return self.neuron.stages

    @property
    def above(self) -> Stage:
        """The layer on top of the wide one, in whose weights the gradient is."""
        return self.stages[self.wide]

    @cached_property
    def slopes(self) -> tuple[float, ...]:
        """gamma_l = inf |sigma'| of the hidden layers above the wide one."""
        found = (stage.activation for stage in self.stages[self.wide : -1])
        return tuple(least_slope(activation) for activation in found if activation is not None)

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """Everything but that some singular value is not zero."""
        widths = [stage.map.above[0] for stage in self.stages]
        plain = all(len(stage.map.above) == 1 and not stage.pools for stage in self.stages)
        units, upper, data = widths[self.wide - 1], widths[self.wide :], self.risk.data.count
        pyramidal = all(later <= sooner for sooner, later in pairwise(upper))
        return (
            Assumption("squared loss", isinstance(self.risk.loss, Squared)),
            Assumption("no regulariser", self.risk.strength == 0.0),
            Assumption("dense layers alone", plain and not self.neuron.chain.first),
            Assumption(f"{self.above.weights.name} is trained", self.above.weights.name in self.neuron.moving),
            Assumption(f"as many units in layer {self.wide} as data ({units} and {data})", units >= data),
            Assumption(f"widths that do not grow above it ({upper})", pyramidal),
            Assumption("|sigma'| >= gamma > 0 above the wide layer", min(self.slopes, default=1.0) > 0.0),
        )

    def rate(self, group: str) -> float:
        """How fast a group of coordinates moves, relative to its particle; zero where it is not trained."""
        rates, names = self.risk.network.rates, list(self.risk.network.groups)
        if group not in self.neuron.moving:
            return 0.0
        return 1.0 if rates is None else rates[names.index(group)]

    def at(self, cloud: ParticleCloud) -> "PyramidAt":
        """The pyramid at a cloud, in float64."""
        return PyramidAt(self, in_double(cloud))


@dataclass(frozen=True, eq=False)
class PyramidAt:
    """A pyramid at one cloud; each particle is a network."""

    pyramid: Pyramid
    cloud: ParticleCloud

    @cached_property
    def layers(self) -> ForwardPass:
        """What every layer sees."""
        at = self.pyramid.risk.prepared(self.cloud)
        return ForwardPass.of(self.pyramid.stages, self.cloud.positions, at.phi)

    def features(self, layer: int) -> Float[Tensor, "_ data units"]:
        """F_l of every particle; F_0 are the inputs, the same for all."""
        return self.layers.seen[layer].flatten(2)

    def weights(self, layer: int) -> Float[Tensor, "particles units inputs"]:
        """V_l, l from 1."""
        stage = self.pyramid.stages[layer - 1]
        return stage.weights.scales.multiplier * weights_of(stage, self.cloud.positions)

    @cached_property
    def singular(self) -> Singular:
        """smin(F_w), then smin(V_l) for l = w + 2, ..., L."""
        wide, count = self.pyramid.wide, len(self.pyramid.stages)
        matrices = [self.features(wide), *(self.weights(layer) for layer in range(wide + 2, count + 1))]
        return torch.stack([_least(matrix) for matrix in matrices], dim=1)

    @cached_property
    def scaled(self) -> Scaled:
        """Output factors and mobilities."""
        return self.pyramid.risk.network.scaled(self.cloud.masses)

    def steepness(self, singular: Singular | None = None) -> PerParticle:
        """c_j, so that |grad_(W_(w+1)) R| >= c_j |P r|; of other singular values than those here where given."""
        pyramid = self.pyramid
        values = self.singular if singular is None else singular
        constant = pyramid.above.weights.scales.multiplier * math.prod(pyramid.slopes)
        found: PerParticle = constant * self.scaled.factors * values.prod(dim=1)
        return found

    def rate(self, singular: Singular | None = None) -> Scalar:
        """2 min_i p_i sum_j eta_j rate c_j^2: along gradient flow R' <= -rate R."""
        pyramid = self.pyramid
        speeds = self.scaled.mobility * pyramid.rate(pyramid.above.weights.name)
        least = pyramid.risk.data.weights.double().min()
        found: Scalar = 2.0 * least * (speeds @ self.steepness(singular).square())
        return found


def pyramid_gradient(risk: Risk, cloud: ParticleCloud, wide: int = 1) -> Result:
    """|grad_(W_(w+1)) R| >= s m_(w+1) smin(F_w) prod_(l=w+1..L-1) gamma_l prod_(l=w+2..L) smin(V_l) |P r|.

    A weak Polyak-Lojasiewicz inequality, of every particle of the cloud. The cotangents of layer l - 1 are those of
    layer l times V_l, then times sigma'. As V_l has no more rows than columns, the first step keeps at least smin(V_l)
    of their norm, and the second gamma_(l-1); the last product, with F_w^T, keeps smin(F_w). P are the weights of the
    data, m the multiplier of W_(w+1), s the particle's output factor; with P = 1/n, s = m = 1 it is |F_w^T ...| / n.
    Raises what `Pyramid` raises.
    """
    pyramid = Pyramid(risk, wide)
    assumptions = pyramid.assumptions
    if fails(assumptions):
        return unchecked(GRADIENT, assumptions)
    at = pyramid.at(cloud)
    seen = risk.linearised.at(at.cloud)
    gradient = seen.seen.transposed(seen.cotangents)[:, pyramid.above.weights.columns]
    bound = at.steepness() * torch.linalg.vector_norm(seen.cotangents)
    return from_below(GRADIENT, assumptions, bound, torch.linalg.vector_norm(gradient, dim=1))


def _least(matrices: Float[Tensor, "_ rows columns"]) -> PerParticle:
    """The least singular value of rows [rows, columns], zero where there are more of them than columns."""
    rows, columns = matrices.shape[1:]
    if rows > columns:
        return matrices.new_zeros(len(matrices))
    values: PerParticle = torch.linalg.svdvals(matrices)[:, rows - 1]
    return values
