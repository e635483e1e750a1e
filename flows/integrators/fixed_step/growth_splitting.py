"""A splitting for flows whose masses evolve: half a step of growth, a step of any fixed-step scheme, half of growth."""

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, runtime_checkable

import torch

from flows.base import Advance, Flow, Gridded, GrowingFlow, Integrator, Part, Resizable, StepRule
from flows.integrators.fixed_step.optimiser import Optimiser
from flows.integrators.fixed_step.walled import Walled
from flows.noise import StepNoise
from particles import FlowDiverged, ParticleCloud
from particles.shapes import PerParticle


@runtime_checkable
class Transport(Integrator[Any], Resizable, Gridded, Protocol):
    """A scheme for positions whose steps are known before they are taken."""

    def next(self, time: float, until: float) -> tuple[float, float, float]:
        """Start, size and end of the step from `time`."""
        ...


@dataclass(frozen=True)
class GrowthSplitting:
    """exp(h/2 G) exp(h X) exp(h/2 G) with G: d log lambda / dt = growth, X the flow in positions (Strang 1968).

    `transport` is the scheme for X: `GrowthSplitting(RK4(0.1))`. G over a span s is solved by
    lambda_j <- lambda_j exp(s growth_j) / Z with the growth at the middle of the span, where half such a step leads:
    order 2, exact where the growth does not depend on the masses. Masses stay non-negative and sum to one whatever the
    step. Order 2 as a whole, or the order of `transport` if that is lower. A flow without growth is its transport.
    Raises FlowDiverged where a growth is not finite.
    """

    transport: Transport

    def __post_init__(self) -> None:
        scheme = self.transport.scheme if isinstance(self.transport, Walled) else self.transport
        if isinstance(scheme, Optimiser):
            raise TypeError(
                f"The transport is {type(scheme).__name__}, which would forget its past between two steps of "
                "growth; take Euler, Heun, RK4 or EulerMaruyama."
            )

    @property
    def order(self) -> float:
        """2, or that of the transport if it is lower."""
        return min(2.0, self.transport.order)

    @property
    def handles(self) -> frozenset[Part]:
        """What the transport handles, and growth."""
        return self.transport.handles | {Part.GROWTH}

    @property
    def grid(self) -> float | None:
        """The step of the transport."""
        return self.transport.grid

    @property
    def stays_inside(self) -> bool:
        """Whether the transport does; growth is asked for inside the step."""
        return self.transport.stays_inside

    def sized(self, step: float | StepRule) -> Self:
        """The same with this step for the transport."""
        return replace(self, transport=self.transport.sized(step))

    def resolved(self, flow: Flow, cloud: ParticleCloud) -> Self:
        """The same with a number for the transport's step, where it had a rule."""
        return replace(self, transport=self.transport.resolved(flow, cloud))

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> None:
        """Nothing is carried from step to step: what the transport would carry is stale once masses have changed."""
        self.transport.init(flow, cloud, time)

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """One step of the transport between two half steps of growth."""
        start, size, _ = self.transport.next(time, until)
        grown = _grown(flow, cloud, start, 0.5 * size, noise)
        taken = self.transport.step(flow, grown, self.transport.init(flow, grown, start), time, until, noise)
        return Advance(taken.time, _grown(flow, taken.cloud, start + 0.5 * size, 0.5 * size, noise), None)


def _grown(flow: Flow, cloud: ParticleCloud, time: float, span: float, noise: StepNoise) -> ParticleCloud:
    """The cloud with the masses it has a span later; the noise tells the number of the step."""
    if not isinstance(flow, GrowingFlow):
        return cloud
    half = _reweighted(cloud, 0.5 * span * flow.growth(cloud, time), time, noise)
    return _reweighted(cloud, span * flow.growth(half, time + 0.5 * span), time, noise)


def _reweighted(cloud: ParticleCloud, gain: PerParticle, time: float, noise: StepNoise) -> ParticleCloud:
    """lambda_j exp(gain_j) / sum_k lambda_k exp(gain_k), without overflow; mass zero stays zero whatever its gain."""
    gain = torch.where(cloud.masses > 0.0, gain, -torch.inf)
    broken = torch.isnan(gain) | (gain == torch.inf)
    if bool(broken.any()):
        raise FlowDiverged(step=noise.step + 1, time=time, particles=int(broken.sum()), count=cloud.count)
    grown = cloud.masses * torch.exp(gain - gain.max())
    return cloud.reweighted(grown / grown.sum())
