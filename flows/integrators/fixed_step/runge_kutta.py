"""Explicit Runge-Kutta methods with a given step: one way to take a step, and a tableau for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from flows.base import Flow, Part
from flows.integrators.explicit_step import ExplicitStep, combined
from flows.integrators.fixed_step.grid import FixedStep
from flows.noise import StepNoise
from particles import ParticleCloud
from particles.shapes import Positions, Velocity


@dataclass(frozen=True)
class Row:
    """The sum of velocities times whole numbers, over another: (1, 2, 2, 1) / 6."""

    numbers: tuple[int, ...]
    over: int = 1

    @property
    def node(self) -> float:
        """The time of the stage that this leads to, in steps."""
        return sum(self.numbers) / self.over

    def moved(self, start: Positions, velocities: Sequence[Velocity], size: float) -> Positions:
        """start + size / over sum_i numbers_i velocities_i, in a new tensor."""
        terms = [v if n == 1 else float(n) * v for n, v in zip(self.numbers, velocities, strict=True) if n]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return start + size / self.over * total


@dataclass(frozen=True)
class Tableau:
    """An explicit Runge-Kutta method: the rows of its stages from the second on, and that of its step.

    `between` has for every velocity v_i the coefficients of s, s^2, ... in b_i(s), so that
    theta(t + s h) = theta(t) + h sum_i b_i(s) v_i, which costs no further velocity. `error` has the weights of the step
    minus those of an embedded one; None where the method embeds none.
    """

    stages: tuple[Row, ...]
    step: Row
    between: tuple[tuple[float, ...], ...]
    error: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class RungeKuttaStep(ExplicitStep):
    """A step by a tableau."""

    tableau: Tableau

    @property
    def error(self) -> Positions | None:
        """An estimate of the error of the embedded method's step; None where the tableau embeds none."""
        weights = self.tableau.error
        start = self.cloud.positions
        return None if weights is None else combined(torch.zeros_like(start), self.velocities, weights, self.size)

    def at(self, moment: float) -> ParticleCloud:
        """The cloud by the polynomial of the tableau."""
        s = (moment - self.time) / self.size
        weights = [sum(number * s**power for power, number in enumerate(row, start=1)) for row in self.tableau.between]
        return self.cloud.moved(combined(self.cloud.positions, self.velocities, weights, self.size))


@dataclass(frozen=True, init=False)
class RungeKutta(FixedStep):
    """An explicit method by its tableau. `dense` is the order of its steps in between, tested."""

    handles: ClassVar[frozenset[Part]] = frozenset({Part.TRANSPORT})
    tableau: ClassVar[Tableau]
    dense: ClassVar[float]

    def moved(self, flow: Flow, cloud: ParticleCloud, time: float, size: float, noise: StepNoise) -> Positions:
        """The positions that a step leads to."""
        return self.attempt(flow, cloud, time, size).positions

    def attempt(self, flow: Flow, cloud: ParticleCloud, time: float, size: float) -> RungeKuttaStep:
        """A step of this size, with the cloud in between and an estimate of its error where the tableau has one.

        Every stage sees the cloud moved to its own place. `evolve` shows observers the ends of steps only.
        """
        velocities = [flow.velocity(cloud, time)]
        for row in self.tableau.stages:
            there = cloud.moved(row.moved(cloud.positions, velocities, size))
            velocities.append(flow.velocity(there, time + row.node * size))
        end = self.tableau.step.moved(cloud.positions, velocities, size)
        return RungeKuttaStep(cloud, time, size, end, tuple(velocities), self.tableau)
