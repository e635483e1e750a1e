"""The largest eigenvalue, in absolute value, of how a velocity changes with the positions, from velocities alone."""

import math
from dataclasses import dataclass

import torch

from flows.base import Flow
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.compute.noise.normals import EARLIEST
from particles.shapes import Positions, Velocity

#: The iteration ends when an estimate changes by less than this part.
SETTLED = 0.01
#: It converges from below, and so is multiplied by this.
SAFETY = 1.1
MOST_ITERATIONS = 50
#: A difference of velocities below this many units of rounding says nothing.
NOISY = 32.0
#: Stream of the noise that the first direction contains, apart from the flows' own.
STREAM = 64


@dataclass(frozen=True, eq=False)
class SpectralRadius:
    """An upper estimate of |largest eigenvalue of dv/dtheta|, and the direction to start the next estimate from."""

    value: float
    direction: Positions
    velocities: int

    @classmethod
    def estimate(
        cls, flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float, direction: Positions | None = None
    ) -> "SpectralRadius":
        """Power iteration on differences: d <- [v(theta + eps d / |d|) - v(theta)] / eps, |d| tends to the radius.

        eps is sqrt(machine eps) |theta|, and longer where positions are so small that the difference is lost in the
        rounding of the velocity, up to sqrt(machine eps) for every coordinate. Starts from the last `direction`, or
        from noise: the velocity itself may have next to nothing of the leading direction (Sommeijer, Shampine and
        Verwer 1998, section 5, begin with it).
        """
        if direction is None:
            direction = StepNoise(0, 0, STREAM, version=EARLIEST).normals(cloud.positions, cloud.first)
        extent, length, speed = cloud.norms(cloud.positions, direction, velocity).tolist()
        unit = torch.finfo(cloud.dtype).eps
        natural = math.sqrt(cloud.count * cloud.dim)
        eps = math.sqrt(unit) * (extent or natural)
        before = math.inf
        for count in range(1, MOST_ITERATIONS + 1):
            probe = torch.add(cloud.positions, direction, alpha=eps / length)
            changed = (flow.velocity(cloud.moved(probe), time) - velocity).div_(eps)
            radius = float(cloud.norms(changed))
            if radius * eps <= NOISY * unit * speed and eps < math.sqrt(unit) * natural:
                eps = min(1e3 * eps, math.sqrt(unit) * natural)
                continue
            if not (math.isfinite(radius) and radius > 0.0):
                return cls(SAFETY * before if math.isfinite(before) else 0.0, direction, count)
            if abs(radius - before) <= SETTLED * radius:
                break
            direction, length, before = changed, radius, radius
        return cls(SAFETY * radius, changed, count)
