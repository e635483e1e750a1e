"""A run as theorems see it: risks, eigenvalues, Gram change and movement at every frame, computed once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.problem import Problem
from particles import ParticleCloud
from particles.observables import movement
from particles.shapes import Gram, PerParticle, Scalar

PerFrame: TypeAlias = Float[Tensor, " frames"]
PerInterval: TypeAlias = Float[Tensor, " intervals"]
PerFrameAndParticle: TypeAlias = Float[Tensor, "frames particles"]

#: Below this part of the first risk a run is rounding: (1e-9)^2 in float64; what gradient descent leaves in float32.
NOISE = {torch.float64: 1e-18, torch.float32: 1e-9}


@dataclass(frozen=True, eq=False)
class Observed:
    """A run at its frames. Times from the first frame on; all in float64, whatever the clouds are stored in.

    `eigenvalues` are eig_min(P^(1/2) K_t P^(1/2)) at the frames, `slowest` bounds from below between them, see
    `_slowest`. `changes` are |K_t - K_0|_2, `movements` |theta_tj - theta_0j|.
    """

    problem: Problem
    start: ParticleCloud
    times: PerFrame
    risks: PerFrame
    eigenvalues: PerFrame
    slowest: PerInterval
    changes: PerFrame
    movements: PerFrameAndParticle
    dtype: torch.dtype

    @property
    def decays(self) -> PerFrame:
        """int_0^t eig_min(P^(1/2) K_s P^(1/2)) ds from below."""
        return from_zero(self.slowest * self.times.diff())

    @property
    def lengths(self) -> PerFrame:
        """int_0^t sqrt(2 R_s) ds from above: the risk of a gradient flow falls, so its value at the left end does."""
        return from_zero((2.0 * self.risks[:-1]).sqrt() * self.times.diff())

    @property
    def noise(self) -> Scalar:
        """The risk below which the run is rounding."""
        return NOISE[self.dtype] * self.risks[0]


#: A run: already observed, an open trajectory, or times with their clouds.
Run: TypeAlias = Observed | Recorded | Sequence[tuple[float, ParticleCloud]]


def observed(problem: Problem, run: Run) -> Observed:
    """The run observed frame by frame; one that is observed already is handed back.

    Raises ValueError for fewer than two frames, times that do not increase, or masses other than the problem's.
    """
    if isinstance(run, Observed):
        return run
    times, clouds = frames_of(run)
    frames = (in_double(stored) for stored in clouds)
    first = next(iter(clouds))
    start = in_double(first)
    check_masses(problem, start)
    gram, previous, rows, slowest = problem.risk.at(start).gram(), None, [], []
    for time, cloud in zip(times, frames, strict=True):
        at = problem.risk.at(cloud)
        now = at.gram()
        row = (problem.risk(cloud), _smallest(problem, now), _spectral(now - gram), movement(start, cloud))
        if previous is not None:
            before, earlier, risk, smallest = previous
            length = (2.0 * risk).sqrt() * (time - before)
            slowest.append(_slowest(problem, earlier, cloud, length, torch.minimum(smallest, row[1])))
        previous = time, cloud, row[0], row[1]
        rows.append(row)
    risks, eigenvalues, changes, movements = (torch.stack(column) for column in zip(*rows, strict=True))
    bounds = torch.stack(slowest).clamp_min(0.0)
    return Observed(problem, start, times - times[0], risks, eigenvalues, bounds, changes, movements, first.dtype)


def reach(problem: Problem, cloud: ParticleCloud) -> PerParticle:
    """c_j = eta_j rate s_j |a_j| lipschitz sqrt(sum_i p_i |phi_i|^2): |dw_j/dt| <= c_j sqrt(2 R) by Cauchy, Schwarz."""
    neuron, rates = problem.neuron, problem.risk.network.rates
    speeds = problem.risk.network.scaled(cloud.masses).gain * (1.0 if rates is None else rates[0])
    outputs: PerParticle = torch.linalg.vector_norm(cloud.positions[:, neuron.hidden :], dim=1)
    size: Scalar = (problem.weights @ problem.phi.square().sum(dim=1)).sqrt()
    return speeds * outputs * neuron.activation.lipschitz * size


def _slowest(problem: Problem, cloud: ParticleCloud, later: ParticleCloud, length: Scalar, smaller: Scalar) -> Scalar:
    """eig_min(P^(1/2) K_s P^(1/2)) from below between two frames, `smaller` the smaller one of both ends.

    For a smooth activation `smaller` itself, right wherever the eigenvalue is nowhere below both ends. Behind a kink it
    is not: particles come to rest on it and cross it back and forth. Then it is that of the particles alone that cannot
    have met a kink, whose part of K is constant: those with |z_ij| + |z'_ij| > |phi_i| c_j length for every datum i,
    z and z' at both ends, length = int sqrt(2 R_s) ds in between.
    """
    if problem.neuron.activation.smooth:
        return smaller
    hidden, phi = problem.neuron.hidden, problem.phi
    z, after = (each.positions[:, :hidden] @ phi.T for each in (cloud, later))
    moved = length * reach(problem, cloud)[:, None] * phi.norm(dim=1)
    steady = (z.abs() + after.abs() > moved).all(dim=1)
    mobility = problem.risk.scaling.mobility(cloud.masses)
    return _smallest(problem, problem.risk.at(cloud).gram(mobility * steady))


def _smallest(problem: Problem, gram: Gram) -> Scalar:
    """eig_min(P^(1/2) K P^(1/2))."""
    roots = problem.weights.repeat_interleave(problem.neuron.outputs).sqrt()
    smallest: Scalar = torch.linalg.eigvalsh(roots[:, None] * gram * roots)[0]
    return smallest


def _spectral(change: Gram) -> Scalar:
    largest: Scalar = torch.linalg.eigvalsh(change).abs().max()
    return largest


def in_double(cloud: ParticleCloud) -> ParticleCloud:
    """The cloud as theorems compute with it: on the CPU in float64."""
    return cloud.to(device="cpu", dtype=torch.float64)


def frames_of(run: Recorded | Sequence[tuple[float, ParticleCloud]]) -> tuple[PerFrame, Iterable[ParticleCloud]]:
    """Times, and clouds as they are kept. Raises ValueError for fewer than two, or times that do not increase."""
    clouds: Iterable[ParticleCloud] = run if isinstance(run, Recorded) else [cloud for _, cloud in run]
    moments = run.times if isinstance(run, Recorded) else [float(time) for time, _ in run]
    times = torch.as_tensor(moments, dtype=torch.float64)
    if len(times) < 2:
        raise ValueError(f"A run of {len(times)} frames cannot be checked; give two or more.")
    if bool((times.diff() <= 0.0).any()):
        raise ValueError("The times of a run must increase from frame to frame; sort its frames.")
    return times, clouds


def check_masses(problem: Problem, cloud: ParticleCloud) -> None:
    """Raise ValueError where the masses of a run are not those of the problem."""
    masses = problem.masses.double().cpu()
    if cloud.masses.shape != masses.shape or not torch.allclose(cloud.masses, masses, rtol=1e-4, atol=1e-9):
        raise ValueError("The masses of the run are not those of the problem; make the problem with the run's masses.")


def from_zero(pieces: PerInterval) -> PerFrame:
    """The sums [frames] of pieces up to each frame, zero at the first."""
    return torch.cat([pieces.new_zeros(1), pieces.cumsum(dim=0)])
