"""The adaptive Runge-Kutta pair of Dormand and Prince, of orders 5 and 4, with dense output."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch

from flows.base import Advance, Flow, Part
from flows.integrators.control import Controller, Pace, Tolerance, Work, euler_trial, next_time
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions, Velocity

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
CONTROLLER = Controller(power=5)


@dataclass(frozen=True, eq=False)
class DormandPrinceState:
    """The pace, and the velocity at the cloud reached, which is the first stage of the next step."""

    pace: Pace
    velocity: Velocity

    @property
    def work(self) -> Work:
        """Steps accepted and rejected and velocities evaluated so far."""
        return self.pace.work


@dataclass(frozen=True, eq=False)
class Trial:
    """A step from `time` of a given size, before it is judged: where it leads, its error, the velocities of its stages.

    The last of them is the velocity at the new positions.
    """

    cloud: ParticleCloud
    time: float
    size: float
    positions: Positions
    error: Positions
    velocities: tuple[Velocity, ...]

    def at(self, moment: float) -> ParticleCloud:
        """The cloud at any time inside the step, by the quartic of order 4 that belongs to the pair.

        With s = (moment - time) / h, theta_0 and theta_1 the positions at both ends, Delta = theta_1 - theta_0:
        theta_0 + s (Delta + (1 - s) (A + s (B + (1 - s) C))), where A = h v_1 - Delta, B = Delta - h v_7 - A and
        C = h sum_i d_i v_i.
        """
        s, start = (moment - self.time) / self.size, self.cloud.positions
        across = self.positions - start
        first = self.size * self.velocities[0] - across
        second = across - self.size * self.velocities[-1] - first
        third = combined(torch.zeros_like(start), self.velocities, DENSE, self.size)
        return self.cloud.moved(start + s * (across + (1.0 - s) * (first + s * (second + (1.0 - s) * third))))


@dataclass(frozen=True)
class DormandPrince:
    """An explicit method of order 5 with an error estimate of order 4 and dense output of order 4.

    theta <- theta + h sum_i b_i v_i with seven stages, the last being the first of the next step (Dormand and Prince
    1980). The error of every step is kept below `atol` per coordinate plus `rtol` times the distance the cloud has
    moved. A method for flows that are not stiff: its steps stay below 3.3 over the largest eigenvalue of K P, about.
    A run resumed by `evolve` chooses its steps anew and agrees to the tolerance; one continued from a kept state agrees
    to the bit.
    """

    rtol: float = 1e-6
    atol: float = 1e-12
    order: ClassVar[float] = 5.0
    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})

    def __post_init__(self) -> None:
        Tolerance(self.rtol, self.atol)

    @property
    def tolerance(self) -> Tolerance:
        """What error is allowed."""
        return Tolerance(self.rtol, self.atol)

    def init(self, flow: Flow, cloud: ParticleCloud, time: float = 0.0) -> DormandPrinceState:
        """The velocity at the start, and a first step from one more evaluation of it."""
        velocity = flow.velocity(cloud, time)
        size = euler_trial(cloud, velocity)
        change = flow.velocity(cloud.moved(cloud.positions + size * velocity), time + size) - velocity
        size = self.tolerance.first_step(CONTROLLER.power, cloud, velocity, change, size)
        return DormandPrinceState(Pace(cloud.positions, size, work=Work(velocities=2)), velocity)

    def step(
        self, flow: Flow, cloud: ParticleCloud, state: DormandPrinceState, time: float, until: float, noise: StepNoise
    ) -> Advance[DormandPrinceState]:
        """One accepted step. Raises ToleranceNotReached where no step is short enough."""
        pace = state.pace
        while True:
            size, reached = next_time(pace.size, time, until)
            trial = attempt(flow, cloud, state.velocity, time, size)
            pace = pace.worked(len(NODES) - 1)
            there = cloud.moved(trial.positions)
            error, moved = self.tolerance.measured(trial.error, there, pace)
            if error <= 1.0:
                break
            pace = CONTROLLER.rejected(pace, size, error, step=noise.step + 1, time=time)
        after = DormandPrinceState(CONTROLLER.accepted(pace, size, error, moved), trial.velocities[-1])
        return Advance(reached, there, after, partial(Trial.at, trial))


def attempt(flow: Flow, cloud: ParticleCloud, velocity: Velocity, time: float, size: float) -> Trial:
    """A step of this size from a cloud with this velocity; every stage sees the cloud moved to its own place."""
    velocities, positions = [velocity], cloud.positions
    for node, weights in zip(NODES[1:], STAGES[1:], strict=True):
        positions = combined(cloud.positions, velocities, weights, size)
        velocities.append(flow.velocity(cloud.moved(positions), time + node * size))
    error = combined(torch.zeros_like(positions), velocities, ERROR, size)
    return Trial(cloud, time, size, positions, error, tuple(velocities))


def combined(
    start: Positions, velocities: tuple[Velocity, ...] | list[Velocity], weights: tuple[float, ...], size: float
) -> Positions:
    """start + size sum_i weights_i velocities_i, in a new tensor."""
    result = start.clone()
    for velocity, weight in zip(velocities, weights, strict=True):
        if weight != 0.0:
            result.add_(velocity, alpha=size * weight)
    return result
