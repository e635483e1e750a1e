"""The gradient flow of the same cloud read in NTK scaling."""

from dataclasses import dataclass, replace
from typing import ClassVar

from particles import NTK, ParticleCloud, Risk
from particles.shapes import Velocity


@dataclass(frozen=True)
class NTKFlow:
    """d theta_j / dt = -grad_{theta_j} R with f = sum_j sqrt(lambda_j) g(theta_j, .), whatever scaling the risk had.

    `risk` is kept in NTK scaling, with the rates of groups that it had: observe this one, not the one given (Jacot et
    al. 2018; Caron et al. 2023).
    """

    risk: Risk
    stackable: ClassVar[bool] = True
    shareable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        scaling = NTK(rates=getattr(self.risk.scaling, "rates", None))
        object.__setattr__(self, "risk", replace(self.risk, scaling=scaling))

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-grad_{theta_j} R in NTK scaling [particles, dim]."""
        return self.risk.velocity(cloud)
