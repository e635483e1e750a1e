"""A run as theorems on moving features see it: risks, active fractions and steps of the features, computed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from limits.kernel_training.lazy_gap import Recorded
from limits.theorems.feature_learning.active_region import ActiveRegion
from limits.theorems.feature_learning.rates import Rates
from limits.theorems.observed import NOISE, PerFrame, PerInterval, check_masses, frames_of, in_double, reach
from limits.theorems.problem import Problem
from particles import ActiveFraction, ParticleCloud
from particles.shapes import Hidden, PerParticle, Scalar

#: A run: times with their clouds, or an open trajectory.
Frames: TypeAlias = Recorded | Sequence[tuple[float, ParticleCloud]]


@dataclass(frozen=True, eq=False)
class Followed:
    """A run at its frames. Times from the first frame on; all in float64, whatever the clouds are stored in.

    `active` are eta_t = min_i sum_j lambda_j 1{h_ij in I} at the frames, `steady` bounds it from below between them,
    `middle` is the fraction in I_0 at the first frame. `steps` are sum_j |P^(1/2) (h_j - h_j before)|^2 / eta_j.
    """

    problem: Problem
    region: ActiveRegion
    rates: Rates
    times: PerFrame
    risks: PerFrame
    active: PerFrame
    steady: PerInterval
    middle: Scalar
    steps: PerInterval
    dtype: torch.dtype

    @property
    def noise(self) -> Scalar:
        """The risk below which the run is rounding."""
        return NOISE[self.dtype] * self.risks[0]


def followed(problem: Problem, run: "Followed | Frames", region: ActiveRegion = ActiveRegion()) -> Followed:
    """The run followed frame by frame; one that is followed already is handed back.

    Raises ValueError for fewer than two frames, times that do not increase, or masses other than the problem's.
    """
    if isinstance(run, Followed):
        return run
    times, clouds = frames_of(run)
    first = next(iter(clouds))
    start = in_double(first)
    check_masses(problem, start)
    observable = ActiveFraction(problem.risk, problem.risk.data.inputs.double().cpu(), region.least, region.most)
    mobility = problem.risk.scaling.mobility(start.masses)
    shares = torch.where(mobility > 0.0, 1.0 / mobility, 0.0)
    hidden, phi = problem.neuron.hidden, problem.phi.cpu()
    rows, steady, steps = [], [], []
    before: tuple[float, Scalar, Hidden] | None = None
    middle = region.fraction(start.positions[:, :hidden] @ phi.T, start.masses)
    for time, stored in zip(times.tolist(), clouds, strict=True):
        cloud = in_double(stored)
        risk, h = problem.risk(cloud), cloud.positions[:, :hidden] @ phi.T
        if before is not None:
            length = (2.0 * before[1]).sqrt() * (time - before[0])
            moved = length * reach(problem, cloud)[:, None] * phi.norm(dim=1)
            steady.append(_steady(region, before[2], h, moved, cloud.masses))
            steps.append(shares @ ((h - before[2]).square() @ problem.weights.cpu()))
        before = time, risk, h
        rows.append((risk, observable(cloud)))
    risks, active = (torch.stack(column) for column in zip(*rows, strict=True))
    found = (Rates.of(problem), times - times[0], risks, active, torch.stack(steady), middle, torch.stack(steps))
    return Followed(problem, region, *found, first.dtype)


def _steady(region: ActiveRegion, h: Hidden, later: Hidden, moved: Hidden, masses: PerParticle) -> Scalar:
    """min_i sum_j lambda_j 1{h_ij cannot have left I}, `moved` being the longest way in between.

    A way that touches a border is at least as long as its ends are far from it together.
    """
    inside = (h - region.least + later - region.least > moved) & (region.most - h + region.most - later > moved)
    at_ends = (h > region.least) & (h < region.most) & (later > region.least) & (later < region.most)
    least: Scalar = (masses @ (inside & at_ends).to(masses.dtype)).min()
    return least
