"""The longest stable step of an explicit method on a gradient flow: its largest eigenvalue, matrix-free."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from flows.base import DecayingFlow, Flow, Part, parts
from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.noise import StepNoise
from particles import ParticleCloud, Risk
from particles.arguments.display import line
from particles.arguments.reals import positive
from particles.compute.noise.normals import EARLIEST
from particles.shapes import AnyFloat, Gram

Vector = Float[Tensor, " numbers"]

#: The eigenvalue is known to this part of itself when the iteration ends.
SETTLED = 1e-4
MOST_ITERATIONS = 100
#: Stream of the noise the iteration starts from, apart from the flows' own.
STREAM = 64


@dataclass(frozen=True)
class StepBound:
    """A step chosen for stability: `Euler(step=StepBound(0.5))` takes half the longest stable one.

    h = safety b / lambda_max(K P C), where b is the length of the method's real stability interval (2 for Euler and
    Heun, 2.785 for RK4) and C the curvature of the loss. `evolve` evaluates it once, at the cloud it is given, and the
    step stays. A resumed run is given another cloud and would find another step: to continue bit for bit, fix the
    number first, `integrator = Euler(step=StepBound(0.5)).resolved(flow, cloud)`, and record `integrator.size`.

    The second derivatives of the neurons, weighted by the residual, are left out: they vanish as the fit improves.
    """

    safety: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "safety", positive(self.safety, "The safety of StepBound"))

    def longest_step(self, flow: Flow, cloud: ParticleCloud, interval: float = 2.0) -> float:
        """safety interval / lambda_max at this cloud, for a stability interval of this length."""
        risk = getattr(flow, "risk", None)
        if not isinstance(risk, Risk) or Part.INERTIA in parts(flow):
            raise TypeError(
                f"StepBound needs the gradient flow of a risk, which {type(flow).__name__} is not; give a step."
            )
        rate = largest_eigenvalue(risk, cloud) + _decay(flow, risk, cloud)
        if not 0.0 < rate < math.inf:
            raise ValueError(
                f"The largest eigenvalue of K P C is {line(rate)} at this cloud, which bounds no step; give a step."
            )
        return self.safety * interval / rate


def largest_eigenvalue(risk: Risk, cloud: ParticleCloud) -> float:
    """lambda_max(K P C) = lambda_max(B^T K B), B B^T = P C, by products with J and J^T: K is never written.

    Rather too large, by the residual of the Ritz value: a part of 1e-4 or less.
    """
    stiff = GaussNewton.of(risk, cloud)
    noise = StepNoise(0, 0, STREAM, version=EARLIEST).normals(stiff.at.data.targets).reshape(-1)
    return ritz_bound(lambda vector: stiff.push(stiff.pull(vector)), noise / float(torch.linalg.vector_norm(noise)))


def ritz_bound(product: Callable[[Vector], Vector], first: Vector) -> float:
    """The largest eigenvalue of a symmetric positive product, by Lanczos from a vector of length one.

    The largest Ritz value plus the norm of its residual; the basis is kept orthogonal, all of it.
    """
    basis, projected = first[None], torch.zeros(0, 0, dtype=torch.float64)
    while True:
        image = product(basis[-1])
        overlaps = basis @ image
        rest = image - overlaps @ basis
        rest = rest - (basis @ rest) @ basis
        length = float(torch.linalg.vector_norm(rest))
        projected = _bordered(projected, overlaps.double().cpu())
        values, vectors = torch.linalg.eigh(projected)
        largest, residual = float(values[-1]), length * abs(float(vectors[-1, -1]))
        if not residual > SETTLED * largest or len(basis) == min(MOST_ITERATIONS, first.numel()):
            return largest + residual
        basis = torch.cat([basis, rest[None] / length])


def _bordered(matrix: Gram, column: Vector) -> AnyFloat:
    """A symmetric matrix with one more row and column."""
    wide = torch.cat([matrix, column[:-1, None]], dim=1)
    return torch.cat([wide, column[None]])


def _decay(flow: Flow, risk: Risk, cloud: ParticleCloud) -> float:
    """The fastest linear decay, of regulariser and confinement; added to the eigenvalue it bounds that of the sum."""
    rates = flow.decay(cloud, 0.0) if isinstance(flow, DecayingFlow) else risk.at(cloud).decay
    return float(cloud.largest(rates))
