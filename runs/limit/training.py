"""Clouds of one width, trained side by side and measured: the loop that an estimate of their limit calls."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from flows import Flow, Integrator, MembersFailed, evolve, evolve_all
from flows.base import StepRule
from limits import Drawn
from particles import Ensemble, FlowRefused, ParticleCloud
from particles.arguments import arguments_checked
from particles.arguments.reals import finite
from runs.limit.moments import Moments, Quantity, quantities_of
from runs.limit.observed import Observables, observables_of

#: A flow for all clouds, or a function that makes that of one, as where it refers to the start.
FlowOf: TypeAlias = Flow | Callable[[Drawn], Flow]


@dataclass(frozen=True, eq=False)
class Trained:
    """Trains clouds of one width and measures them: clouds -> tensor [clouds, quantities], in float64.

    All clouds of a call share their operations (`evolve_all`) where flow, neuron and integrator have a form for that;
    else they are trained one by one. Each has the noise of its seed, its first particle the number that it has there.
    """

    flow: FlowOf
    integrator: Integrator[Any]
    times: tuple[float, ...]
    observables: Observables

    def __call__(self, clouds: Sequence[Drawn]) -> Tensor:
        """The quantities of every cloud [clouds, quantities], in the order of `quantities`.

        Raises the error of the first cloud whose training fails, ValueError for a time at which the integrator has no
        state.
        """
        moments = [Moments(observables_of(self.observables, one), self.times) for one in clouds]
        flows = [self.flow_of(one) for one in clouds]
        try:
            if not self._together(flows, clouds, moments):
                self._one_by_one(flows, clouds, moments)
        except MembersFailed as failed:
            raise failed.failures[min(failed.failures)] from failed
        return torch.stack([one.values() for one in moments])

    def quantities(self, cloud: ParticleCloud) -> tuple[Quantity, ...]:
        """What is measured of clouds like this one."""
        return tuple(quantities_of(observables_of(self.observables, Drawn(cloud, 0)), self.times, cloud))

    def flow_of(self, one: Drawn) -> Flow:
        """The flow of a cloud."""
        return self.flow if isinstance(self.flow, Flow) else self.flow(one)

    def _together(self, flows: Sequence[Flow], clouds: Sequence[Drawn], moments: Sequence[Moments]) -> bool:
        """Train all clouds as an ensemble; False where that is refused."""
        if len(clouds) == 1 or isinstance(getattr(self.integrator, "size", None), StepRule):
            return False
        try:
            evolve_all(
                *(flows, Ensemble.of([one.cloud for one in clouds]), self.integrator),
                until=self.times[-1],
                observers=[[one] for one in moments],
                seeds=[one.seed for one in clouds],
                firsts=[one.first for one in clouds],
            )
        except FlowRefused:  # where it holds for one cloud as well, that says so again
            return False
        return True

    def _one_by_one(self, flows: Sequence[Flow], clouds: Sequence[Drawn], moments: Sequence[Moments]) -> None:
        for flow, one, seen in zip(flows, clouds, moments, strict=True):
            evolve(
                *(flow, one.cloud, self.integrator),
                until=self.times[-1],
                observers=[seen],
                seed=one.seed,
                first=one.first,
            )


@arguments_checked
def trained(
    flow: FlowOf,
    integrator: Integrator[Any],
    *,
    until: float,
    observables: Observables,
    times: Sequence[float] = (),
) -> Trained:
    """What trains clouds until a flow time and measures them there, and at `times` before: for `infinite_width`.

    `flow` is one for all clouds, or a function of a `Drawn` cloud where it refers to that. `observables` are functions
    of a cloud by name, or a function of the `Drawn` cloud that gives them, such as
    `lambda start: {"movement": MeanMovement(start.cloud)}`; their values are numbers, or arrays whose shape does not
    depend on the width. With a step that is given, times are multiples of it. Raises ValueError for times that are
    negative, not finite or after `until`.
    """
    end = finite(until, "The time until which clouds are trained")
    asked = sorted({*(finite(time, "A time at which clouds are measured") for time in times), end})
    if asked[0] < 0.0 or asked[-1] > end:
        raise ValueError(
            f"Clouds are trained from time 0 until {until!r}, but measured at times from {asked[0]!r} to "
            f"{asked[-1]!r}; give times in between."
        )
    return Trained(flow, integrator, tuple(asked), observables)
