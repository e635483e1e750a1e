"""The adaptive Runge-Kutta pair of Dormand and Prince, of orders 5 and 4, with dense output."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from flows.base import Flow, Together
from flows.integrators.error_controlled.headway import Headway
from flows.integrators.error_controlled.step_control import FLOOR, Controller, Found, Pace, Work, next_time
from flows.integrators.error_controlled.velocity_only import Inner, Paced, PacedState, Stages, Stride, Weight
from flows.integrators.explicit_step import ExplicitStep, combined
from particles import ParticleCloud
from particles.shapes import AnyFloat

#: Times of the stages, in steps.
NODES = (0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0)
#: Weights of the velocities before in the position of each stage; the last row gives the step itself, of order 5.
STAGES = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
#: The step of order 5 minus that of order 4.
ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
#: The fourth-order term of the dense output (Hairer, Norsett and Wanner 1993, II.6).
DENSE = (
    -12715105075 / 11282082432,
    0.0,
    87487479700 / 32700410799,
    -10690763975 / 1880347072,
    701980252875 / 199316789632,
    -1453857185 / 822651844,
    69997945 / 29380423,
)
#: Velocities that are smooth change from step to step by rates that grow by less than this; where they jump, a step is
#: wrong by no more than this part of itself times what they change by.
SMOOTH, JUMP = 2.0, 0.5
#: The pair's estimate over h |v_7 - v_1|, for a mode with h rate = 2.5 that leads both; such a mode is kept from
#: growing by shorter steps, which then grow by little.
LEADING, SHORTER, LONGER = 0.1, 0.9, 1.1


@dataclass(frozen=True, eq=False)
class DormandPrinceState(PacedState):
    """The pace, and the velocity at the cloud reached, which is the first stage of the next step."""


@dataclass(frozen=True, eq=False)
class Quartic(ExplicitStep):
    """A step with the velocities of its seven stages."""

    order: ClassVar[float] = 4.0

    def at(self, moment: float) -> ParticleCloud:
        """The cloud by the quartic that belongs to the pair.

        With s = (moment - time) / h, theta_0 and theta_1 the positions at both ends, Delta = theta_1 - theta_0:
        theta_0 + s (Delta + (1 - s) (A + s (B + (1 - s) C))), where A = h v_1 - Delta, B = Delta - h v_7 - A and
        C = h sum_i d_i v_i.
        """
        s = (moment - self.time) / self.size
        start = self.cloud.positions
        across = self.positions - start
        first = self.size * self.velocities[0] - across
        second = across - self.size * self.velocities[-1] - first
        third = combined(torch.zeros_like(start), self.velocities, DENSE, self.size)
        return self.cloud.moved(start + s * (across + (1.0 - s) * (first + s * (second + (1.0 - s) * third))))


@dataclass(frozen=True)
class DormandPrince(Paced[DormandPrinceState]):
    """An explicit method of order 5 with an error estimate of order 4 and dense output of order 4.

    theta <- theta + h sum_i b_i v_i with seven stages, the last being the first of the next step (Dormand and Prince
    1980). The error of every step is kept below `atol` per coordinate plus `rtol` times the distance the cloud has
    moved. A method for flows that are not stiff: its steps stay below 3.3 over the largest eigenvalue of K P, about.
    A run resumed by `evolve` chooses its steps anew and agrees to the tolerance; one continued from a kept state agrees
    to the bit.
    """

    rtol: float = 1e-6
    order: ClassVar[float] = 5.0
    controller: ClassVar[Controller] = Controller.remembering(5)
    together: ClassVar[Together] = Together.OWN_PACE
    states: ClassVar[tuple[type, ...]] = (DormandPrinceState, Pace, Headway, Work)
    holds: ClassVar[type[Any]] = DormandPrinceState
    steps: ClassVar[type[ExplicitStep]] = Quartic

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> DormandPrinceState:
        """The velocity at the start, and a first step."""
        velocity = flow.velocity(cloud, time)
        return DormandPrinceState(self.begun(flow, cloud, velocity, time, self.max_step), velocity)

    def stride(
        self, state: DormandPrinceState, time: float, until: float, dtype: torch.dtype = torch.float64
    ) -> Stride:
        """The step that the pace proposes."""
        longest = min(state.pace.longest, self.max_step)
        return Stride(*next_time(state.pace.size, time, until, longest), len(NODES) - 1)

    def moments(self, stride: Stride, time: float) -> Sequence[float]:
        """The times of the stages but the first, whose velocity is known."""
        return [time + node * stride.size for node in NODES[1:]]

    def weights(self, stride: Stride, stages: int) -> list[float]:
        """The size; all else is the same in every step."""
        return [stride.size]

    def tried(self, inner: Inner, start: AnyFloat, velocity: AnyFloat, weights: Sequence[Weight]) -> Stages:
        """The stages one after another."""
        (size,) = weights
        velocities = [velocity]
        positions = start
        for stage, row in enumerate(STAGES[1:]):
            positions = combined(start, velocities, row, size)
            velocities.append(inner(positions, stage))
        return positions, combined(torch.zeros_like(positions), velocities, ERROR, size), tuple(velocities)

    def beside(self, velocities: Sequence[AnyFloat]) -> Sequence[AnyFloat]:
        """What the velocity changes by in the step."""
        return (velocities[-1] - velocities[0],)

    def found(self, sizes: Sequence[float], coordinates: int, pace: Pace, stride: Stride) -> Found:
        """What is found by the pair's estimate, where velocities are smooth.

        Where they jump, as those of ReLUs do, it may be next to nothing by chance. And where a stiff mode leads it
        shows that stability holds the step back: a mode that rings at the limit would keep within the tolerance, and
        disturb the others all the time.
        """
        error, distance, change = sizes
        rate = change / stride.size
        bend = max(rate, pace.bend / SMOOTH)
        resolved = stride.size * change > torch.finfo(pace.start.dtype).eps * FLOOR * (pace.extent + pace.moved)
        if resolved and 0.0 < SMOOTH * pace.bend < rate:
            error = max(error, JUMP * stride.size * change)
            bend = SMOOTH * pace.bend
        found = self.tolerance.judged(error, distance, coordinates, pace, stride.size)
        held = resolved and sizes[0] > LEADING * stride.size * change
        return found._replace(bend=bend, longest=SHORTER * stride.size if held else LONGER * pace.longest)
