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
from flows.gradient import GradientFlow
from flows.ntk import NTKFlow
from particles import FlowRefused, ParticleCloud, Perceptron, Risk, SharedCloud
from particles.risk import RiskAt
from particles.shapes import Curvature, Grams, Outputs, PerParticle, Velocity

#: Largest n k for which Gram matrices are formed and factorised.
LARGEST_GRAM = 6000
#: Largest h tr G for which G may be a sum of single-precision products: rounding then changes h G by 10^-3 at the most.
ROUGH_ENOUGH = 1e4
#: Particles are left out of G where their part of h tr G is below this part of the error that is tolerated.
NEGLIGIBLE = 0.1


def dense_risk(flow: Flow, integrator: str) -> Risk:
    """The risk of a plain gradient flow small enough for Gram matrices; raises FlowRefused for anything else."""
    if not isinstance(flow, (GradientFlow, NTKFlow)):
        raise FlowRefused(
            f"{integrator} works in the function space of a gradient flow's risk, but was given {type(flow).__name__}; "
            "take Chebyshev or DormandPrince, which need velocities only."
        )
    numbers = flow.risk.data.count * flow.risk.data.outputs
    if numbers > LARGEST_GRAM:
        raise FlowRefused(
            f"{integrator} factorises n k by n k matrices and takes n k up to {LARGEST_GRAM}, but n k is {numbers}; "
            "take Chebyshev, which needs velocities only."
        )
    return flow.risk.linearised


