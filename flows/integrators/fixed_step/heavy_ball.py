"""Gradient descent with momentum, as `torch.optim.SGD` does it."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from flows.base import Flow, Together
from flows.integrators.fixed_step.optimiser import Optimiser, Remembered, share, what_decays
from flows.rates import Rate
from particles import ParticleCloud
from particles.shapes import Positions, Velocity


@dataclass(frozen=True, eq=False)
class Momentum(Remembered):
    """The sum of past velocities, each step's weighed by momentum once for every step since [particles, dim]."""

    sum: Velocity


@dataclass(frozen=True, init=False)
class HeavyBall(Optimiser[Momentum]):
    """b <- momentum b + (1 - dampening) u, theta <- theta + step b, where u = velocity - weight_decay theta.

    With `nesterov` theta <- theta + step (u + momentum b); in the first step b = u. This is `torch.optim.SGD(lr=step,
    momentum, nesterov, dampening, weight_decay)`, whose gradient is minus the flow's velocity, with one of its steps
    in every `step` of time (Polyak 1964; Nesterov 1983; Sutskever, Martens, Dahl and Hinton 2013).

    It is no discretisation of the flow in its own time: as the step goes to zero the cloud goes, to order 1, where a
    flow with (1 - dampening) / (1 - momentum) times the velocity takes it: with momentum 0.9 ten times as far. So it
    claims order 0, and 1 where that factor is one and nothing decays and nothing is scheduled. The last step before an
    `until` that is no multiple of the step has the learning rate that is left. `weight_decay` acts on what moves
    (`Optimiser`), and `schedule` is a function of time that multiplies the step, such as `CosineDecay(10.0)`.

    Raises ValueError for a momentum of one or more or below zero, and for `nesterov` without momentum or with
    dampening, of which there is no such form.
    """

    momentum: float
    nesterov: bool
    dampening: float
    together: ClassVar[Together] = Together.ONE_GRID
    states: ClassVar[tuple[type, ...]] = (Momentum,)

    def __init__(
        self,
        step: float | None = None,
        momentum: float = 0.9,
        nesterov: bool = False,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        schedule: Rate | None = None,
    ) -> None:
        super().__init__(step, weight_decay, schedule)
        object.__setattr__(self, "momentum", share(momentum, "The momentum"))
        object.__setattr__(self, "nesterov", nesterov)
        object.__setattr__(self, "dampening", share(dampening, "The dampening"))
        if nesterov and (self.momentum == 0.0 or self.dampening > 0.0):
            raise ValueError(
                f"nesterov needs a momentum and no dampening, but momentum is {momentum!r} and dampening "
                f"{dampening!r}; leave nesterov out, or give others."
            )

    @property
    def order(self) -> float:  # type: ignore[override]
        """1 where it goes to the flow as the step goes to zero, 0 where to another one."""
        paced = self.momentum in (0.0, self.dampening)
        return 1.0 if paced and self.weight_decay == 0.0 and self.schedule is None else 0.0

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Momentum:
        """Nothing is remembered yet."""
        self._size()
        return Momentum(0, torch.zeros_like(cloud.positions))

    def descended(
        self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, state: Momentum, rate: float
    ) -> tuple[Positions, Momentum]:
        """One step of `torch.optim.SGD`."""
        if self.weight_decay > 0.0:
            velocity = velocity - self.weight_decay * what_decays(flow, cloud)
        if self.momentum == 0.0:
            return cloud.positions + rate * velocity, Momentum(state.count + 1, state.sum)
        if state.count == 0:
            total = velocity
        else:
            fresh = velocity if self.dampening == 0.0 else (1.0 - self.dampening) * velocity
            total = (self.momentum * state.sum).add_(fresh)
        direction = (self.momentum * total).add_(velocity) if self.nesterov else total
        return (rate * direction).add_(cloud.positions), Momentum(state.count + 1, total)
