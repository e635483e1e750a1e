"""The constants of all bounds: how fast the risk falls for each active neuron, how far features move for it.

The paper has f = (1/m) sum_j c_j sigma(h_j) with c_j = -c or c, hidden weights that move at m times their gradient, and
the loss sum_i r_i^2 / 2. Here output weights are -1 or 1 and the scaling is any with eta_j s_j^2 = C lambda_j: under
`MeanField` C = 1, as in the paper with c = 1, and `Lazy(c)` is the paper's network with its c, in a time c^2 times as
long. Data weights p_i = 1/n make time n times as long: G stands for P^(1/2) phi phi^T P^(1/2), whose eigenvalues are
those of the paper's G divided by n.
"""

import math
from dataclasses import dataclass
from typing import Self

import torch

from limits.theorems.base import Assumption
from limits.theorems.problem import SINGULAR, Problem

#: Shares eta_j s_j^2 / lambda_j are the same for all particles to this, relative: masses may be kept in float32.
SLACK = 1e-4


@dataclass(frozen=True)
class Rates:
    """share: C. spread: S = sum_j lambda_j^2 eta_j, 1 under `MeanField`. least, largest: eigenvalues of G.

    rarest: p_min. even: whether eta_j s_j^2 / lambda_j is C for every particle that has mass.
    """

    share: float
    spread: float
    least: float
    largest: float
    rarest: float
    even: bool

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Of a network, its data and masses."""
        masses, scaling = problem.masses.double().cpu(), problem.risk.scaling
        mobility = scaling.mobility(masses)
        present = masses > 0.0
        shares = (mobility * scaling.factor(masses).square())[present] / masses[present]
        phi = problem.phi * problem.weights.sqrt()[:, None]
        values = torch.linalg.eigvalsh(phi @ phi.T)
        return cls(
            share=float(shares.mean()),
            spread=float(masses.square() @ mobility),
            least=float(values[0]) if values[0] > SINGULAR * values[-1] else 0.0,
            largest=float(values[-1]),
            rarest=float(problem.weights.min()),
            even=float(shares.max() - shares.min()) <= SLACK * float(shares.max()),
        )

    def assumptions(self, problem: Problem, steepness: float) -> tuple[Assumption, ...]:
        """What every statement about this network needs; `steepness` is K."""
        return (
            *problem.is_gradient_flow,
            *problem.is_signed,
            Assumption("eta_j s_j^2 is the same multiple of lambda_j for all particles", self.even),
            Assumption(f"eig_min(G) > 0 (it is {self.least:.3g})", self.least > 0.0),
            Assumption(f"K, the least |sigma'| that counts, > 0 (it is {steepness:.3g})", steepness > 0.0),
        )

    def drift(self, gap: float, steepness: float) -> float:
        """(3 / sqrt(2)) sqrt(S eig_max(G) / (C p_min eig_min(G))) / (gap K), which sqrt(R_0) - sqrt(R_t) multiplies.

        The paper's kappa(l1, l2) is the square of sqrt(eig_max / eig_min) / (gap K).
        """
        ratio = self.spread * self.largest / (self.share * self.rarest * self.least)
        return 3.0 / math.sqrt(2.0) * math.sqrt(ratio) / (gap * steepness)
