"""A Gram matrix of low rank from some of its columns, by which conjugate gradients are preconditioned."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from flows.integrators.function_space.gauss_newton import GaussNewton, sandwiched
from particles.numerics.randomness import generator
from particles.risk.network import NetworkAt
from particles.shapes import Curvature, Features

Vector = Float[Tensor, " numbers"]
Rows = Float[Tensor, "rank numbers"]

#: The rank is this part of the number of columns: what is sampled tells little of the smaller half of its eigenvalues.
TRUSTED = 0.5
#: Eigenvalues below this part of the largest one are rounding of single precision.
ROUNDING = 1e-6
#: Entries of a block of columns.
BLOCK = 2**22


@dataclass(frozen=True, eq=False)
class Nystrom:
    """G = B^T J M J^T B is nearly U Lambda U^T, with orthonormal rows U^T [rank, n k] in single precision.

    By Nystrom's method: G is nearly G Omega (Omega^T G Omega)^-1 Omega^T G, Omega the leading eigenvectors of the
    square of G that belongs to some of the data. A preconditioner as in Frangella, Tropp and Udell (2023).
    """

    vectors: Rows
    values: Float[Tensor, " rank"]

    @classmethod
    def of(cls, stiff: GaussNewton, columns: int) -> "Nystrom":
        """From so many columns, those of all outputs of data drawn by their weight in G, from a fixed seed.

        Nothing is known, and the rank is zero, where G is zero or not finite.
        """
        k, phi, root = stiff.root.shape[1], stiff.at.data.phi.float(), stiff.root.float()
        chosen = drawn(stiff.root, max(columns // k, 1))
        few = in_single(stiff, phi[chosen])
        omega = leading(sandwiched(root[chosen], few.gram(), root[chosen]), TRUSTED)
        rows = phi.new_empty(omega.shape[1], len(phi) * k)
        for part in _parts(len(phi), len(chosen) * k * k):
            block = sandwiched(root[chosen], few.gram(phi=phi[part]), root[part])
            torch.mm(omega.T, block, out=rows[:, part.start * k : part.stop * k])
        return cls._orthonormal(rows)

    @classmethod
    def _orthonormal(cls, rows: Rows) -> "Nystrom":
        """Of rows Y, which are written over, with Y^T Y for G."""
        turn = leading(rows @ rows.T, 1.0)
        values = turn.square().sum(dim=0).reciprocal()
        for part in _parts(rows.shape[1], max(len(rows), 1)):
            rows[: turn.shape[1], part] = turn.T @ rows[:, part]
        return cls(rows[: turn.shape[1]], values)

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue; zero where none is known."""
        return float(self.values.max()) if len(self.values) else 0.0

    def conditioned(self, size: float, vector: Vector) -> Vector:
        """(1 + h G)^-1 w nearly, times 1 + h lambda, the smallest of the eigenvalues known, which others are like."""
        if not len(self.values):
            return vector
        parts = 1.0 - (1.0 + size * self.values.min()) / (1.0 + size * self.values)
        return vector - (self.vectors.T @ (parts * (self.vectors @ vector.float()))).to(vector)


def in_single(stiff: GaussNewton, phi: Features) -> NetworkAt:
    """The network in single precision, at embedded inputs."""
    cloud, network = stiff.at.seen.cloud, stiff.at.risk.network
    rounded = cloud.moved(cloud.positions.float())
    return NetworkAt(rounded, network.tiles(rounded, phi), network.scaled(cloud.masses.float()))


def drawn(root: Curvature, count: int) -> Tensor:
    """The numbers of so many data, drawn without repetition in proportion to |B_i|^2; fewer where others have none."""
    weights = root.square().sum(dim=(1, 2)).nan_to_num(0.0, 0.0, 0.0)
    waits = torch.from_numpy(generator(0, "columns").standard_exponential(len(weights))).to(weights) / weights
    count = max(min(count, int((weights > 0.0).sum())), 1)
    chosen: Tensor = waits.topk(count, largest=False).indices.sort().values
    return chosen


def leading(matrix: Float[Tensor, "numbers numbers"], part: float) -> Float[Tensor, "numbers rank"]:
    """Eigenvectors over the roots of their eigenvalues, for this part of them, the largest; none below rounding."""
    if not bool(matrix.isfinite().all()):
        return matrix[:, :0]
    values, vectors = torch.linalg.eigh(matrix.double())
    kept = values > ROUNDING * values.amax(dim=0, keepdim=True).clamp_min(0.0) if len(values) else values > 0.0
    kept[: len(values) - max(int(part * len(values)), 1)] = False
    scaled: Tensor = vectors[:, kept] / values[kept].sqrt()
    return scaled.to(matrix)


def _parts(count: int, each: int) -> list[slice]:
    """The numbers up to `count` in slices of at most `BLOCK` entries, where one of them has so many."""
    size = max(BLOCK // each, 1)
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]