def spread(size: float | Tensor, rows: int) -> float | Tensor:
    """One number as it is; of one for each member of an ensemble [members] that of every stacked row [rows, 1]."""
    return size.repeat_interleave(rows // size.shape[0])[:, None] if isinstance(size, Tensor) else size


@dataclass(frozen=True, eq=False)
class GaussNewton:
    """A gradient flow's velocity and the stiff part of its Jacobian at one cloud."""

    at: RiskAt

    @classmethod
    def of(cls, risk: Risk, cloud: ParticleCloud) -> "GaussNewton":
        """At this cloud."""
        return cls(risk.at(cloud))

    @property
    def velocity(self) -> Velocity:
        """F = -M grad R [particles, dim]."""
        return self.at.velocity

    @property
    def weighted_residual(self) -> Tensor:
        """sqrt(p_i) r_i, flattened [n k]: the residual in the norm of the risk."""
        return (self.at.data.weights.sqrt()[:, None] * self.at.residual).reshape(-1)

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

    def shifted(self, size: float | Tensor, *, rough: float = 0.0) -> "Shifted":
        """1 - size A, factorised; `rough` as in `Shifted`. Of an ensemble one size for each member [members]."""
        return Shifted(self, size, rough)

    def rooted(self, outputs: Outputs) -> Tensor:
        """B^T f [n k] of f [data, outputs]."""
        if outputs.shape[1] == 1:
            return (self.root[:, :, 0] * outputs).reshape(-1)
        return torch.einsum("ice,ic->ie", self.root, outputs).reshape(-1)

    def unrooted(self, weights: Tensor) -> Outputs:
        """B w [data, outputs] of w [n k]."""
        if self.root.shape[1] == 1:
            return self.root[:, :, 0] * weights[:, None]
        return torch.einsum("ice,ie->ic", self.root, weights.reshape(self.at.data.targets.shape))

    def weighted(self, gram: Grams) -> Grams:
        """B^T K B of K [n k, n k]."""
        members, k = gram.shape[:-2], self.root.shape[1]
        if k == 1:
            root = self.root.reshape(gram.shape[:-1])
            return (gram * root[..., None, :]).mul_(root[..., :, None])
        n = gram.shape[-1] // k
        root, blocks = self.root.reshape(*members, n, k, k), gram.reshape(*members, n, k, n, k)
        return torch.einsum("...ica,...icje,...jeb->...iajb", root, blocks, root).reshape(gram.shape)


@dataclass(frozen=True, eq=False)
class Shifted:
    """The matrix 1 - h A = D + h M J^T C J, D = 1 + h Delta, by Woodbury's identity and one Cholesky factor.

    With a relative error `rough` that is tolerated, products of the Gram matrix are in single precision, and particles
    of little weight are left out of it, where that changes the matrix little enough: an error in K q and in what is
    corrected, none in M J^T q, the velocity given as cotangents. Twice as fast, and many times where a few particles
    have most of the mass. Where anything is not finite the solution is not either.
    """

    stiff: GaussNewton
    size: float | Tensor
    rough: float = 0.0

    @cached_property
    def _diagonal(self) -> PerParticle | None:
        if self.stiff.at.risk.strength == 0.0:
            return None
        decay = self.stiff.at.decay[:, None]
        return 1.0 + (spread(self.size, decay.shape[0]) * decay)[:, 0]

    @cached_property
    def _gram(self) -> Grams:
        """K = J D^-1 M J^T [n k, n k]."""
        weights = self.stiff.at.mobility
        if self._diagonal is not None:
            weights = weights / self._diagonal
        if self.rough == 0.0:
            return self.stiff.at.gram(weights)
        gram = self.stiff.at.gram(self._heavy(weights), torch.float32)
        diagonal = gram.diagonal(dim1=-2, dim2=-1)
        trace = (self.stiff.root.square().sum(dim=2).reshape(diagonal.shape) * diagonal).sum(dim=-1)
        enough = trace * self.size < ROUGH_ENOUGH
        if bool(enough.all()):
            return gram
        return torch.where(enough[..., None, None], gram, self.stiff.at.gram(weights))

    def _heavy(self, weights: PerParticle) -> PerParticle:
        """The weights w, zero for the lightest particles, whose part of h tr G is below a tenth of `rough` altogether.

        For one particle it is h w_j s_j^2 sum_i |B_i^T a_j|^2 sigma'(z_ij)^2 |phi_i|^2, bounded with |sigma'| <= L and
        |B_i^T a_j| <= |B_i|_F |a_j|. For perceptrons of which hidden weights are trained; of any others, and where this
        would be less than half of them, all are kept; and in a shared cloud, of which no process can order all.
        """
        at, neuron = self.stiff.at, self.stiff.at.risk.network.neuron
        if not isinstance(neuron, Perceptron) or neuron.trained != "hidden" or isinstance(at.cloud, SharedCloud):
            return weights
        members = self.size.shape if isinstance(self.size, Tensor) else ()
        squares = self.stiff.root.square().sum(dim=(1, 2)) * at.data.phi.square().sum(dim=1)
        sizes = neuron.activation.lipschitz**2 * self.size * squares.reshape(*members, -1).sum(dim=-1)
        outputs = at.cloud.positions[:, neuron.hidden :].square().sum(dim=1)
        bounds = sizes[..., None] * (weights * at.factors.square() * outputs).reshape(*members, -1)
        ordered, places = bounds.sort(dim=-1)
        light = ordered.cumsum(dim=-1) < NEGLIGIBLE * self.rough
        light &= 2 * light.sum(dim=-1, keepdim=True) >= light.shape[-1]
        return weights.masked_fill(torch.zeros_like(light).scatter(-1, places, light).reshape(-1), 0.0)

    @cached_property
    def _factor(self) -> Grams:
        size = self.size[:, None, None] if isinstance(self.size, Tensor) else self.size
        shifted = self.stiff.weighted(self._gram).mul_(size)
        shifted.diagonal(dim1=-2, dim2=-1).add_(1.0)
        factor: Grams
        factor, failed = torch.linalg.cholesky_ex(shifted)
        if bool(failed.any()):
            factor.masked_fill_((failed != 0)[..., None, None], torch.nan)
        return factor

    def solve(self, right: Velocity, cotangents: Outputs | None = None) -> tuple[Velocity, Tensor]:
        """v = (1 - h A)^(-1) (right - M J^T q), and B^T J v [n k], the change of the function that v brings.

        v = D^-1 (right - M J^T (q + h B w)), (1 + h B^T K B) w = B^T (J D^-1 right - K q), and w = B^T J v. A part of
        the right side that is given as q [data, outputs] costs no product with J.
        """
        first, columns = self._divided(right), (*self._gram.shape[:-1], 1)
        outputs = self.stiff.at.push(first)
        if cotangents is not None:
            outputs -= (self._gram @ cotangents.reshape(columns)).reshape(outputs.shape)
        w = torch.cholesky_solve(self.stiff.rooted(outputs).reshape(columns), self._factor).reshape(-1)
        pulled = self.stiff.unrooted(w)
        pulled = spread(self.size, pulled.shape[0]) * pulled
        return first - self._divided(self.stiff.at.pull(pulled if cotangents is None else pulled + cotangents)), w

    def _divided(self, vector: Velocity) -> Velocity:
        if self._diagonal is None:
            return vector
        result = vector.clone()
        columns = self.stiff.at.risk.network.neuron.trained_columns
        result[:, columns] /= self._diagonal[:, None]
        return result
