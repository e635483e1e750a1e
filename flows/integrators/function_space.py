"""What integrators in function space measure errors by: how far the cloud moves, and the residual it starts from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from flows.gauss_newton import GaussNewton
from flows.integrators.control import Tolerance, ratio
from particles import ParticleCloud
from particles.shapes import Positions, Velocity


@dataclass(frozen=True, eq=False)
class Scales:
    """The distance |theta - theta(start)|_F that the cloud moves and the residual sqrt(sum_i p_i |r_i|^2) at the start.

    The distance is the larger of what has been moved and what an implicit Euler step over the whole run predicts, so
    the first moments of a run are not resolved more finely than its end asks for.
    """

    start: Positions
    distance: float
    residual: float

    @classmethod
    def of(cls, stiff: GaussNewton, span: float) -> "Scales":
        """Before a run over this span of time."""
        whole, _ = stiff.shifted(span).solve(span * stiff.velocity)
        cloud = stiff.at.cloud
        return cls(cloud.positions, float(cloud.norms(whole)), float(torch.linalg.vector_norm(stiff.weighted_residual)))

    def reached(self, cloud: ParticleCloud) -> "Scales":
        """After the particles have come to where they are in this cloud."""
        return self.went(float(cloud.norms(cloud.positions - self.start)))

    def went(self, distance: float) -> "Scales":
        """After the cloud has been this far from the start."""
        return replace(self, distance=max(self.distance, distance))

    def error(self, cloud: ParticleCloud, vector: Velocity, change: Tensor, tolerance: Tolerance) -> float:
        """An error of the cloud's positions [particles, dim] and of the function [n k] in units of the tolerance, the
        larger.

        rtol is relative to the distance in the positions and to the residual in the function; infinite where anything
        is not finite.
        """
        sizes = torch.cat([cloud.norms(vector), torch.linalg.vector_norm(change)[None]]).tolist()
        return self.judged(sizes, cloud.count * cloud.dim, tolerance)

    def judged(self, sizes: Sequence[float], coordinates: int, tolerance: Tolerance) -> float:
        """The same of the two norms, of errors in so many coordinates of the positions and in the function."""
        if not all(map(math.isfinite, sizes)):
            return math.inf
        allowed = (tolerance.allowed(coordinates, self.distance), tolerance.allowed(1, self.residual))
        return max(ratio(size, limit) for size, limit in zip(sizes, allowed, strict=True))
