"""The lazy gap: how far the function of a finite cloud is from the kernel flow while it trains."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from limits.kernel_training.kernel_flow import KernelFlow, Times
from particles import ParticleCloud, Risk, ShapeError
from particles.shapes import OtherInputs

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
