"""Training in a frozen tangent space: the linear model around an anchor cloud, and its exact solution."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import torch

from flows.fields.batches import Minibatches
from particles import (
    ParticleCloud,
    Risk,
    ShapeError,
    Squared,
    jacobian_product,
    scaled_jacobian,
    tangent_gram,
)
from particles.numerics.graded_svd import GradedSVD
from particles.numerics.gram_rounding import TRUSTED, UNITS, check_resolved, movement_error, unit_ratio
from particles.risk.risk import RiskAt
from particles.shapes import AnyFloat, Gram, Inputs, Outputs, Scalar, Velocity

#: Entries of A times its shorter side, up to which its singular values cost too little to try A A^T first.
CHEAP = 2**21
#: The same, up to which they are taken where A A^T does not do: seconds.
AFFORDABLE = 2**32


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
        at = self.at(cloud)
        strength, squares = self.risk.network.squares(cloud.positions, self.risk.strength)
        weighed = cloud.summed(lambda part: at.seen.cloud.masses[part] @ squares[part])
        values = self.risk.loss.value(at.predictions, at.data.targets)
        return at.data.weights @ values + 0.5 * strength * weighed

    def at(self, cloud: ParticleCloud) -> "LinearisedAt":
        """This risk at one cloud, with everything that an integrator asks of a risk at a cloud."""
        tangent = self.tangent(cloud)
        return LinearisedAt(tangent.risk, cloud, tangent.data, tangent.seen)

    def predictions(self, cloud: ParticleCloud, inputs: Inputs | None = None) -> Outputs:
        """f_lin(x_i) [data, outputs] on the risk's own inputs, or on others [data, inputs]."""
        at = self.at(cloud)
        if inputs is None:
            return at.predictions
        anchor = at.seen.cloud
        return self.risk.predictions(anchor, inputs) + jacobian_product(self.risk, anchor, at.displacement, inputs)

    def residual(self, cloud: ParticleCloud) -> Outputs:
        """d loss / d f at f_lin [data, outputs]."""
        return self.at(cloud).residual

    def velocity(self, cloud: ParticleCloud) -> Velocity:
        """-M J_0^T P r - eta_j lambda_j strength theta_j [particles, dim], r the residual of f_lin."""
        return self.at(cloud).velocity

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
class LinearisedAt(RiskAt):
    """The linear model's risk at one cloud; tangents, masses and Gram matrices are those of the anchor, `seen`."""

    @property
    def displacement(self) -> Velocity:
        """theta - theta_0 [particles, dim]."""
        return self.cloud.positions - self.seen.cloud.positions

    @cached_property
    def predictions(self) -> Outputs:
        """f_lin(x_i) [data, outputs]."""
        return self.seen.predictions + self.push(self.displacement)


