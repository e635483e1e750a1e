"""The plain gradient flow of a risk."""

from dataclasses import dataclass
from typing import ClassVar

from particles import ParticleCloud, Risk
from particles.shapes import Velocity


@dataclass(frozen=True)
class GradientFlow:
    """d theta_j / dt = -eta_j grad_{theta_j} R, with the mobilities of the risk's own scaling.

    Under `MeanField` this is the Wasserstein gradient flow of the measure (Mei, Montanari and Nguyen 2018; Chizat and
    Bach 2018), under `NTK` training in NTK or asymmetrical scaling.
    """

    risk: Risk
    stackable: ClassVar[bool] = True
    shareable: ClassVar[bool] = True

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-eta_j grad_{theta_j} R [particles, dim]."""
        return self.risk.velocity(cloud)
