"""Descent by moments of the gradient, as `torch.optim.Adam` and `torch.optim.AdamW` do it."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch

from flows.base import Flow, Together
from flows.integrators.fixed_step.optimiser import Optimiser, Remembered, share, what_decays
from flows.rates import Rate
from particles import ParticleCloud
from particles.arguments.display import line
from particles.arguments.reals import positive
from particles.shapes import Positions, Velocity


@dataclass(frozen=True, eq=False)
class Moments(Remembered):
    """Averages over past steps of the velocity and of its square, and the largest such square with `amsgrad`."""

    mean: Velocity
    square: Velocity
    largest: Velocity | None


@dataclass(frozen=True, init=False)
class Adam(Optimiser[Moments]):
    """theta <- theta + step m / (sqrt(s) + eps), m and s averages of the velocity and its square, by coordinates.

    m <- beta_1 m + (1 - beta_1) u and s <- beta_2 s + (1 - beta_2) u^2, in the step both over 1 - beta^n at step n
    from 1, and u = velocity - weight_decay theta. With `decoupled` u is the velocity, and theta is multiplied by
    1 - step weight_decay instead. With `amsgrad` s is in the step the largest that it was. This is
    `torch.optim.Adam(lr=step, betas, eps, weight_decay, amsgrad)`, `AdamW` where `decoupled`, whose gradient is minus
    the flow's velocity, with one of its steps in every `step` of time (Kingma and Ba 2015; Loshchilov and Hutter 2019;
    Reddi, Kale and Kumar 2018).

    It is no discretisation of the flow: as the step goes to zero the cloud follows, to order 1 and away from turning
    points, d theta / dt = v / (|v| + eps), so mobilities make no difference beside `eps`. So it claims order 0. The
    last step before an `until` that is no multiple of the step has the learning rate that is left. `weight_decay` acts
    on what moves (`Optimiser`), and `schedule` is a function of time that multiplies the step.

    Raises ValueError for betas that are not two numbers from 0 to below 1, and for an eps that is not positive.
    """

    betas: tuple[float, float]
    eps: float
    decoupled: bool
    amsgrad: bool
    order: ClassVar[float] = 0.0
    together: ClassVar[Together] = Together.ONE_GRID
    states: ClassVar[tuple[type, ...]] = (Moments,)

    def __init__(
        self,
        step: float | None = None,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled: bool = False,
        amsgrad: bool = False,
        schedule: Rate | None = None,
    ) -> None:
        super().__init__(step, weight_decay, schedule)
        if len(betas) != 2:
            raise ValueError(f"betas are {line(betas)}, but two numbers are needed, of the mean and of the square.")
        object.__setattr__(self, "betas", tuple(share(beta, "A beta") for beta in betas))
        object.__setattr__(self, "eps", positive(eps, "eps"))
        object.__setattr__(self, "decoupled", decoupled)
        object.__setattr__(self, "amsgrad", amsgrad)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Moments:
        """Moments of zero, as of no step."""
        self._size()
        zero = torch.zeros_like(cloud.positions)
        return Moments(0, zero, zero, zero if self.amsgrad else None)

    def descended(
        self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, state: Moments, rate: float
    ) -> tuple[Positions, Moments]:
        """One step of `torch.optim.Adam` or `AdamW`."""
        positions, count = cloud.positions, state.count + 1
        if self.weight_decay > 0.0:
            decay = what_decays(flow, cloud)
            if self.decoupled:
                positions = positions - (rate * self.weight_decay) * decay
            else:
                velocity = velocity - self.weight_decay * decay
        first, second = self.betas
        mean = (first * state.mean).add_((1.0 - first) * velocity)
        square = (second * state.square).add_(((1.0 - second) * velocity).mul_(velocity))
        largest = None if state.largest is None else torch.maximum(state.largest, square)
        root = (square if largest is None else largest).sqrt()
        root = root.div_(math.sqrt(1.0 - second**count)).add_(self.eps)
        moved = (mean * (rate / (1.0 - first**count))).div_(root).add_(positions)
        return moved, Moments(count, mean, square, largest)
