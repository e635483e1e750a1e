"""Stochastic gradient descent as a flow: at every time the velocity of the batch that is in force."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from flows.fields.batches import Batches, Minibatches
from particles import ParticleCloud, Risk
from particles.shapes import Velocity


@dataclass(frozen=True)
class MinibatchFlow:
    """d theta_j / dt = -eta_j grad_{theta_j} R_B with batch number floor(t / s): each batch is in force for a time s.

    `evolve(flow, cloud, Euler(s), until=...)` with the flow's own step s is stochastic gradient descent as papers write
    it, theta_j <- theta_j - s eta_j grad_{theta_j} R_B: under `NTK` with learning rate s, under `MeanField` with equal
    masses the step theta_j <- theta_j - s m grad_{theta_j} R_B that grows with the width m (Mei, Montanari and Nguyen
    2018). Papers whose loss is (y - f)^2, without our 1/2, have twice the s; a learning rate without the factor m is
    m s. Batches are addressed by their number, so runs can be observed and resumed without changing one of them.

    In continuous time: as s goes to zero the flow averages to the gradient flow of the expected risk; at small s it has
    the law, to first order in s, of d theta = v dt + sqrt(s) C^(1/2) dW with C the covariance of one batch's velocity
    (Li, Tai and E 2017), a noise that vanishes with the step. Take `Euler`, `HeavyBall` or `Adam`, with the flow's
    step or a divisor of it: a step across the border of two batches, and stages that look into the next one, would be
    wrong, so `evolve` refuses them with FlowRefused. Flows of other kinds take `Minibatches` as `batches=`.
    """

    risk: Risk
    batches: Batches
    step: float
    shareable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "step", self._minibatches.step)

    @property
    def piece(self) -> float:
        """How long each batch is in force."""
        return self.step

    def velocity(self, cloud: ParticleCloud, time: float = 0.0) -> Velocity:
        """-eta_j grad_{theta_j} R_B, B the batch in force at this time [particles, dim]."""
        return self.risk_at(time).velocity(cloud)

    def risk_at(self, time: float) -> Risk:
        """R_B, the risk on the batch in force at this time."""
        return self._minibatches.risk_at(self.risk, time)

    def number(self, time: float) -> int:
        """Number of the batch in force at this time, from 0."""
        return self._minibatches.number(time)

    @cached_property
    def _minibatches(self) -> Minibatches:
        return Minibatches(self.batches, self.step)
