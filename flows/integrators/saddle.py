"""Whether a run has come to rest where the flow does not: an implicit step that is long enough stays on a saddle."""

import math

import torch

from flows.gauss_newton import GaussNewton
from flows.noise import StepNoise
from flows.shifted import Shifted
from particles import ToleranceNotReached
from particles.shapes import Velocity

#: Growth in a step above which rest is none, and the steps of the power iteration that looks for it.
GROWTH, ITERATIONS = 4.0, 6
#: A cloud is held where its velocity would take it this many times as far as it goes.
HELD = 5.0
#: Stream of the noise that the iteration begins with, apart from the flows' own.
STREAM = 66


def check_rest(stiff: GaussNewton, size: float, gone: Velocity, allowed: float, *, step: int, time: float) -> None:
    """Raise ToleranceNotReached where a cloud rests after a step of this size, and small deviations would leave it.

    It rests where it has `gone` no farther in the step than an error is `allowed` to be, or than a part of where its
    velocity would take it. On a saddle the flow leaves along directions in which its Jacobian A + N is positive, N what
    the Gauss-Newton part A leaves out; steps with h lambda > 1 damp them. They are what (1 - h A)^(-1) (1 + h N) makes
    grow, by a power iteration from noise.
    """
    cloud, flow = stiff.at.cloud, stiff.at.risk
    way, speed, extent = cloud.norms(gone, stiff.velocity, cloud.positions).tolist()
    if way > allowed and HELD * way > speed * size:
        return
    matrix, eps = Shifted(stiff, size), math.sqrt(torch.finfo(cloud.dtype).eps) * (extent or 1.0)
    direction = StepNoise(0, 0, STREAM).normals(cloud.positions, cloud.first)
    direction = direction * (stiff.at.mobility > 0.0)[:, None]
    grown = 0.0
    for _ in range(ITERATIONS):
        length = float(cloud.norms(direction))
        if not 0.0 < length < math.inf:
            return
        direction = direction / length
        probe = cloud.moved(torch.add(cloud.positions, direction, alpha=eps))
        turned = (flow.velocity(probe) - stiff.velocity) / eps - stiff.applied(direction)
        direction = matrix.solve(torch.add(direction, turned, alpha=size)).vector
        grown = float(cloud.norms(direction))
    if grown > GROWTH:
        rate = (grown - 1.0) / size
        reason = (
            f"the run rests on a saddle that the flow leaves at a rate of {rate:.2g} (set max_step={0.5 / rate:.2g})"
        )
        raise ToleranceNotReached(step=step, time=time, size=size, reason=reason)
