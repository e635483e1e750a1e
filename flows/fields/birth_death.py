"""The flow in which particles also gain and lose mass: the Wasserstein-Fisher-Rao gradient flow of a risk."""

from dataclasses import dataclass

import torch

from particles import MeanField, ParticleCloud, Risk
from particles.arguments.reals import non_negative
from particles.shapes import PerParticle, Velocity


@dataclass(frozen=True)
class BirthDeathFlow:
    """d theta_j / dt = -grad V(theta_j),  d log lambda_j / dt = -rate (V(theta_j) - sum_k lambda_k V(theta_k)).

    V is the first variation of the risk, V(theta) = sum_i p_i r_i . g(theta, x_i) + (strength / 2) |theta|^2. Mass
    flows from particles above the mean potential to those below; its total stays one, and a particle without mass
    stays so. The risk falls at the rate sum_j lambda_j |grad V(theta_j)|^2 + rate Var_lambda(V) (Rotskoff, Jelassi,
    Bruna and Vanden-Eijnden 2019; Chizat 2022). Deterministic and by weights alone: no particle is killed or copied.
    Rates of groups multiply the coordinates of grad V, in the velocity and in |grad V|^2.

    Needs `MeanField` scaling, in which the masses are those of the measure and V is the derivative of the risk in them.
    """

    risk: Risk
    rate: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.risk.scaling, MeanField):
            raise TypeError(
                f"The risk has scaling {self.risk.scaling!r}, but masses evolve by birth and death under MeanField() "
                "only; give the risk that scaling."
            )
        object.__setattr__(self, "rate", non_negative(self.rate, "The rate"))

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-grad V(theta_j) [particles, dim], zero for particles without mass."""
        return self.risk.velocity(cloud)

    def growth(self, cloud: ParticleCloud, time: float = 0.0) -> PerParticle:
        """-rate (V(theta_j) - sum_k lambda_k V(theta_k)) [particles]."""
        potential = self.risk.potential(cloud)
        # A particle without mass may be anywhere, even where V is infinite: it must not spoil the mean.
        mean = torch.where(cloud.masses > 0.0, cloud.masses * potential, 0.0).sum()
        return self.rate * (mean - potential)
