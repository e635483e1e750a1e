"""The inverse of 1 - h A in function space by conjugate gradients: products with J and J^T, no Gram matrix."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from flows.integrators.function_space.damping import Damping
from flows.integrators.function_space.gauss_newton import GaussNewton, rooted, unrooted
from flows.integrators.function_space.matrix_free.nystrom import in_single
from flows.integrators.function_space.matrix_free.preconditioner import Preconditioner
from flows.integrators.function_space.shifted_solve import ROUGH_ENOUGH, Solved
from particles.risk.network import NetworkAt
from particles.shapes import AnyFloat, Curvature, Outputs, Velocity

#: The solution is right to this part of itself; a step errs by a sixth of it or more.
EXACT = 0.02
#: Iterations after which it is given with a doubt.
MOST_ITERATIONS = 200


@dataclass(frozen=True, eq=False, kw_only=True)
class Iterated(Solved):
    """What iterations give besides: `outputs`, J v [data, outputs], and the `preconditioner` to go on with."""

    outputs: Outputs
    preconditioner: Preconditioner


@dataclass(frozen=True, eq=False)
class Iterative:
    """The matrix 1 - h A = D + h M J^T C J of `Shifted`, by Woodbury's identity and conjugate gradients.

    With v_0 = D^-1 (right - M J^T q), w = B^T J v solves (1 + h B^T J D^-1 M J^T B) w = B^T J v_0, and
    v = v_0 - h D^-1 M J^T B w. An iteration is one product with J^T and one with J. Conjugate gradients make the error
    of w least in the norm of the matrix; that of v, in the norm of inverse mobilities, is at most root h times that.
    They end when what is left is a fiftieth of v, and of what v changes in the function.

    With a relative error `rough` that is tolerated, products are in single precision where h G is below 10^4. After too
    many iterations the solution has a `doubt`; where anything is not finite the solution is not either.
    """

    stiff: GaussNewton
    size: float
    rough: float
    curvature: AnyFloat | None
    preconditioner: Preconditioner

    def solve(self, right: Velocity, cotangents: Outputs | None = None) -> Iterated:
        """v = (1 - h A)^(-1) (right - M J^T q), its change of the function, and the preconditioner to hand on."""
        moving = right if cotangents is None else right - self.stiff.at.pull(cotangents)
        found = self._descended(self._damping.divided(moving))
        return found if cotangents is None else replace(found, total=found.total + cotangents)

    def _descended(self, first: Velocity) -> Iterated:
        """The solution from v_0; B^T J v is what conjugate gradients leave, and z is h B w."""
        root, size = self._root, self.size
        vector, outputs = first, self._seen.push(first.to(root))
        residual = rooted(root, outputs)
        total, step = torch.zeros_like(residual), torch.zeros_like(first)
        way = rest = self._conditioned(residual)
        product = residual @ rest
        iterations, reach, left = 0, 0.0, math.inf if float(product) > 0.0 else 0.0
        while left > EXACT and iterations < MOST_ITERATIONS:
            pulled = self._damping.divided(self._seen.pull(unrooted(root, way)).to(first))
            pushed = self._seen.push(pulled.to(root))
            image = torch.add(way, rooted(root, pushed), alpha=size)
            length = product / (way @ image)
            step = (size * length) * pulled
            vector, total = vector - step, total + length * way
            outputs, residual = outputs - (size * length) * pushed, residual - length * image
            rest, before = self._conditioned(residual), product
            product = residual @ rest
            pairs = (step, vector), (residual, rooted(root, outputs))
            norms = [torch.linalg.vector_norm(one).to(product) for pair in pairs for one in pair]
            gone, ahead, *sizes = torch.stack([length * before, product, *norms]).tolist()
            reach = max(reach, sizes[0] / math.sqrt(gone)) if gone > 0.0 else math.nan
            left = max(ratio(reach * math.sqrt(max(ahead, 0.0)), sizes[1]), ratio(*sizes[2:]))
            way = rest + (product / before) * way
            iterations += 1
        after = self._ready.after(iterations, residual.numel())
        changed = outputs.to(first)
        return Iterated(
            vector,
            self.stiff.rooted(changed),
            unrooted(root, size * total).to(first),
            step if left > EXACT else None,
            outputs=changed,
            preconditioner=after,
        )

    def _conditioned(self, residual: Tensor) -> Tensor:
        """Of a residual, nearly the error that it stands for."""
        sketch = self._ready.sketch
        return residual if sketch is None else sketch.made(self.stiff).conditioned(self._effective, residual)

    @cached_property
    def _ready(self) -> Preconditioner:
        return self.preconditioner.ready(self.stiff)

    @cached_property
    def _damping(self) -> Damping:
        return Damping(self.stiff, self.size, self.curvature)

    @cached_property
    def _effective(self) -> float:
        """h over the mean of D: the regulariser stands in the preconditioner as one number."""
        if self._damping.diagonal is None:
            return self.size
        return self.size * float(self._damping.diagonal.reciprocal().mean())

    @cached_property
    def _seen(self) -> NetworkAt:
        """The network of which products are taken, in single precision where that is good enough."""
        seen = in_single(self.stiff, self.stiff.at.data.phi.float()) if self._is_rough else self.stiff.at.seen
        return NetworkAt(seen.cloud, seen.tiles.kept(), seen.scaled)

    @cached_property
    def _root(self) -> Curvature:
        """B in the dtype of products."""
        return self.stiff.root.float() if self._is_rough else self.stiff.root

    @cached_property
    def _is_rough(self) -> bool:
        sketch = self._ready.sketch
        largest = 0.0 if sketch is None else sketch.made(self.stiff).largest
        return self.rough > 0.0 and self.size * largest <= ROUGH_ENOUGH


def ratio(part: float, whole: float) -> float:
    """One by the other, infinite where the other is zero."""
    return part / whole if whole != 0.0 else math.inf
