"""Gradient descent on a model that is linear in its parameters is an exact linear recursion of its outputs."""

from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.kernel_flow import KernelFlow, Times
from limits.theorems.base import Assumption, Result, Statement, fails, from_above, unchecked
from particles import Squared

STATEMENT = Statement("u_(t+1) - y = (I - (eta/n) K)(u_t - y)", "Hu et al. 2020, claim C.1")
#: Rounding of a run of gradient descent, relative to |r_0|.
ROUNDING = 1e-9


def linear_dynamics(flow: KernelFlow, times: Times, residuals: Float[Tensor, "times data outputs"]) -> Result:
    """u_t - y = (I - eta K P)^(t / eta) (u_0 - y) at these times, where P = 1/n for equal weights.

    `flow` is the closed form, a `KernelFlow` with the descent's step and its start; `residuals` are u_t - y of a run.
    """
    assumptions = (
        Assumption("squared loss", isinstance(flow.loss, Squared)),
        Assumption("steps of gradient descent", flow.step is not None),
    )
    if fails(assumptions):
        return unchecked(STATEMENT, assumptions)
    gaps = (residuals.double() - flow.residual(times).double()).flatten(1).norm(dim=1)
    first = flow.residual([0.0]).double().norm()
    return from_above(STATEMENT, assumptions, ROUNDING * first.reshape(1), gaps)
