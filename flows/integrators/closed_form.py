"""The closed form of a linearised flow as an integrator: one step over the whole run, without an error to control."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from flows.base import Advance, Flow, Part
from flows.fields.linearised import LinearisedFlow
from flows.integrators.error_controlled.step_control import Work
from flows.noise import StepNoise
from particles import FlowRefused, ParticleCloud


@dataclass(frozen=True, eq=False)
class ClosedFormState:
    """What the run has cost so far."""

    work: Work = Work()


@dataclass(frozen=True)
class ClosedForm:
    """`LinearisedFlow.exact` at every moment of a run: squared loss, no regulariser. What `Adaptive` takes for these.

    Raises FlowRefused for any other flow, and Unresolved where units of inputs leave a problem too large for a factor
    unknown.
    """

    order: ClassVar[float] = float("inf")
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    states: ClassVar[tuple[type, ...]] = (ClosedFormState, Work)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> ClosedFormState:
        """Refuses what has no closed form."""
        _linear(flow)
        return ClosedFormState()

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: ClosedFormState, time: float, until: float, noise: StepNoise
    ) -> Advance[ClosedFormState]:
        """The whole way at once; moments between are closed forms as well."""
        linear = _linear(flow)
        if cloud.dtype != torch.float64:  # the slow directions need more digits than the positions have
            linear = LinearisedFlow(linear.risk, linear.anchor.to(dtype=torch.float64))

        def at(moment: float) -> ParticleCloud:
            return linear.exact(moment - time, cloud).to(device=cloud.device, dtype=cloud.dtype)

        work = Work(accepted=state.work.accepted + 1, velocities=state.work.velocities + 1)
        return Advance(until, at(until), ClosedFormState(work), at)


def _linear(flow: Flow) -> LinearisedFlow:
    if not isinstance(flow, LinearisedFlow) or not flow.solvable:
        raise FlowRefused(
            f"The closed form is that of a LinearisedFlow with Squared() and without L2, but was given "
            f"{type(flow).__name__}; take Adaptive."
        )
    return flow
