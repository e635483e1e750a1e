"""The BAOAB splitting for flows with inertia: kick, drift, friction and noise, drift, kick."""

import math
from dataclasses import dataclass
from typing import ClassVar

from flows.base import Advance, Flow, KineticFlow, Part
from flows.fields.kinetic import KineticCloud, kinetic
from flows.integrators.fixed_step.grid import GivenStep, on_grid
from flows.noise import StepNoise
from particles import FlowRefused, ParticleCloud
from particles.shapes import Velocity


@dataclass(frozen=True, eq=False)
class Driven:
    """The acceleration at the cloud reached: the last kick of a step and the first of the next share it."""

    acceleration: Velocity


@dataclass(frozen=True, init=False)
class BAOAB(GivenStep):
    """One step of `d theta = v dt, d v = (F - gamma v) dt + sqrt(2 gamma) a dW` (Leimkuhler and Matthews 2013).

        v <- v + h/2 F(theta, t);  theta <- theta + h/2 v;  v <- exp(-gamma h) v + sqrt(1 - exp(-2 gamma h)) a xi;
        theta <- theta + h/2 v;  v <- v + h/2 F(theta, t + h)

    One acceleration a step. Laws are right to order 2, the stationary one of positions with a small constant that
    vanishes for large friction, and exactly where F is linear. Stable on an oscillator of frequency omega while
    h omega < 2, at any friction; the pace of the motion is right only where h gamma is small too: for large h gamma
    this is `LeimkuhlerMatthews` with step h^2 / 2. Without noise and friction it is velocity Verlet.

    Where accelerations are those of batches, a place is kicked by the batch in force at the time when it is met, half
    at the end of one step and half at the beginning of the next: one batch a place, and each for all of its time.

    The clouds it hands on are `KineticCloud`s and a start without velocities is at rest; a run resumed from such a
    cloud is the uninterrupted one bit for bit.
    """

    order: ClassVar[float] = 2.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT, Part.INERTIA})
    stays_inside: ClassVar[bool] = True
    states: ClassVar[tuple[type, ...]] = (Driven, KineticCloud)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Driven:
        """The acceleration at the start."""
        return Driven(_kinetic(flow).acceleration(cloud, on_grid(self._size(), time)))

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Driven, time: float, until: float, noise: StepNoise
    ) -> Advance[Driven]:
        """One step; the acceleration is that of the cloud it reaches."""
        flow, begin = _kinetic(flow), kinetic(cloud)
        start, size, reached = self.next(time, until)
        half = 0.5 * size
        speed = begin.velocities + half * state.acceleration
        middle = begin.moved(begin.positions + half * speed)
        kept, shaken = math.exp(-flow.friction * size), math.sqrt(-math.expm1(-2.0 * flow.friction * size))
        agitation = flow.agitation(middle, start + half)
        speed = noise.normals(begin.positions).mul_(shaken * agitation).add_(kept * speed)
        end = middle.moved(middle.positions + half * speed)
        after = flow.acceleration(end, on_grid(self._size(), reached))
        return Advance(reached, end.moved(end.positions, speed + half * after), Driven(after))


def _kinetic(flow: Flow) -> KineticFlow:
    if not isinstance(flow, KineticFlow):
        raise FlowRefused(
            f"BAOAB handles inertia, but {type(flow).__name__} has none; take an UnderdampedFlow, or EulerMaruyama or "
            "LeimkuhlerMatthews for this one."
        )
    return flow
