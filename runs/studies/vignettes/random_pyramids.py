"""Networks with one wide layer followed by a pyramid: random ones, and the two kinds of start that the paper has."""

from dataclasses import dataclass
from typing import Self

import torch

from flows import Euler, Every, GradientFlow, evolve
from particles import (
    Dataset,
    Deep,
    DeepLaw,
    Dense,
    ParticleCloud,
    Risk,
    SmoothLeakyReLU,
    Squared,
    Standard,
    tangent_gram,
)
from particles.numerics.randomness import generator

#: Slope and width of the activation, and units of the second layer, where they are not drawn.
LEAKY, UPPER = SmoothLeakyReLU(0.5, 0.5), 32
Frames = list[tuple[float, ParticleCloud]]


@dataclass(frozen=True, eq=False)
class Pyramidal:
    """A pyramid at its start, whose first layer is the wide one."""

    risk: Risk
    cloud: ParticleCloud

    @classmethod
    def drawn(cls, seed: int) -> Self:
        """Three to five layers, one to three outputs, 4 to 12 data: widths, activation and biases are drawn too."""
        random = generator(seed, "pyramid")
        rows, inputs, outputs = (int(random.integers(*ends)) for ends in ((4, 13), (2, 11), (1, 4)))
        widths = [int(random.integers(rows, 3 * rows + 1))]
        for _ in range(int(random.integers(1, 4))):
            widths.append(int(random.integers(outputs, max(widths[-1], outputs + 1))))
        slope, bend = (float(random.uniform(*ends)) for ends in ((0.2, 0.9), (0.2, 1.0)))
        bias = bool(random.integers(2))
        neuron = Deep(
            inputs,
            [*(Dense(width, bias=bias) for width in widths), Dense(outputs, bias=bias)],
            SmoothLeakyReLU(slope, bend),
            parameterisation="standard",
            weight_variance=float(random.uniform(1.0, 2.0)),
            bias_variance=0.1 if bias else 0.0,
        )
        return cls.of(neuron, rows, seed)

    @classmethod
    def lecun(cls, rows: int, units: int, seed: int) -> Self:
        """Three layers, d = 2 N, all weights from N(0, 1 / fan-in)."""
        neuron = Deep(2 * rows, [Dense(units), Dense(UPPER), Dense(1)], LEAKY, parameterisation="standard")
        return cls.of(neuron, rows, seed)

    @classmethod
    def general(cls, rows: int, units: int, readout: float, seed: int) -> Self:
        """The same with second weights of zero, so that f = 0, and a readout of this deviation."""
        layers = [Dense(units), Dense(UPPER, deviation=0.0), Dense(1, deviation=readout)]
        return cls.of(Deep(2 * rows, layers, LEAKY, parameterisation="standard"), rows, seed)

    @classmethod
    def of(cls, neuron: Deep, rows: int, seed: int) -> Self:
        """On random directions of length sqrt d, with targets of order one."""
        random = generator(seed, "data of pyramid")
        x = torch.from_numpy(random.standard_normal((rows, neuron.chain.inputs[0])))
        x = x * (x.shape[1] ** 0.5 / x.norm(dim=1, keepdim=True))
        y = torch.sin(torch.from_numpy(random.standard_normal((rows, neuron.outputs))))
        risk = Risk(neuron, Standard(), Squared(), Dataset(x, y))
        return cls(risk, DeepLaw(neuron).sample(seed=seed))

    def descent(self, steps: int, part: float = 0.5) -> Frames:
        """Gradient descent with a step of this part of the inverse of the fastest rate; every cloud is kept."""
        weights = self.risk.data.weights.repeat_interleave(self.risk.data.outputs)
        roots = weights.sqrt()
        gram = roots[:, None] * tangent_gram(self.risk, self.cloud) * roots
        step, frames = part / float(torch.linalg.eigvalsh(gram)[-1]), Frames()
        kept = Every(steps=1, observer=lambda index, time, cloud: frames.append((time, cloud)))
        evolve(GradientFlow(self.risk), self.cloud, Euler(step=step), until=steps * step, observers=[kept])
        return frames
