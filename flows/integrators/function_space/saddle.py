"""Whether a run has come to rest where the flow does not: an implicit step that is long enough stays on a saddle."""

import math

import torch

from flows.integrators.function_space.gauss_newton import GaussNewton
from flows.integrators.function_space.matrix_free.choice import solver
from flows.integrators.function_space.matrix_free.preconditioner import Preconditioner
from particles import ToleranceNotReached

#: Growth of the velocity over a step, in e-folds, from which on an implicit step damps what the flow makes grow.
DAMPED = 1.0


def check_rest(
    stiff: GaussNewton, size: float, *, step: int, time: float, preconditioner: Preconditioner | None = None
) -> None:
    """Raise ToleranceNotReached where a step of this size has held a cloud that its velocity F would drive away.

    The flow leaves a saddle along a direction in which its Jacobian is positive. The velocity that is left there lies
    along it, once v = (1 - h A)^(-1) F has damped what is stiff. Its rate is (v, dF/dtheta v) / (v, v) in the inner
    product of inverse mobilities, in which the Jacobian is symmetric, from one difference of velocities. Where rate
    times step is above one, a step that followed the flow would go farther and farther, and an implicit one stands.
    """
    cloud, mobilities = stiff.at.cloud, stiff.at.mobilities
    vector = solver(stiff, size, preconditioner=preconditioner).solve(stiff.velocity).vector
    length, extent = cloud.norms(vector, cloud.positions).tolist()
    if not 0.0 < length < math.inf:
        return
    eps = math.sqrt(torch.finfo(cloud.dtype).eps) * (extent or 1.0) / length
    turned = stiff.model.velocity(cloud.moved(torch.add(cloud.positions, vector, alpha=eps))) - stiff.velocity
    weights = torch.where(mobilities > 0.0, mobilities.rsqrt(), 0.0)
    plus, minus, own = (weights * part for part in (vector + turned / eps, vector - turned / eps, vector))
    along, across, whole = cloud.norms(plus, minus, own).tolist()
    rate = (along**2 - across**2) / (4.0 * whole**2) if whole > 0.0 else 0.0
    if rate * size > DAMPED:
        reason = (
            f"the run rests on a saddle that the flow leaves at a rate of {rate:.2g} (set max_step={0.5 / rate:.2g})"
        )
        raise ToleranceNotReached(step=step, time=time, size=size, reason=reason)
