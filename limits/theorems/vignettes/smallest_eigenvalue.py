"""The smallest eigenvalue of a deep network's tangent kernel: bounds of any network, and its order in the widths.

Layers are V_l = multiplier_l W_l, F_l the features above layer l [data, units], F_0 the inputs, and b_l(x) the gradient
of f in h_l. With one output K = sum_l rate_l multiplier_l^2 (F_(l-1) F_(l-1)^T) o (B_l B_l^T), entry by entry.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from limits.chaos import Slope
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, from_below, unchecked
from limits.theorems.comparisons import slope_within
from limits.theorems.observed import in_double
from limits.theorems.vignettes.pyramid import Pyramid
from particles import Deep, ParticleCloud, Risk
from particles.neurons.deep.backward import backward
from particles.neurons.deep.forward import ForwardPass
from particles.shapes import Gram, Scalar

SOURCE = "Nguyen, Mondelli and Montufar 2021"
BELOW = Statement("lmin(K) >= sum_l rate_l m_l^2 smin(F_(l-1))^2 min_i |b_l(x_i)|^2", f"{SOURCE}, section 4")
ABOVE = Statement("lmin(K) <= min_i K(x_i, x_i)", f"{SOURCE}, section 4")
#: Rounding of an eigenvalue, relative to the largest one.
ROUNDING = 1e-12
#: Between which slopes a proportional growth is accepted.
LEAST, MOST = 0.8, 1.2


def eigenvalue_bounds(risk: Risk, cloud: ParticleCloud, gram: Gram | None = None) -> tuple[Result, Result]:
    """sum_l rate_l m_l^2 smin(F_(l-1))^2 min_i |b_l(x_i)|^2 <= lmin(K) <= min_i K_ii, for every network of one output.

    By Schur, lmin(A o B) >= lmin(A) min_i B_ii for positive semidefinite A and B, and lmin of a sum is at least the sum
    of theirs; so is that of a cloud of networks, with s_j^2 eta_j. Layers with fewer units than data add nothing, and
    biases are left out below. `gram` is the network's own K at the risk's data, where it is known. Raises TypeError for
    neurons that are not Deep.
    """
    pyramid = Pyramid(risk)
    plain = all(len(stage.map.above) == 1 and not stage.pools for stage in pyramid.stages)
    assumptions = (
        Assumption("one output", risk.data.outputs == 1),
        Assumption("dense layers alone", plain and not pyramid.neuron.chain.first),
    )
    if fails(assumptions):
        return unchecked(BELOW, assumptions), unchecked(ABOVE, assumptions)
    double = in_double(cloud)
    kernel = (risk.at(double).gram() if gram is None else gram).double()
    values = torch.linalg.eigvalsh(kernel)
    slack = ROUNDING * values[-1]
    below = torch.stack(list(_parts(pyramid, double))).sum()
    return (
        from_below(BELOW, assumptions, below - slack, values[0]),
        from_above(ABOVE, assumptions, kernel.diagonal().min() + slack, values[0]),
    )


def _parts(pyramid: Pyramid, cloud: ParticleCloud) -> Iterator[Scalar]:
    """sum_j s_j^2 eta_j rate_l m_l^2 smin(F_(l-1))^2 min_i |b_l(x_i)|^2 of every layer."""
    stages, phi = pyramid.stages, pyramid.risk.prepared(cloud).phi
    run = ForwardPass.of(stages, cloud.positions, phi)
    scaled = pyramid.risk.network.scaled(cloud.masses)
    weights = scaled.factors.square() * scaled.mobility
    ones = cloud.positions.new_ones(cloud.count, len(phi), 1)
    for number, above in backward(stages, cloud.positions, run, ones, 0):
        group = stages[number].weights
        constant = pyramid.rate(group.name) * group.scales.multiplier**2
        least = above.square().sum(dim=2).amin(dim=1)
        yield constant * (weights @ (_squared(run.seen[number]) * least))


def _squared(features: Tensor) -> Tensor:
    """smin(F)^2 of F [particles, data, units], as the least eigenvalue of F F^T; zero for fewer units than data."""
    if features.shape[2] < features.shape[1]:
        return features.new_zeros(len(features))
    squares: Tensor = torch.linalg.eigvalsh(features @ features.mT)[:, 0].clamp_min(0.0)
    return squares


@dataclass(frozen=True)
class WidthOrder:
    """What theorem 4.1 has on both sides, without its constants: the parts of layers k = 1, ..., L.

    Part k is m_k^2 rate_k d prod_(l<L) n_l prod_(l!=k) beta_l^2 for weights m_l W_l from N(0, beta_l^2); it is
    c^(L-1) n_(k-1) where all beta_l^2 are c / n_(l-1), as in LeCun's (c = 1) and He's (c = 2) initialisation. Below
    count the layers above one of at least `data` units; above all count.
    """

    parts: tuple[float, ...]
    wide: tuple[bool, ...]

    @classmethod
    def of(cls, neuron: Deep, data: int) -> "WidthOrder":
        """Of a network's widths and its initial law."""
        scales = [stage.weights.scales for stage in neuron.stages]
        widths = [stage.map.weights[1] for stage in neuron.stages]
        variances = [(one.multiplier * one.deviation) ** 2 for one in scales]
        total = math.prod(map(float, widths)) * math.prod(variances)
        moved = [stage.weights.name in neuron.moving for stage in neuron.stages]
        parts = [
            total * one.multiplier**2 * one.rate * moves / variance
            for one, variance, moves in zip(scales, variances, moved, strict=True)
        ]
        return cls(tuple(parts), (False, *(width >= data for width in widths[1:])))

    @property
    def below(self) -> float:
        """The sum that lmin(K) is at least of the order of; zero without a wide layer, where nothing is promised."""
        return sum(part for part, wide in zip(self.parts, self.wide, strict=True) if wide)

    @property
    def above(self) -> float:
        """The sum that lmin(K) is at most of the order of."""
        return sum(self.parts)


def proportional_eigenvalue(slope: Slope, said: str) -> Result:
    """lmin(K) = Theta(max_l n_l) for LeCun's and He's initialisation: its slope in what is said is 1, by its interval.

    The theorem has constants that nobody knows, and logarithms; so slopes between 0.8 and 1.2 are taken for 1, and what
    is measured at some widths is empirical.
    """
    statement = Statement(f"{said}: lmin(K) is proportional", f"{SOURCE}, theorem 4.1", proven=False)
    return slope_within(statement, (), slope, least=LEAST, most=MOST)
