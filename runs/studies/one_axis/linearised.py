"""A network beside its two linearisations: that of the paper's code, which is bilinear, and the strict one.

With theta_j the hidden weights, u_j the output weights, s_j the output factors, and 0 marking the start,

    network   f(x) = sum_j s_j u_j h(theta_j . x)
    code      f(x) = sum_j s_j [u_j h(theta0_j . x) + u_j h'(theta0_j . x) (theta_j - theta0_j) . x]
    strict    f(x) = sum_j s_j [u_j h(theta0_j . x) + u0_j h'(theta0_j . x) (theta_j - theta0_j) . x]

The strict one is `LinearisedFlow`, the first order of f in all that is trained. The code has the current u_j in the
second term: a model of order two, u_j (theta_j - theta0_j), exactly linear in theta alone.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from flows import Flow, GradientFlow, LinearisedFlow, LinearisedRisk, Minibatches, MinibatchFlow
from particles import Dataset, ParticleCloud, Perceptron, Risk
from particles.neurons.perceptron_tangent import PerceptronTangent
from particles.shapes import Features, Gram, Inputs, Outputs, PerParticle, Positions
from runs.system.refusal import chosen

#: The network and its linearisations, by name.
NETWORK, CODE, STRICT = FORMS = ("network", "code", "strict")


@dataclass(frozen=True)
class Bilinear:
    """g(theta, x) = u [h(w0 . phi) + h'(w0 . phi) (w - w0) . phi], theta = (w0, w, u), w0 is never trained.

    positions[:, :D] are the hidden weights w0 at the start, the next D the hidden weights w, the rest the output
    weights u [outputs]: the groups "start", "hidden" and "output". `perceptron` is the neuron of which this is the
    tangent.
    """

    perceptron: Perceptron

    @property
    def outputs(self) -> int:
        """k."""
        return self.perceptron.outputs

    @property
    def hidden(self) -> int:
        """2 D: w0 and w."""
        return 2 * self.perceptron.hidden

    @property
    def dim(self) -> int:
        """2 D + k."""
        return self.hidden + self.outputs

    @property
    def groups(self) -> dict[str, slice]:
        """The names of the coordinates: hidden weights at the "start", "hidden" and "output" weights."""
        first, own = self.perceptron.hidden, self.perceptron.groups
        return {"start": slice(0, first), **{name: _shifted(part, first) for name, part in own.items()}}

    @property
    def trained_columns(self) -> slice:
        """Those that the perceptron trains."""
        return _shifted(self.perceptron.trained_columns, self.perceptron.hidden)

    def embed(self, inputs: Inputs) -> Features:
        """phi(x_i) [data, features]."""
        return self.perceptron.embed(inputs)

    def tangent(self, positions: Positions, phi: Features) -> "BilinearTangent":
        """These particles at these embedded inputs."""
        first = self.perceptron.hidden
        return BilinearTangent(self.perceptron, positions[:, first:], phi, positions[:, :first])

    def started(self, cloud: ParticleCloud) -> ParticleCloud:
        """The perceptron's cloud with its hidden weights as those of the start: (w, w, u)."""
        first = cloud.positions[:, : self.perceptron.hidden]
        return ParticleCloud(torch.cat([first, cloud.positions], dim=1), cloud.masses)

    def plain(self, cloud: ParticleCloud) -> ParticleCloud:
        """The particles (w, u) of the perceptron."""
        return ParticleCloud(cloud.positions[:, self.perceptron.hidden :], cloud.masses)


@dataclass(frozen=True, eq=False)
class BilinearTangent(PerceptronTangent):
    """`Bilinear` at fixed positions: `positions` are (w, u) [particles, D + k], `anchor` is w0 [particles, D].

    In w and u it is a perceptron that has h(w0 . phi) + h'(w0 . phi) (w - w0) . phi for h and h'(w0 . phi) for h'.
    """

    anchor: Positions

    @cached_property
    def _at_start(self) -> tuple[Tensor, Tensor]:
        """h and h' at w0 . phi [particles, data]."""
        z = self.anchor @ self.phi.T
        value = self.neuron.activation.value(z)
        return value, self.neuron.activation.derivative(z, value)

    @cached_property
    def _value(self) -> Tensor:
        value, slope = self._at_start
        return torch.addcmul(value, slope, (self._w - self.anchor) @ self.phi.T)

    @property
    def _derivative(self) -> Tensor:
        return self._at_start[1]

    @property
    def _lease(self) -> None:
        """No scratch memory: nothing is overwritten."""
        return None

    def pull(self, factors: PerParticle, cotangents: Outputs) -> Positions:
        """As a perceptron's, zero in w0."""
        pulled = super().pull(factors, cotangents)
        return torch.cat([torch.zeros_like(self.anchor), pulled], dim=1)

    def push(self, factors: PerParticle, velocities: Positions) -> Outputs:
        """As a perceptron's; w0 stands still."""
        return super().push(factors, velocities[:, self.anchor.shape[1] :])

    def gram(self, weights: PerParticle, other: PerceptronTangent, rates: tuple[float, ...] | None = None) -> Gram:
        """As a perceptron's, with the rates of w and u."""
        return super().gram(weights, other, None if rates is None else rates[1:])

    def to(self, dtype: torch.dtype) -> Self:
        """The same rounded to a dtype."""
        positions, phi, anchor = (part.to(dtype) for part in (self.positions, self.phi, self.anchor))
        rounded = replace(self, positions=positions, phi=phi, anchor=anchor)
        rounded.__dict__.update(_value=self._value.to(dtype), _at_start=tuple(one.to(dtype) for one in self._at_start))
        return rounded


@dataclass(frozen=True, eq=False)
class Model:
    """A network or one of its linearisations, ready to be trained: flow and start of `evolve`, and its outputs."""

    flow: Flow
    start: ParticleCloud
    risk: Risk | LinearisedRisk
    neuron: Perceptron | Bilinear

    @classmethod
    def of(cls, form: str, risk: Risk, start: ParticleCloud, batches: Minibatches | None = None) -> "Model":
        """The "network" itself, its linearisation as in the "code", or the "strict" one, around a perceptrons' cloud.

        Full batch, or with the batches and their step. Raises Refusal for another name.
        """
        neuron = risk.neuron
        if not isinstance(neuron, Perceptron):
            raise TypeError(f"Perceptrons are linearised here, but the risk has {type(neuron).__name__}.")
        if chosen("form", form, FORMS) == STRICT:
            strict = LinearisedFlow(risk, start, batches)
            return cls(strict, start, strict.linearised, neuron)
        if form == NETWORK:
            return cls(_descent(risk, batches), start, risk, neuron)
        bilinear = Bilinear(neuron)
        risk = replace(risk, neuron=bilinear)
        return cls(_descent(risk, batches), bilinear.started(start), risk, bilinear)

    def loss(self, cloud: ParticleCloud, data: Dataset | None = None) -> float:
        """sum_i p_i loss(f(x_i), y_i), without a regulariser; on the data of training, or on others in its dtype."""
        risk = self.risk.risk if isinstance(self.risk, LinearisedRisk) else self.risk
        found = self.risk.predictions(cloud) if data is None else self.risk.predictions(cloud, data.inputs)
        data = risk.data if data is None else data
        values = risk.loss.value(found, data.targets)
        return float(data.weights.to(values) @ values)

    def plain(self, cloud: ParticleCloud) -> ParticleCloud:
        """The particles (theta_j, u_j)."""
        return self.neuron.plain(cloud) if isinstance(self.neuron, Bilinear) else cloud


def _descent(risk: Risk, batches: Minibatches | None) -> Flow:
    return GradientFlow(risk) if batches is None else MinibatchFlow(risk, batches.batches, batches.step)


def _shifted(part: slice, first: int) -> slice:
    return slice(part.start + first, part.stop + first)
