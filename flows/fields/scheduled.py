"""A flow whose pace changes with time."""

from dataclasses import dataclass

from flows.base import Flow, Part, PiecewiseFlow, parts
from flows.rates import Rate, rate_at
from particles import FlowRefused, ParticleCloud, Risk
from particles.shapes import Velocity


@dataclass(frozen=True)
class Scheduled:
    """d theta_j / dt = rate(t) velocity_j(theta, t): another flow, whose learning rate is a function of time.

    `Euler(step=h)` on it is gradient descent with the learning rate h rate(t). `rate` is any non-negative function of
    time, such as `CosineDecay(10.0)`. What the flow itself has of time, its batches above all, goes on as without it.

    Raises FlowRefused for flows with noise, growth or inertia, whose temperatures and frictions say more than one pace.
    """

    flow: Flow
    rate: Rate

    def __post_init__(self) -> None:
        more = sorted(part.value for part in parts(self.flow) - {Part.TRANSPORT})
        if more:
            raise FlowRefused(
                f"Scheduled multiplies velocities, but {type(self.flow).__name__} also has {' and '.join(more)}; give "
                "it a flow of velocities alone."
            )

    @property
    def piece(self) -> float | None:
        """That of the flow: how long each of its batches is in force, None without batches."""
        return self.flow.piece if isinstance(self.flow, PiecewiseFlow) else None

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """rate(t) velocity_j [particles, dim]."""
        return rate_at(self.rate, time) * self.flow.velocity(cloud, time)


def risk_of(flow: Flow) -> Risk | None:
    """The risk that a flow, scheduled or not, goes by; None where it has none."""
    while isinstance(flow, Scheduled):
        flow = flow.flow
    risk = getattr(flow, "risk", None)
    return risk if isinstance(risk, Risk) else None
