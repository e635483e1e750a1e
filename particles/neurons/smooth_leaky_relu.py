"""The leaky ReLU smoothed by a Gaussian: an activation without kinks whose derivative stays away from zero."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from particles.arguments.reals import finite, positive
from particles.neurons.gated import ROOT_HALF, ROOT_TWO_PI
from particles.shapes import AnyFloat


@dataclass(frozen=True)
class SmoothLeakyReLU:
    """sigma(z) = E l(z + width g) - E l(width g), l the leaky ReLU of this slope, g ~ N(0, 1).

    So sigma(0) = 0, and sigma'(z) = slope + (1 - slope) Phi(z / width) lies between slope and 1, with the Gaussian
    distribution function Phi. With slope gamma and width (1 - gamma) / (sqrt(2 pi) beta), where beta is the Lipschitz
    constant of sigma', it is the activation of Nguyen and Mondelli (2020, arXiv 2002.07867). Raises ValueError for a
    slope that is not finite or is 1, and a width that is not positive.
    """

    slope: float = 0.01
    width: float = 1.0

    homogeneous: ClassVar[bool] = False
    bounded: ClassVar[bool] = False
    smooth: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", finite(self.slope, "The slope of SmoothLeakyReLU"))
        object.__setattr__(self, "width", positive(self.width, "The width of SmoothLeakyReLU"))
        if self.slope == 1.0:
            raise ValueError("The slope of SmoothLeakyReLU is 1; use Linear() for that.")

    @property
    def lipschitz(self) -> float:
        """max(1, |slope|), which sigma' tends to on one side."""
        return max(1.0, abs(self.slope))

    def value(self, z: AnyFloat) -> AnyFloat:
        """slope z + (1 - slope) (z Phi(z / width) + width (phi(z / width) - phi(0))), phi the Gaussian density."""
        u = z / self.width
        bend = 0.5 * z * torch.erfc(-ROOT_HALF * u) + self.width / ROOT_TWO_PI * torch.expm1(-0.5 * u * u)
        return self.slope * z + (1.0 - self.slope) * bend

    def derivative(self, z: AnyFloat, value: AnyFloat | None = None) -> AnyFloat:
        """slope + (1 - slope) Phi(z / width)."""
        return self.slope + 0.5 * (1.0 - self.slope) * torch.erfc(-ROOT_HALF / self.width * z)