@dataclass(frozen=True, eq=False)
class LinearisedFlow:
    """d theta_j / dt = -eta_j grad_{theta_j} R(f_lin): the gradient flow of the model linearised at the anchor.

    What wide networks in NTK or lazy scaling follow (Jacot et al. 2018; Lee et al. 2019; Chizat et al. 2019). Observe
    `flow.linearised`, the risk of that model, rather than `flow.risk`, which stays that of the network.

    With `batches` the gradient at a time is that of the batch in force; then there is no exact solution, and the
    tangents at the anchor are those of a new batch in every step. `flow.linearised` stays the risk on all data.
    """

    risk: Risk
    anchor: ParticleCloud
    batches: Minibatches | None = field(default=None, metadata={"optional": True})

    def __post_init__(self) -> None:
        object.__setattr__(self, "anchor", self.anchor.detached())

    @cached_property
    def linearised(self) -> LinearisedRisk:
        """The risk of the linear model, of which this is the gradient flow."""
        return LinearisedRisk(self.risk, self.anchor)

    @property
    def piece(self) -> float | None:
        """How long each batch is in force; None without batches."""
        return None if self.batches is None else self.batches.step

    def risk_at(self, time: float) -> LinearisedRisk:
        """The linear model's risk, or that on the batch in force at this time."""
        if self.batches is None:
            return self.linearised
        return LinearisedRisk(self.batches.risk_at(self.risk, time), self.anchor)

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-M J_0^T P r, r the residual of f_lin [particles, dim]."""
        return self.risk_at(time).velocity(cloud)

    def predictions(self, cloud: ParticleCloud, inputs: Inputs | None = None) -> Outputs:
        """f_lin(x_i) [data, outputs] on the risk's own inputs, or on others [data, inputs]."""
        return self.linearised.predictions(cloud, inputs)

    @property
    def solvable(self) -> bool:
        """Whether `exact` takes this flow: squared loss, no regulariser, no batches."""
        return self.batches is None and isinstance(self.risk.loss, Squared) and self.risk.strength == 0.0

    def exact(self, time: float, start: ParticleCloud | None = None) -> ParticleCloud:
        """The cloud at any time, infinity included, that starts at the anchor or at another cloud; squared loss only.

        With A = P^(1/2) J_0 M^(1/2) = Q diag(a) V^T, s = a^2 and r(0) the residual at the start,
        theta(t) = theta(0) - M^(1/2) V diag((1 - exp(-s t)) / a) Q^T P^(1/2) r(0). Combinations of data with s = 0 are
        never learned and move nothing. Where A is large, s and Q are those of A A^T, one eigendecomposition of a matrix
        [n k, n k], as long as that loses nothing that matters at this time. Both are kept between calls.

        Raises Unresolved where A is too large and the units of the inputs too different for A A^T.
        """
        self._check_solvable(time)
        cloud = self.anchor if start is None else start.to(device=self.anchor.device, dtype=self.anchor.dtype)
        tangent = self.linearised.tangent(cloud)
        root = tangent.data.weights.sqrt()[:, None]
        first = (root * self.linearised.residual(cloud)).reshape(-1)
        if self._by_factor(first, time):
            return cloud.moved(cloud.positions - self._moved(first, time))
        rates, modes = self._spectrum
        gone = modes @ (_integrals(rates, time) * (modes.T @ first))
        return cloud.moved(cloud.positions - tangent.pull(root * gone.reshape(root.shape[0], -1)))

    def _by_factor(self, first: AnyFloat, time: float) -> bool:
        """Whether to take the factor A: where it costs little, or where A A^T does not know enough at this time."""
        rows = first.numel()
        columns = self.anchor.positions.numel()
        if self.anchor.shared_by is not None:
            return False
        cost = rows * columns * min(rows, columns)
        if cost <= CHEAP:
            return True
        rates, modes = self._spectrum
        parts = modes.T @ first
        error = UNITS * torch.finfo(rates.dtype).eps * float(rates[-1].clamp_min(0.0))
        if cost <= AFFORDABLE:
            return movement_error(rates, parts, time, error) > TRUSTED
        check_resolved(rates, parts, time, error, unit_ratio(self.risk.data.inputs))
        return False

    def _moved(self, first: AnyFloat, time: float) -> Velocity:
        """M^(1/2) V diag((1 - exp(-s t)) / a) Q^T P^(1/2) r(0) [particles, dim]."""
        parts = self._factor.left.T @ first.double()
        values = self._factor.values
        moved = self._factor.right @ (-torch.expm1(-values.square() * time) / values * parts)
        mobilities = self.risk.network.scaled(self.anchor.masses).mobilities
        return mobilities.sqrt() * moved.to(first).reshape(self.anchor.positions.shape)

    @cached_property
    def _factor(self) -> GradedSVD:
        """Q, a and V of A = P^(1/2) J_0 M^(1/2)."""
        return GradedSVD.of(scaled_jacobian(self.risk, self.anchor))

    @cached_property
    def _spectrum(self) -> tuple[AnyFloat, Gram]:
        """Eigenvalues s [n k], ascending, and eigenvectors of A A^T = P^(1/2) K P^(1/2)."""
        weights = self.risk.prepared(self.anchor).weights.repeat_interleave(self.risk.data.outputs).sqrt()
        gram = weights[:, None] * tangent_gram(self.risk, self.anchor) * weights
        values, vectors = torch.linalg.eigh(gram)
        return values, vectors

    def _check_solvable(self, time: float) -> None:
        if self.batches is not None:
            raise TypeError(
                "The exact solution is that of the risk on all data, but this flow has batches; use evolve, or a "
                "LinearisedFlow without them."
            )
        if not isinstance(self.risk.loss, Squared):
            raise TypeError(
                f"The exact solution needs the squared loss, but the risk has {type(self.risk.loss).__name__}; use "
                "evolve."
            )
        if self.risk.strength != 0.0:
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
    eps = torch.finfo(rates.dtype).eps
    largest = max(float(rates[-1]), 0.0)
    plain = rates > rates.shape[0] * eps * largest
    early = time if time * largest * math.sqrt(eps) < 1.0 else 0.0
    safe = torch.where(plain, rates, 1.0)
    return torch.where(plain, -torch.expm1(-safe * time) / safe, early)
