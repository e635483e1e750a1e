"""Planted errors: integrators and flows that are wrong in one way each, which the contract suites must reject."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from flows import (
    RK4,
    Advance,
    Euler,
    EulerMaruyama,
    Flow,
    HeavyBall,
    Heun,
    LangevinFlow,
    NoisyFlow,
    Part,
    StepNoise,
)
from flows.integrators.fixed_step.heavy_ball import Momentum
from particles import ParticleCloud, Risk
from particles.shapes import Positions, Velocity
from tests.problems import MeasureFlow


@dataclass(frozen=True, eq=False)
class OldMeasure:
    """Moves the particle but evaluates the field of the measure at the start of the step."""

    flow: MeasureFlow
    measure: ParticleCloud

    def velocity(self, cloud: ParticleCloud, time: float) -> Velocity:
        """The old measure's field at the new places."""
        return self.flow.field(cloud.positions, self.measure, time)


@dataclass(frozen=True, init=False)
class StaleTimeHeun(Heun):
    """The second stage forgets that time has passed."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """Both velocities at the time of the first."""
        first = flow.velocity(cloud, time)
        second = flow.velocity(cloud.moved(cloud.positions + size * first), time)
        return cloud.positions + 0.5 * size * (first + second)


@dataclass(frozen=True, init=False)
class StaleMeasureHeun(Heun):
    """The second stage moves the particle in the field of the measure before the step."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """Heun's step of the flow with the measure held."""
        return super().moved(OldMeasure(flow, cloud), cloud, time, size, noise)


@dataclass(frozen=True, init=False)
class StaleMeasureRK4(RK4):
    """All inner stages move the particle in the field of the measure before the step."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The Runge-Kutta step of the flow with the measure held."""
        return super().moved(OldMeasure(flow, cloud), cloud, time, size, noise)


@dataclass(frozen=True, init=False)
class FlatRK4(RK4):
    """Four velocities with equal weights."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """Weights 1/4 instead of 1/6, 1/3, 1/3, 1/6."""
        start = cloud.positions
        first = flow.velocity(cloud, time)
        second = flow.velocity(cloud.moved(start + 0.5 * size * first), time + 0.5 * size)
        third = flow.velocity(cloud.moved(start + 0.5 * size * second), time + 0.5 * size)
        fourth = flow.velocity(cloud.moved(start + size * third), time + size)
        return start + 0.25 * size * (first + second + third + fourth)


@dataclass(frozen=True, init=False)
class HalfEuler(Euler):
    """Half a step under the name of a whole one."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h/2 v."""
        return super().moved(flow, cloud, time, 0.5 * size, noise)


@dataclass(frozen=True, init=False)
class OverwritingEuler(Euler):
    """Adds to the positions it was handed."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v in place."""
        return cloud.positions.add_(flow.velocity(cloud, time), alpha=size)


@dataclass(frozen=True, init=False)
class OverwritingHeun(Heun):
    """Adds to the velocity that the flow handed out, which may be the flow's own."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The second velocity is summed into the first."""
        first = flow.velocity(cloud, time)
        second = flow.velocity(cloud.moved(cloud.positions + size * first), time + size)
        return cloud.positions + 0.5 * size * first.add_(second)


@dataclass(frozen=True, init=False)
class DecayingEuler(Euler):
    """Shrinks every position by a millionth a step, as a forgotten weight decay would."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """(1 - 1e-6) theta + h v."""
        return super().moved(flow, cloud, time, size, noise) - 1e-6 * cloud.positions


@dataclass(frozen=True, init=False)
class EqualisingEuler(Euler):
    """Returns equal masses, whatever came."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """The right positions in a new cloud without the masses."""
        taken = super().step(flow, cloud, state, time, until, noise)
        return replace(taken, cloud=ParticleCloud(taken.cloud.positions))


@dataclass(frozen=True, init=False)
class WideningEuler(Euler):
    """Turns float32 into float64 on the way."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """The right positions in another dtype."""
        taken = super().step(flow, cloud, state, time, until, noise)
        return replace(taken, cloud=taken.cloud.to(dtype=torch.float64))


@dataclass(frozen=True, init=False)
class SequentialEuler(Euler):
    """Moves one particle after the other, so that the later ones see the earlier ones moved."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta_j + h v_j with the particles before j at their new places."""
        positions = cloud.positions.clone()
        for particle in range(cloud.count):
            positions[particle] += size * flow.velocity(cloud.moved(positions), time)[particle]
        return positions


@dataclass(frozen=True, init=False)
class CountingEuler(Euler):
    """Clips by the root of a sum over particles that forgets their masses."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v / (1 + h |v|), |v| the norm of all velocities."""
        velocity = flow.velocity(cloud, time)
        return cloud.positions + size * velocity / (1.0 + size * velocity.norm())


@dataclass(frozen=True, init=False)
class SummingEuler(Euler):
    """Adds steps up instead of counting them."""

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: None, time: float, until: float, noise: StepNoise
    ) -> Advance[None]:
        """The time is a running sum, and the last step may go beyond `until`."""
        size = self._size()
        return Advance(time + size, cloud.moved(self.moved(flow, cloud, time, size, noise)), None)


@dataclass(frozen=True, eq=False)
class Remembered:
    """The velocity of the step before."""

    velocity: Velocity


