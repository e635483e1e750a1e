"""The start of a pyramid: how far training may move its layers, beside what leaves half of their singular values."""

import math
from dataclasses import dataclass, replace
from typing import Self

import torch

from limits.theorems.base import Assumption
from limits.theorems.vignettes.pyramid import Pyramid
from particles import ParticleCloud, Risk
from particles.shapes import Scalar


@dataclass(frozen=True)
class PyramidStart:
    """The numbers of a network at its start on which the condition of convergence depends; the first layer is wide.

    `sizes` are |V_l|, `singular` are smin(F_1), smin(V_3), ..., smin(V_L), `alpha` is alpha_0, the rate of
    `pyramid_rate`. `inputs` is |X|, `steep` the Lipschitz constant of the first layer. `pushes` c_l are such that V_l
    goes a way of at most c_l prod_(k!=l) |V_k| / alpha_0.
    """

    sizes: tuple[float, ...]
    singular: tuple[float, ...]
    alpha: float
    inputs: float
    steep: float
    pushes: tuple[float, ...]

    @classmethod
    def of(cls, risk: Risk, cloud: ParticleCloud) -> Self:
        """Of a cloud of one network. Raises what `Pyramid` raises, and ValueError for more than one network."""
        pyramid = Pyramid(risk)
        if cloud.count != 1:
            raise ValueError(f"The cloud has {cloud.count} networks; ask about one at a time.")
        at, stages = pyramid.at(cloud), pyramid.stages
        x, activation = at.features(0)[0], stages[0].activation
        lipschitz = math.prod(stage.activation.lipschitz for stage in stages if stage.activation is not None)
        speed = float(at.scaled.factors[0] * at.scaled.mobility[0] * x.norm()) * lipschitz
        speed *= 2.0 * math.sqrt(2.0 * float(risk.data.weights.double().max()) * float(risk(at.cloud)))
        groups = [stage.weights for stage in stages]
        return cls(
            tuple(float(torch.linalg.matrix_norm(at.weights(layer)[0], 2)) for layer in range(1, len(stages) + 1)),
            tuple(at.singular[0].tolist()),
            float(stated_rate(pyramid, at.rate())),
            float(torch.linalg.matrix_norm(x, 2)),
            1.0 if activation is None else activation.lipschitz,
            tuple(speed * pyramid.rate(group.name) * group.scales.multiplier**2 for group in groups),
        )

    @property
    def reach(self) -> float:
        """How far training may move the layers, relative to what leaves half of their singular values.

        At most 1 is safe. As long as singular values keep one half,
        sum_k h |grad_l R_k| <= A_l sqrt(2 p_max R_0) 2 / alpha_0 with A_l = s m_l |X|_F prod_(k!=l) |V_k| prod_k Lip_k.
        Here |V_k| are those of the start plus the way that is allowed: smin(F_1) / (2 Lip_1 |X|) in layer 1,
        smin(V_l) / 2 from layer 3 on, and in layer 2 what it really goes, which is not limited. The number is the
        largest ratio of way and allowed way of layers 1, 3, ..., L. Infinite where a singular value is zero. It is the
        condition of the paper (assumption 3.1) with our constants.
        """
        if self.alpha == 0.0:
            return math.inf
        first, *others = (0.5 * value for value in self.singular)
        allowed = [first / (self.steep * self.inputs), 0.0, *others]
        grown = [size + room for size, room in zip(self.sizes, allowed, strict=True)]
        grown[1] += self._way(1, grown)
        return max(self._way(number, grown) / allowed[number] for number in range(len(grown)) if number != 1)

    def _way(self, number: int, grown: list[float]) -> float:
        """How far layer number + 1 may go."""
        others = math.prod(grown[:number]) * math.prod(grown[number + 1 :])
        return self.pushes[number] * others / self.alpha

    def widened(self, factor: float) -> "PyramidStart":
        """What a first layer of so many times the units has in the limit of many: |V_1|, smin(F_1) grow as the root."""
        root = math.sqrt(factor)
        (size, *sizes), (least, *others) = self.sizes, self.singular
        singular, alpha = (least * root, *others), self.alpha * factor
        return replace(self, sizes=(size * root, *sizes), singular=singular, alpha=alpha)

    def sufficient(self, units: int) -> float:
        """The number of units of the first layer, of which there are `units`, from which on the reach is at most 1.

        By `widened`: the reach falls as the root of the width in the end. Infinite where a singular value is zero.
        """
        if self.alpha == 0.0:
            return math.inf
        low, high = -60.0, 120.0
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (low, middle) if self.widened(math.exp2(middle)).reach <= 1.0 else (middle, high)
        return units * math.exp2(high)


def stated_rate(pyramid: Pyramid, rate: Scalar) -> Scalar:
    """alpha_0, from 2 p_min sum_j eta_j c_j^2 at the start."""
    return 0.5 * rate * 4.0 ** (pyramid.wide - len(pyramid.stages))


def reachable(pyramid: Pyramid) -> tuple[Assumption, ...]:
    """What the reach asks beside the assumptions of all pyramids."""
    zero = torch.zeros(1, dtype=torch.float64)
    hidden = [stage.activation for stage in pyramid.stages if stage.activation is not None]
    unbiased = all(stage.bias is None for stage in pyramid.stages)
    return (
        Assumption("no biases", unbiased),
        Assumption("sigma(0) = 0", all(float(activation.value(zero)) == 0.0 for activation in hidden)),
    )
