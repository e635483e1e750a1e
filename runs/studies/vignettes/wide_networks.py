"""Deep ReLU networks with one wide layer, and the smallest eigenvalues of their tangent kernels."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from limits import infinite_width_kernels
from particles import Dataset, Deep, DeepLaw, Dense, ParticleCloud, ReLU, Risk, Squared, Standard, tangent_gram
from particles.numerics.randomness import generator

#: The wide layer has so many units for every datum.
WIDE = 8


@dataclass(frozen=True)
class Setting:
    """Data N with d inputs of |x|^2 = d, hidden widths, the draw, and the variance of weights times the fan-in.

    variance: 2 is He's initialisation, 1 LeCun's.
    """

    rows: int
    inputs: int
    widths: tuple[int, ...]
    seed: int
    variance: float = 2.0

    @property
    def data(self) -> Tensor:
        """Independent directions, of length sqrt d."""
        x = torch.from_numpy(generator(self.seed, f"data {self.rows}").standard_normal((self.rows, self.inputs)))
        scaled: Tensor = x * (self.inputs**0.5 / x.norm(dim=1, keepdim=True))
        return scaled

    @property
    def neuron(self) -> Deep:
        """The network, of one output."""
        layers = [*(Dense(width) for width in self.widths), Dense(1)]
        return Deep(self.inputs, layers, ReLU(), parameterisation="standard", weight_variance=self.variance)

    @cached_property
    def risk(self) -> Risk:
        """Its risk, of which only the inputs matter."""
        targets = torch.zeros(self.rows, 1, dtype=torch.float64)
        return Risk(self.neuron, Standard(), Squared(), Dataset(self.data, targets))

    @cached_property
    def cloud(self) -> ParticleCloud:
        """Its start."""
        return DeepLaw(self.neuron).sample(seed=self.seed)

    @cached_property
    def gram(self) -> Tensor:
        """K [rows, rows]."""
        return tangent_gram(self.risk, self.cloud)

    @property
    def smallest(self) -> float:
        """lmin(K); of a singular K some rounding of either sign."""
        return float(torch.linalg.eigvalsh(self.gram)[0])

    @property
    def infinite(self) -> float:
        """That of the limit kernel, whose factors are those of these widths."""
        return float(torch.linalg.eigvalsh(infinite_width_kernels(self.neuron, self.data).ntk)[0])

    @property
    def unseen(self) -> int:
        """The number of data at which no unit of the first layer is active."""
        h = self.neuron.preactivations(self.cloud.positions, self.data)["layer1"][0]
        return int((h <= 0.0).all(dim=1).sum())
