"""Whether the end of a run is right to its tolerance although positions are rounded in every step."""

import math

import torch

from flows.integrators.error_controlled.rejection_loop import Place
from flows.integrators.error_controlled.step_control import Pace, Tolerance, rounded
from particles import ParticleCloud
from particles.shapes import Velocity

#: Units of rounding by which a coordinate is rounded in a step, on average.
ROUNDED_BY = 0.25
#: A cloud whose velocity is below this many times the rounding of velocities is at rest.
REST = 4.0


def check_rounding(at: Place, end: ParticleCloud, velocity: Velocity, pace: Pace, tolerance: Tolerance) -> None:
    """Raise ToleranceNotReached where rounding makes the end of a run wrong by more than the tolerance.

    The last step begins `at` a place; the velocity is that at the end.

    Rounding of coordinate i in N steps over a time T is min(eps / 4 |theta_i| sqrt(N), T max |v_i|), v at both ends: a
    coordinate whose every step is rounded away is wrong by as far as it would have moved. A cloud that was at rest from
    the start is not refused: there its velocity is no larger than what changes of positions by one unit make of it.
    """
    allowed = tolerance.allowed(end.count * end.dim, pace.moved)
    unit = ROUNDED_BY * torch.finfo(end.dtype).eps * math.sqrt(pace.work.accepted)
    if math.hypot(pace.lost, unit * (pace.extent + pace.moved)) <= allowed:
        return
    start = end.moved(pace.start)
    speed = torch.maximum(at.flow.velocity(start, pace.began).abs(), velocity.abs())
    each = torch.minimum(unit * end.positions.abs(), (at.until - pace.began) * speed)
    rounding, fastest = end.norms(each, speed).tolist()
    wrong = math.hypot(pace.lost, rounding)
    if wrong > allowed and fastest > REST * rounded(at.flow, end, velocity, at.until):
        name = str(end.dtype).removeprefix("torch.")
        reason = f"rounding in {name} adds up to {wrong / allowed if allowed else math.inf:.3g} times the allowed error"
        reason += " (take float64)" if end.dtype == torch.float32 else ""
        raise at.unreached(at.until - at.time, reason)
