"""The lazy gap: how far the function of a finite cloud is from the kernel flow while it trains."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.kernel_flow import KernelFlow, Times
from particles import ParticleCloud, Risk, ShapeError, tangent_gram
from particles.observables import Observable
from particles.risk.dataset import checked_inputs
from particles.shapes import Inputs, OtherInputs, Outputs, Scalar

Gap = Float[Tensor, " times"]


@runtime_checkable
class Recorded(Protocol):
    """Clouds in the order of their times: an open trajectory, or any object with `times` and an iteration of clouds."""

    @property
    def times(self) -> Times:
        """The flow time of every cloud."""
        ...

    def __iter__(self) -> Iterator[ParticleCloud]:
        """The clouds."""
        ...


def lazy_gap(trajectory: Recorded, flow: KernelFlow, risk: Risk, inputs: OtherInputs | None = None) -> Gap:
    """Root mean square over data and outputs of f_t - f_t^kernel at every time of a trajectory: [times].

    f_t is the prediction of `risk` (by its neuron and scaling) for the cloud at time t, and f_t^kernel that of the
    flow, both at the flow's data or at other `inputs`; all data count alike. The gap starts at zero only if the flow
    has the cloud's own initial function as its `start`.
    Raises ShapeError unless there is one time for each cloud and both have as many outputs, and what
    `KernelFlow.predictions` raises.
    """
    at = flow.data.inputs if inputs is None else inputs
    found = torch.stack([risk.predictions(cloud, at.to(cloud.positions)) for cloud in trajectory]).double()
    expected = flow.predictions(torch.as_tensor(trajectory.times), inputs).double()
    if found.shape != expected.shape:
        raise ShapeError(
            f"The clouds predict {tuple(found.shape)} [times, data, outputs], but the kernel flow "
            f"{tuple(expected.shape)}; give one time for each cloud, and the flow as many outputs."
        )
    return (found - expected.to(found)).square().mean(dim=(1, 2)).sqrt()


@dataclass(frozen=True, eq=False)
class LazyGap(Observable):
    """Root mean square over inputs and outputs of f - f_t^K, t = time and K the tangent kernel at the start.

    f_t^K is the kernel gradient flow on the risk's data from the start's own function: kernel regression stopped at
    that time, the end of it by default. So this is `lazy_gap` at one time, as an observable, which means something of
    clouds at that time of their own flow. Losses other than the squared one need a finite time. Raises ValueError for a
    risk with a regulariser, which the kernel flow does not know, and for a negative time, TypeError, ShapeError or
    ValueError for inputs that are not a finite float tensor [data, inputs], and what `KernelFlow` raises.
    """

    risk: Risk
    start: ParticleCloud
    inputs: Inputs
    time: float = math.inf

    def __post_init__(self) -> None:
        checked_inputs(self.inputs)
        if self.risk.strength != 0.0:
            raise ValueError(
                f"The kernel flow knows no regulariser, but the risk has one of strength {self.risk.strength!r}; give "
                "a risk without."
            )
        if not self.time >= 0.0:
            raise ValueError(f"The time of LazyGap is {self.time!r}, but a non-negative one is needed.")

    @cached_property
    def _expected(self) -> Outputs:
        risk, start = self.risk, self.start.detached()
        flow = KernelFlow(
            lambda x1, x2: tangent_gram(risk, start, x1, x2),
            risk.data,
            risk.loss,
            start=lambda x: risk.predictions(start, x),
        )
        return flow.predictions(self.time, self.inputs)

    def __call__(self, cloud: ParticleCloud) -> Scalar:
        """The gap, a scalar."""
        found = self.risk.predictions(cloud, self.inputs.to(cloud.positions))
        return (found - self._expected.to(found)).square().mean().sqrt()
