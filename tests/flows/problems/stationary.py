"""The stationary law of Langevin flows on a quadratic: exact for Euler-Maruyama's own step, and what is measured.

Linear neurons whose output weights are trained make R + U a quadratic, and each of many outputs with the same targets
is an independent replica of it: one cloud of three particles with thousands of outputs is thousands of runs.
"""

import math
from dataclasses import dataclass

import torch
from scipy.linalg import solve_discrete_lyapunov
from torch import Tensor

from flows import EulerMaruyama, NoisyFlow, evolve
from particles import Dataset, Identity, Linear, MeanField, ParticleCloud, Perceptron, Risk, Scaling, Squared
from tests.flows.contracts.members import Make
from tests.problems import factors
from tests.tolerances import Z, z_score

HIDDEN = torch.tensor([[1.2, 0.3], [-0.4, 1.1], [0.9, -0.8]], dtype=torch.float64)
INPUTS = torch.tensor([[1.5, 0.2], [-0.3, 1.7], [1.0, 1.0], [-1.2, 0.8]], dtype=torch.float64)
TARGETS = torch.tensor([1.0, -0.5, 0.3, 0.8], dtype=torch.float64)
WEIGHTS = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
UNEQUAL = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
EQUAL = torch.full((3,), 1.0 / 3.0, dtype=torch.float64)

TEMPERATURE, CONFINEMENT = 0.7, 0.5


@dataclass(frozen=True, eq=False)
class Quadratic:
    """R + U = (theta - minimum)^T H (theta - minimum) / 2 in the output weights theta [3] of one replica.

    H = S^T P S + confinement diag(lambda),  S_ij = s_j w_j . x_i / sqrt(2); mobilities M = diag(eta).
    """

    scaling: Scaling = MeanField()
    masses: Tensor = UNEQUAL
    replicas: int = 12000

    @property
    def risk(self) -> Risk:
        """The risk of all replicas."""
        neuron = Perceptron(Linear(), Identity(2), outputs=self.replicas, trained="output")
        data = Dataset(INPUTS, TARGETS[:, None].expand(4, self.replicas), WEIGHTS)
        return Risk(neuron=neuron, scaling=self.scaling, loss=Squared(), data=data)

    @property
    def start(self) -> ParticleCloud:
        """Every replica at zero."""
        outputs = torch.zeros(3, self.replicas, dtype=torch.float64)
        return ParticleCloud(torch.cat([HIDDEN, outputs], dim=1), self.masses)

    @property
    def features(self) -> Tensor:
        """S."""
        s, _ = factors(self.scaling, self.masses)
        return INPUTS @ HIDDEN.T / math.sqrt(2.0) * s

    @property
    def hessian(self) -> Tensor:
        """H."""
        return self.features.T @ (WEIGHTS[:, None] * self.features) + CONFINEMENT * torch.diag(self.masses)

    @property
    def minimum(self) -> Tensor:
        """H^{-1} S^T P y."""
        return torch.linalg.solve(self.hessian, self.features.T @ (WEIGHTS * TARGETS))

    @property
    def mobility(self) -> Tensor:
        """M."""
        return torch.diag(factors(self.scaling, self.masses)[1])

    def noise(self, pairing: str) -> Tensor:
        """sigma sigma^T = 2 T M for "joint", 2 T M diag(lambda) for "measure"."""
        scale = self.masses if pairing == "measure" else torch.ones_like(self.masses)
        return 2.0 * TEMPERATURE * self.mobility @ torch.diag(scale)

    def covariance(self, pairing: str, step: float) -> Tensor:
        """C = A C A^T + h sigma sigma^T with A = 1 - h M H: the stationary covariance of Euler-Maruyama."""
        kept = torch.eye(3, dtype=torch.float64) - step * self.mobility @ self.hessian
        return torch.from_numpy(solve_discrete_lyapunov(kept.numpy(), step * self.noise(pairing).numpy()))

    def step_and_count(self) -> tuple[float, int]:
        """A step at which the scheme's own bias is plain, and steps until start and law differ by less than e^-10."""
        rates = torch.linalg.eigvals(self.mobility @ self.hessian).real
        step = 0.6 / float(rates.max())
        return step, math.ceil(10.0 / (step * float(rates.min())))


def stationary_scores(
    quadratic: Quadratic,
    flow: NoisyFlow,
    pairing: str,
    make: Make = EulerMaruyama,
    *,
    covariance: Tensor | None = None,
    seed: int = 11,
) -> dict[str, float]:
    """Means, covariances and whitened squares of the replicas at the end of a run, in standard errors from the law.

    The law is the scheme's own, or one with another covariance.
    """
    step, count = quadratic.step_and_count()
    end = evolve(flow, quadratic.start, make(step), until=step * count, seed=seed)
    away = end.positions[:, 2:] - quadratic.minimum[:, None]
    covariance = quadratic.covariance(pairing, step) if covariance is None else covariance
    white = torch.linalg.solve_triangular(torch.linalg.cholesky(covariance), away, upper=False)
    scores = {"whitened": z_score(white.square().reshape(-1), 1.0)}
    for j in range(3):
        scores[f"mean {j}"] = z_score(away[j], 0.0)
        for k in range(j + 1):
            scores[f"covariance {j} {k}"] = z_score(away[j] * away[k], float(covariance[j, k]))
    return scores


def check_stationary_law(
    quadratic: Quadratic,
    flow: NoisyFlow,
    pairing: str,
    make: Make = EulerMaruyama,
    level: float = Z,
) -> None:
    """The replicas follow the Gaussian law that the scheme has on this quadratic."""
    scores = stationary_scores(quadratic, flow, pairing, make)
    worst = max(scores, key=lambda name: abs(scores[name]))
    assert abs(scores[worst]) < level, f"{worst} is {scores[worst]:.1f} standard errors from the stationary law"
