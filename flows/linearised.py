"""Training in a frozen tangent space: the linear model around an anchor cloud, and its exact solution."""

import math
from dataclasses import dataclass
from functools import cached_property

import torch

from particles import ParticleCloud, Risk, ShapeError, Squared, jacobian_product, tangent_gram
from particles.risk import RiskAt
from particles.shapes import AnyFloat, Gram, Inputs, Outputs, Scalar, Velocity


@dataclass(frozen=True, eq=False)
class LinearisedRisk:
    """R of the linear model f_lin(x; theta) = f(x; theta_0) + J_0(x) (theta - theta_0), theta_0 the anchor.

    The regulariser, where the risk has one, is kept as it is. Clouds are the anchor's particles at other positions, and
    count with the anchor's masses.
    """

    risk: Risk
    anchor: ParticleCloud

    def __post_init__(self) -> None:
        object.__setattr__(self, "anchor", self.anchor.detached())

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """sum_i p_i loss(f_lin(x_i), y_i) + sum_j lambda_j (strength / 2) |theta_j|^2."""
        tangent = self.tangent(cloud)
        squares = cloud.positions[:, self.risk.network.neuron.trained_columns].square().sum(dim=1)
        weighed = cloud.summed(lambda part: tangent.cloud.masses[part] @ squares[part])
        values = self.risk.loss.value(self.predictions(cloud), tangent.data.targets)
        return tangent.data.weights @ values + 0.5 * self.risk.strength * weighed

    def predictions(self, cloud: ParticleCloud, inputs: Inputs | None = None) -> Outputs:
        """f_lin(x_i) [data, outputs] on the risk's own inputs, or on others [data, inputs]."""
        tangent = self.tangent(cloud)
        displacement = cloud.positions - tangent.cloud.positions
        if inputs is None:
            return tangent.predictions + tangent.push(displacement)
        return self.risk.predictions(tangent.cloud, inputs) + jacobian_product(
            self.risk, tangent.cloud, displacement, inputs
        )

    def residual(self, cloud: ParticleCloud) -> Outputs:
        """d loss / d f at f_lin [data, outputs]."""
        return self.risk.loss.residual(self.predictions(cloud), self.tangent(cloud).data.targets)

    def velocity(self, cloud: ParticleCloud) -> Velocity:
        """-M J_0^T P r - eta_j lambda_j strength theta_j [particles, dim], r the residual of f_lin."""
        tangent = self.tangent(cloud)
        result = tangent.pull(-tangent.data.weights[:, None] * self.residual(cloud))
        if self.risk.strength > 0.0:
            columns = self.risk.network.neuron.trained_columns
            result[:, columns] -= tangent.decay[:, None] * cloud.positions[:, columns]
        return result

    def tangent(self, cloud: ParticleCloud) -> RiskAt:
        """The risk at the anchor in the cloud's dtype and on its device, kept between calls."""
        self._check(cloud)
        key = (cloud.dtype, cloud.device)
        if key not in self._memo:
            self._memo[key] = self.risk.at(self.anchor.to(device=cloud.device, dtype=cloud.dtype))
        return self._memo[key]

    def _check(self, cloud: ParticleCloud) -> None:
        if cloud.positions.shape != self.anchor.positions.shape:
            raise ShapeError(
                f"The anchor has shape {tuple(self.anchor.positions.shape)} but the cloud "
                f"{tuple(cloud.positions.shape)}; move the anchor's particles."
            )

    @cached_property
    def _memo(self) -> dict[tuple[torch.dtype, torch.device], RiskAt]:
        return {}


@dataclass(frozen=True, eq=False)
class LinearisedFlow:
    """d theta_j / dt = -eta_j grad_{theta_j} R(f_lin): the gradient flow of the model linearised at the anchor.

    What wide networks in NTK or lazy scaling follow (Jacot et al. 2018; Lee et al. 2019; Chizat et al. 2019). Observe
    `flow.linearised`, the risk of that model, rather than `flow.risk`, which stays that of the network.
    """

    risk: Risk
    anchor: ParticleCloud

    def __post_init__(self) -> None:
        object.__setattr__(self, "anchor", self.anchor.detached())

    @cached_property
    def linearised(self) -> LinearisedRisk:
        """The risk of the linear model, of which this is the gradient flow."""
        return LinearisedRisk(self.risk, self.anchor)

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-M J_0^T P r, r the residual of f_lin [particles, dim]."""
        return self.linearised.velocity(cloud)

    def predictions(self, cloud: ParticleCloud, inputs: Inputs | None = None) -> Outputs:
        """f_lin(x_i) [data, outputs] on the risk's own inputs, or on others [data, inputs]."""
        return self.linearised.predictions(cloud, inputs)

    def exact(self, time: float, start: ParticleCloud | None = None) -> ParticleCloud:
        """The cloud at any time, infinity included, that starts at the anchor or at another cloud; squared loss only.

        With S = P^(1/2) K P^(1/2) = Q diag(s) Q^T, K the anchor's Gram matrix and r(0) the residual at the start,
        theta(t) = theta(0) - M J_0^T P^(1/2) Q diag((1 - exp(-s t)) / s) Q^T P^(1/2) r(0). One eigendecomposition of
        a matrix [n k, n k], kept between calls. Combinations of data with s = 0 are never learned and move nothing.
        """
        self._check_solvable(time)
        cloud = self.anchor if start is None else start.to(device=self.anchor.device, dtype=self.anchor.dtype)
        tangent = self.linearised.tangent(cloud)
        root = tangent.data.weights.sqrt()[:, None]
        rates, modes = self._spectrum
        first = (root * self.linearised.residual(cloud)).reshape(-1)
        gone = modes @ (_integrals(rates, time) * (modes.T @ first))
        return cloud.moved(cloud.positions - tangent.pull(root * gone.reshape(root.shape[0], -1)))

    @cached_property
    def _spectrum(self) -> tuple[AnyFloat, Gram]:
        """Eigenvalues s [n k], ascending, and eigenvectors of P^(1/2) K P^(1/2)."""
        weights = self.risk.prepared(self.anchor).weights.repeat_interleave(self.risk.data.outputs).sqrt()
        gram = weights[:, None] * tangent_gram(self.risk, self.anchor) * weights
        values, vectors = torch.linalg.eigh(gram)
        return values, vectors

    def _check_solvable(self, time: float) -> None:
        if not isinstance(self.risk.loss, Squared):
            raise TypeError(
                f"The exact solution needs the squared loss, but the risk has {type(self.risk.loss).__name__}; use "
                "evolve."
            )
        if self.risk.strength > 0.0:
            raise ValueError(
                f"The exact solution needs a risk without regulariser, but this one has strength "
                f"{self.risk.strength!r}; use evolve."
            )
        if not time >= 0.0:
            raise ValueError(f"The exact solution is asked for at time {time!r}, but a non-negative one is needed.")


def _integrals(rates: AnyFloat, time: float) -> AnyFloat:
    """(1 - exp(-s t)) / s, t at s = 0.

    Rates below n k eps max(s) cannot be told from zero. They count as t while t max(s) sqrt(eps) < 1; after that, when
    rounding would move what should stand still, as zero: the pseudo-inverse.
    """
    eps, largest = torch.finfo(rates.dtype).eps, max(float(rates[-1]), 0.0)
    plain = rates > rates.shape[0] * eps * largest
    early = time if time * largest * math.sqrt(eps) < 1.0 else 0.0
    safe = torch.where(plain, rates, 1.0)
    return torch.where(plain, -torch.expm1(-safe * time) / safe, early)
