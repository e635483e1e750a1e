"""The stiff part of a gradient flow, which lives in function space: n k numbers, not m D.

The Jacobian of theta' = -M grad R is, but for the curvature of single neurons times the residual,

    A = -(Delta + M J^T C J),   C = blockdiag(p_i d^2 loss / d f_i^2),   Delta = regulariser's decay,

a diagonal and a matrix of rank n k. With C = B B^T, everything one wants of A is done with the symmetric Gram matrix
G = B^T J M J^T B, one product with J and one with J^T.

At an `EnsembleRisk` everything is that of each member: vectors are stacked member by member, Gram matrices are
[members, n k, n k], and h is one number for each.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from flows.base import Flow
from flows.fields.gradient import GradientFlow
from flows.fields.linearised import LinearisedFlow, LinearisedRisk
from flows.fields.ntk import NTKFlow
from particles import FlowRefused, ParticleCloud, Risk, Squared
from particles.risk.risk import RiskAt
from particles.shapes import Curvature, Grams, Outputs, Velocity

#: Largest n k for which Gram matrices are formed and factorised.
LARGEST_GRAM = 6000


#: What Gram matrices are made of: a network's risk, or that of its linear model.
DenseRisk = Risk | LinearisedRisk


def gradient_risk(flow: Flow, integrator: str) -> DenseRisk:
    """The risk of a gradient flow, plain or linearised; FlowRefused for any other flow."""
    if not isinstance(flow, (GradientFlow, NTKFlow, LinearisedFlow)):
        raise FlowRefused(
            f"{integrator} works in the function space of a gradient flow's risk, but was given {type(flow).__name__}; "
            "take Chebyshev or DormandPrince, which need velocities only."
        )
    return flow.linearised if isinstance(flow, LinearisedFlow) else flow.risk


def network_risk(risk: DenseRisk) -> Risk:
    """The risk of the network itself."""
    return risk.risk if isinstance(risk, LinearisedRisk) else risk


def dense_risk(flow: Flow, integrator: str) -> DenseRisk:
    """That risk, small enough for Gram matrices and without fused kernels; FlowRefused for a larger one."""
    risk = gradient_risk(flow, integrator)
    numbers = network_risk(risk).data.targets.numel()
    if numbers > LARGEST_GRAM:
        raise FlowRefused(
            f"{integrator} factorises n k by n k matrices and takes n k up to {LARGEST_GRAM}, but n k is {numbers}; "
            "take Chebyshev, which needs velocities only."
        )
    return risk.linearised if isinstance(risk, Risk) else risk


def spread(size: float | Tensor, rows: int) -> float | Tensor:
    """One number as it is; of one for each member of an ensemble [members] that of every stacked row [rows, 1]."""
    return spread_members(size, rows) if isinstance(size, Tensor) else size


def spread_members(sizes: Tensor, rows: int) -> Tensor:
    """Of one number for each member [members] that of every stacked row [rows, 1]."""
    return sizes.repeat_interleave(rows // sizes.shape[0])[:, None]


@dataclass(frozen=True, eq=False)
class GaussNewton:
    """A gradient flow's velocity and the stiff part of its Jacobian at one cloud; `model` is the risk that descends."""

    at: RiskAt
    model: DenseRisk

    @classmethod
    def of(cls, risk: DenseRisk, cloud: ParticleCloud) -> "GaussNewton":
        """At this cloud."""
        return cls(risk.at(cloud), risk)

    @property
    def velocity(self) -> Velocity:
        """F = -M grad R [particles, dim]."""
        return self.at.velocity

    def weighed(self, outputs: Outputs) -> Tensor:
        """sqrt(p_i) f(x_i), flattened [n k]: a function in the norm of the risk."""
        return (self.at.data.weights.sqrt()[:, None] * outputs).reshape(-1)

    def applied(self, vector: Velocity) -> Velocity:
        """A v [particles, dim]."""
        result = self.pull(self.push(vector)).neg_()
        if self.at.risk.strength != 0.0:
            columns = self.at.risk.network.neuron.trained_columns
            result[:, columns] -= self.at.decays * vector[:, columns]
        return result

    def changed(self, vector: Velocity, pushed: Tensor) -> Tensor:
        """sqrt(p_i) J v [n k] of a vector v whose B^T J v is known: the same for the squared loss."""
        return pushed if isinstance(self.at.risk.loss, Squared) else self.weighed(self.at.push(vector))

    @cached_property
    def root(self) -> Curvature:
        """B_i with B_i B_i^T = p_i d^2 loss / d f_i^2 [data, outputs, outputs]."""
        data = self.at.data
        curvature = data.weights[:, None, None] * self.at.risk.loss.curvature(self.at.predictions, data.targets)
        if curvature.shape[1] == 1:
            return curvature.sqrt()
        values, vectors = torch.linalg.eigh(curvature)
        root: Curvature = vectors * values.clamp_min(0.0).sqrt()[:, None, :]
        return root

    @cached_property
    def gram(self) -> Grams:
        """G = B^T J M J^T B [n k, n k]."""
        return self.weighted(self.at.gram())

    def push(self, velocities: Velocity) -> Tensor:
        """B^T J v [n k]."""
        return self.rooted(self.at.push(velocities))

    def pull(self, weights: Tensor) -> Velocity:
        """M J^T B w [particles, dim]."""
        return self.at.pull(self.unrooted(weights))

    def rooted(self, outputs: Outputs) -> Tensor:
        """B^T f [n k] of f [data, outputs]."""
        return rooted(self.root, outputs)

    def unrooted(self, weights: Tensor) -> Outputs:
        """B w [data, outputs] of w [n k]."""
        return unrooted(self.root, weights)

    def weighted(self, gram: Grams) -> Grams:
        """B^T K B of K [n k, n k]."""
        members, k = gram.shape[:-2], self.root.shape[1]
        return sandwiched(self.root.reshape(*members, -1, k, k), gram, self.root.reshape(*members, -1, k, k))


def rooted(root: Curvature, outputs: Outputs) -> Tensor:
    """B^T f [n k] of f [data, outputs]."""
    if outputs.shape[1] == 1:
        return (root[:, :, 0] * outputs).reshape(-1)
    return torch.einsum("ice,ic->ie", root, outputs).reshape(-1)


def unrooted(root: Curvature, weights: Tensor) -> Outputs:
    """B w [data, outputs] of w [n k]."""
    if root.shape[1] == 1:
        return root[:, :, 0] * weights[:, None]
    return torch.einsum("ice,ie->ic", root, weights.reshape(root.shape[:2]))


def sandwiched(left: Tensor, gram: Grams, right: Tensor) -> Grams:
    """B^T K B' of K [n k, n' k], with the roots B of its rows and B' of its columns [..., data, outputs, outputs]."""
    members, k = gram.shape[:-2], left.shape[-1]
    if k == 1:
        return (gram * right[..., None, :, 0, 0]).mul_(left[..., :, None, 0, 0])
    blocks = gram.reshape(*members, left.shape[-3], k, right.shape[-3], k)
    return torch.einsum("...ica,...icje,...jeb->...iajb", left, blocks, right).reshape(gram.shape)
