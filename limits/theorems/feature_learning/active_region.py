"""Where a neuron is active: an interval of preactivations on which its activation is steep, and how steep it is."""

import math
from dataclasses import dataclass

import torch

from limits.kernels.expansion import REACH
from particles import Activation
from particles.shapes import Masses, PerDatum

#: The grid on which the least |sigma'| is looked for, what it may miss between two of its points, and how far out an
#: end without border is asked: there |sigma'| is its limit.
GRID, MISSED, FAR = 40_001, 1e-5, 1e6


@dataclass(frozen=True)
class ActiveRegion:
    """I = (least, most), and I_0 = (least + gap, most - gap) inside of it. ReLU is active on (0, inf).

    A neuron whose preactivation starts in I_0 has to go a way of `gap` before it leaves I. The paper's gap is a third
    of the interval (`thirds`); any one will do. Raises ValueError where I_0 is empty.
    """

    least: float = 0.0
    most: float = math.inf
    gap: float = 0.25

    def __post_init__(self) -> None:
        if not 0.0 < self.gap < math.inf or not self.least + self.gap < self.most - self.gap:
            raise ValueError(
                f"Nothing lies between {self.least:g} and {self.most:g} at a distance of {self.gap:g} from both; give "
                "borders in order and a smaller gap."
            )

    @classmethod
    def thirds(cls, least: float, most: float) -> "ActiveRegion":
        """I_0 is the middle third of I."""
        return cls(least, most, (most - least) / 3.0)

    def steepness(self, activation: Activation) -> float:
        """K = inf |sigma'| over I."""
        return least_slope(activation, self.least, self.most)

    def probabilities(self, variances: PerDatum) -> PerDatum:
        """P[z_i in I_0], z_i ~ N(0, variances_i)."""
        deviations = variances.sqrt()
        below: PerDatum = torch.special.ndtr((self.most - self.gap) / deviations)
        above: PerDatum = torch.special.ndtr((self.least + self.gap) / deviations)
        return below - above

    def fraction(self, preactivations: torch.Tensor, masses: Masses) -> torch.Tensor:
        """min_i sum_j lambda_j 1{h_ij in I_0} of preactivations [particles, data]."""
        inside = (preactivations > self.least + self.gap) & (preactivations < self.most - self.gap)
        return (masses @ inside.to(masses.dtype)).min()


def least_slope(activation: Activation, least: float = -math.inf, most: float = math.inf) -> float:
    """inf |sigma'| over (least, most), rounded down: the minimum on a grid, at the ends, and far out.

    Between points of the grid sigma' differs by at most 1e-6 |sigma'''| / 8.
    """
    ends = torch.tensor([max(least, -FAR), min(most, FAR)], dtype=torch.float64)
    inner = torch.stack([torch.nextafter(ends[0], ends[1]), torch.nextafter(ends[1], ends[0])])
    low, high = ends.clamp(-2.0 * REACH, 2.0 * REACH)
    grid = torch.linspace(float(low), float(high), GRID, dtype=torch.float64)[1:-1]
    return float(activation.derivative(torch.cat([inner, grid])).abs().min()) * (1.0 - MISSED)
