"""A splitting that solves the linear part of a noisy flow exactly: Ornstein-Uhlenbeck, force, Ornstein-Uhlenbeck."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from flows.base import DecayingFlow, Flow, NoisyFlow, Part, Together
from flows.integrators.fixed_step.grid import FixedStep
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import AnyFloat, Positions, Velocity

#: Streams of a step's noise for the two halves.
FIRST, SECOND = 0, 1


@dataclass(frozen=True, init=False)
class LinearSplitting(FixedStep):
    """exp(h/2 L) exp(h F) exp(h/2 L), L: d theta = -k theta dt + sigma dW, F: d theta / dt = force (Strang 1968).

    L is solved exactly whatever k h is, so a strong confinement limits neither the step nor the accuracy; F by the
    explicit midpoint rule, two forces a step. Laws are right to order 2 at every time and in the stationary state, for
    any masses and either pairing; paths to order 1. The linear part is that of a `DecayingFlow`, as every
    `LangevinFlow` is; other flows count as all force. Without force it is exact.

    The noise stands outside: with the force outside (two half steps of it, so twice the work) the stationary error on
    rippled wells is, at equal work, up to six times larger where the linear part is stiff and the same elsewhere.
    `LeimkuhlerMatthews` is better still in the stationary state, where it has order 2, but of order 1 on the way.
    """

    order: ClassVar[float] = 2.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT, Part.NOISE})
    together: ClassVar[Together] = Together.ONE_GRID

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """Relax half a step, move with the force, relax half a step."""
        half, end = 0.5 * size, time + size
        relaxed = cloud.moved(_relaxed(flow, cloud, time, half, noise.on(FIRST)))
        pushed = cloud.moved(_pushed(flow, relaxed, time, size))
        return _relaxed(flow, pushed, end, half, noise.on(SECOND))


def _force(flow: Flow, cloud: ParticleCloud, time: float) -> Velocity:
    return flow.force(cloud, time) if isinstance(flow, DecayingFlow) else flow.velocity(cloud, time)


def _pushed(flow: Flow, cloud: ParticleCloud, time: float, size: float) -> Positions:
    """theta + h F(theta + h/2 F(theta, t), t + h/2)."""
    middle = cloud.moved(cloud.positions + 0.5 * size * _force(flow, cloud, time))
    return cloud.positions + size * _force(flow, middle, time + 0.5 * size)


def _relaxed(flow: Flow, cloud: ParticleCloud, time: float, span: float, noise: StepNoise) -> Positions:
    """exp(-k s) theta + sigma sqrt((1 - exp(-2 k s)) / (2 k)) xi after the span s, with k and sigma of this time."""
    positions = cloud.positions
    rate = flow.decay(cloud, time) if isinstance(flow, DecayingFlow) else torch.zeros_like(positions)
    rate = rate[:, :1] if rate.stride(1) == 0 else rate  # one column stands for all
    moved = torch.exp(-span * rate) * positions
    if isinstance(flow, NoisyFlow):
        spread = (span * decayed_share(2.0 * span * rate)).sqrt()
        kick = noise.normals(positions, cloud.first).mul_(spread * flow.diffusion(cloud, time))
        moved = kick.add_(moved)
    return moved


def decayed_share(exponent: AnyFloat) -> AnyFloat:
    """(1 - exp(-z)) / z, one at z = 0."""
    safe = torch.where(exponent == 0.0, torch.ones_like(exponent), exponent)
    return torch.where(exponent == 0.0, torch.ones_like(exponent), -torch.expm1(-safe) / safe)
