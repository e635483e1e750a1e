"""Whether a run has come to rest where the flow does not: an implicit step that is long enough stays on a saddle."""

import math

import torch

from flows.gauss_newton import GaussNewton
from particles import ToleranceNotReached

#: Growth of the velocity over a step, in e-folds, from which on an implicit step damps what the flow makes grow.
DAMPED = 1.0


def check_rest(stiff: GaussNewton, size: float, *, step: int, time: float) -> None:
    """Raise ToleranceNotReached where a step of this size has held a cloud that its velocity F would drive away.

    On a saddle the flow leaves along a direction in which its Jacobian is positive; what is left of the velocity there
    lies along it. Its rate is (F, dF/dtheta F) / (F, F) in the inner product of inverse mobilities, in which the
    Jacobian is symmetric, from one difference of velocities. Where rate times step is above one, a step that follows
    the flow would go farther and farther, and one that is made implicit stands still.
    """
    cloud, mobility = stiff.at.cloud, stiff.at.mobility
    speed, extent = cloud.norms(stiff.velocity, cloud.positions).tolist()
    if not 0.0 < speed < math.inf:
        return
    eps = math.sqrt(torch.finfo(cloud.dtype).eps) * (extent or 1.0) / speed
    turned = stiff.at.risk.velocity(cloud.moved(torch.add(cloud.positions, stiff.velocity, alpha=eps))) - stiff.velocity
    weights = torch.where(mobility > 0.0, mobility.rsqrt(), 0.0)[:, None]
    along, across = cloud.norms(weights * (stiff.velocity + turned), weights * (stiff.velocity - turned)).tolist()
    own = float(cloud.norms(weights * stiff.velocity))
    rate = (along**2 - across**2) / (4.0 * eps * own**2) if own > 0.0 else 0.0
    if rate * size > DAMPED:
        reason = (
            f"the run rests on a saddle that the flow leaves at a rate of {rate:.2g} (set max_step={0.5 / rate:.2g})"
        )
        raise ToleranceNotReached(step=step, time=time, size=size, reason=reason)
