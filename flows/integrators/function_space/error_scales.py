"""What integrators in function space measure errors by: how far the cloud, and its function, have come."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from flows.integrators.error_controlled.step_control import Tolerance, ratio
from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.noise import StepNoise
from particles import Squared
from particles.compute.noise.normals import EARLIEST
from particles.shapes import Positions

#: Stream of the noise that stands for rounding of the positions, apart from the flows' own.
STREAM = 65
#: Why a tolerance cannot be reached where rounding is in the way.
UNITS = (
    "rounding hides the slow directions of training behind the fast ones; standardise the columns of the inputs, "
    "which have very different units, or take float64"
)


@dataclass(frozen=True, eq=False)
class Scales:
    """The distances that errors are relative to, and what rounding does to both; norms are |theta|_F and
    sqrt(sum_i p_i |f(x_i)|^2).

    `distance` and `change` are how far the positions and the function have been from `start` and from `outputs`, the
    function there [n k]. Both have really been gone: what a linear model promises of the rest of a run plays no part.
    Of the squared loss the residual of the start counts as a change, which is known and what training is about.
    """

    start: Positions
    outputs: Tensor
    rounding: float
    blur: float
    distance: float = 0.0
    change: float = 0.0

    @classmethod
    def of(cls, stiff: GaussNewton) -> "Scales":
        """Before a run. Rounding moves trained coordinates by eps |theta|_F, and the function as such noise does."""
        cloud = stiff.at.cloud
        eps = torch.finfo(stiff.at.cloud.dtype).eps
        columns = stiff.at.risk.network.neuron.trained_columns
        trained = torch.zeros_like(cloud.positions)
        trained[:, columns] = cloud.positions[:, columns]
        noise = trained * StepNoise(0, 0, STREAM, version=EARLIEST).normals(cloud.positions, cloud.first)
        outputs = stiff.weighed(stiff.at.predictions)
        blur = torch.linalg.vector_norm(stiff.weighed(stiff.at.push(noise))) + torch.linalg.vector_norm(outputs)
        squared = isinstance(stiff.at.risk.loss, Squared)
        change = float(torch.linalg.vector_norm(stiff.weighed(stiff.at.residual))) if squared else 0.0
        rounding = eps * float(cloud.norms(trained))
        return cls(cloud.positions, outputs, rounding, eps * float(blur), change=change)

    def went(self, distance: float, change: float) -> "Scales":
        """After positions and function have been this far from the start."""
        return replace(self, distance=max(self.distance, distance), change=max(self.change, change))

    def judged(self, sizes: Sequence[float], coordinates: int, tolerance: Tolerance) -> float:
        """An error in units of the tolerance, the larger of two: in the positions, of so many coordinates, and in the
        function, of these sizes. Infinite where one is not finite."""
        if not all(map(math.isfinite, sizes)):
            return math.inf
        allowed = (
            tolerance.allowed(coordinates, self.distance) + self.rounding,
            tolerance.allowed(1, self.change) + self.blur,
        )
        return max(ratio(size, limit) for size, limit in zip(sizes, allowed, strict=True))


@dataclass(frozen=True)
class Judged:
    """Errors of a trial in units of the tolerance: of the method, and what rounding leaves open (`doubt`).

    `scales` are those after the trial, `velocities` how many it took.
    """

    error: float
    doubt: float
    scales: Scales
    velocities: int = 1

    @property
    def larger(self) -> float:
        """The one that counts."""
        return max(self.error, self.doubt)