@dataclass(frozen=True)
class ForgetfulAdamsBashforth:
    """The two-step Adams-Bashforth method, whose memory of the step before is lost when a run is resumed."""

    size: float
    order: ClassVar[float] = 2.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> Remembered:
        """Starts as Euler does."""
        return Remembered(flow.velocity(cloud, time))

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: Remembered, time: float, until: float, noise: StepNoise
    ) -> Advance[Remembered]:
        """theta + h (3 v - v_before) / 2."""
        velocity = flow.velocity(cloud, time)
        moved = cloud.moved(cloud.positions + 0.5 * self.size * (3.0 * velocity - state.velocity))
        return Advance(round(time / self.size + 1.0) * self.size, moved, Remembered(velocity))


@dataclass(frozen=True, init=False)
class ModestEuler(Euler):
    """Claims no order."""

    order: ClassVar[float] = 0.0


@dataclass(frozen=True, init=False)
class ProudBall(HeavyBall):
    """Claims an order of a flow that it does not follow."""

    order: ClassVar[float] = 1.0  # type: ignore[assignment]


@dataclass(frozen=True, init=False)
class ForgetfulBall(HeavyBall):
    """Begins anew in every step."""

    def descended(
        self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, state: Momentum, rate: float
    ) -> tuple[Positions, Momentum]:
        """A first step."""
        return super().descended(flow, cloud, velocity, self.init(flow, cloud), rate)


@dataclass(frozen=True, init=False)
class OverwritingBall(HeavyBall):
    """Adds to the sum that was handed out."""

    def descended(
        self, flow: Flow, cloud: ParticleCloud, velocity: Velocity, state: Momentum, rate: float
    ) -> tuple[Positions, Momentum]:
        """b in place."""
        total = state.sum.mul_(self.momentum).add_(velocity)
        return cloud.positions + rate * total, Momentum(state.count + 1, total)


@dataclass(frozen=True, init=False)
class SameNoiseMaruyama(EulerMaruyama):
    """Draws the noise of the first step in every step."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v + sqrt(h) sigma xi_0."""
        return super().moved(flow, cloud, time, size, replace(noise, step=0))


@dataclass(frozen=True, init=False)
class SteadyMaruyama(EulerMaruyama):
    """Multiplies the noise by the step instead of its root."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v + h sigma xi."""
        moved = cloud.positions + size * flow.velocity(cloud, time)
        if isinstance(flow, NoisyFlow):
            moved = moved + size * flow.diffusion(cloud, time) * noise.normals(cloud.positions)
        return moved


@dataclass(frozen=True, init=False)
class LateMaruyama(EulerMaruyama):
    """Reads the strength of the noise at the end of the step."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v(t) + sqrt(h) sigma(t + h) xi."""
        moved = cloud.positions + size * flow.velocity(cloud, time)
        if isinstance(flow, NoisyFlow):
            strength = math.sqrt(size) * flow.diffusion(cloud, time + size)
            moved = moved + strength * noise.normals(cloud.positions)
        return moved


@dataclass(frozen=True, init=False)
class GlobalMaruyama(EulerMaruyama):
    """Draws from torch's global generator, which no resumed run can find again."""

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """theta + h v + sqrt(h) sigma times global noise."""
        moved = cloud.positions + size * flow.velocity(cloud, time)
        if isinstance(flow, NoisyFlow):
            moved = moved + math.sqrt(size) * flow.diffusion(cloud, time) * torch.randn_like(cloud.positions)
        return moved


@dataclass(frozen=True)
class FlippedFlow:
    """Climbs."""

    risk: Risk

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """+eta_j grad R."""
        return -self.risk.velocity(cloud)


@dataclass(frozen=True)
class ImmobileFlow:
    """Forgets the mobility 1 / lambda_j of the mean-field scaling."""

    risk: Risk

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-grad R."""
        return cloud.masses[:, None] * self.risk.velocity(cloud)


@dataclass(frozen=True)
class LooseFlow:
    """Moves frozen coordinates as well, by a decay."""

    risk: Risk

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-eta_j grad R - theta_j."""
        return self.risk.velocity(cloud) - 1e-3 * cloud.positions


@dataclass(frozen=True)
class WritingFlow:
    """Scales the positions it was handed."""

    risk: Risk

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-eta_j grad R where the cloud is, which is then elsewhere."""
        velocity = self.risk.velocity(cloud)
        cloud.positions[:, -1] *= 1.001
        return velocity


@dataclass(frozen=True)
class WideningFlow:
    """Answers in float64 whatever came."""

    risk: Risk

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-eta_j grad R in float64."""
        return self.risk.velocity(cloud).double()


@dataclass(frozen=True)
class ScaledNoiseFlow(LangevinFlow):
    """Noise of the wrong strength: without the root of two, or a little too strong."""

    strength: float = 1.0

    def diffusion(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """A multiple of sigma."""
        return self.strength * super().diffusion(cloud, time)


@dataclass(frozen=True)
class ImmobileLangevinFlow(LangevinFlow):
    """Forgets the mobility in the drift but not in the noise."""

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-grad (R + U)."""
        return cloud.masses[:, None] * super().velocity(cloud, time)


@dataclass(frozen=True)
class ShakingFlow(LangevinFlow):
    """Shakes every coordinate, trained or not."""

    def diffusion(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """The largest sigma of each particle in all its coordinates."""
        return super().diffusion(cloud, time).amax(dim=1, keepdim=True).expand_as(cloud.positions)
