"""Data on the line as networks of rectifiers with bias see them, and what a risk needs for their laws to be known."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from limits.mean_field.rectified.arcs import Arc, arcs_of
from particles import Perceptron, ReLU, Risk, ShapeError, Squared
from particles.neurons.groups import number_of_each
from particles.shapes import Inputs


@dataclass(frozen=True, eq=False)
class LineData:
    """Inputs, targets and weights [data] in float64, with the confinements of (w, b) and of a."""

    inputs: Tensor
    targets: Tensor
    weights: Tensor
    hidden: float
    output: float

    @classmethod
    def of(cls, risk: Risk, confinement: float | Mapping[str, float]) -> Self:
        """The data of a risk, with its own L2 strength added to the confinements.

        Data without weight are left out. Raises ValueError for a confinement that is not positive and another neuron
        than a fully trained a (w x + b)_+, TypeError for another loss than the squared one.
        """
        _check(risk)
        strengths = risk.network.sums(confinement, risk.strength)
        hidden, output = map(float, number_of_each(strengths, risk.network.groups))
        if not (0.0 < hidden < math.inf and 0.0 < output < math.inf):
            raise ValueError(
                f"The confinement is {confinement!r}, but without one of hidden and of output weights there is no "
                "stationary law; give a positive and finite one."
            )
        data = risk.data.to(device="cpu", dtype=torch.float64)
        kept = data.weights > 0.0
        return cls(data.inputs[kept, 0], data.targets[kept, 0], data.weights[kept], hidden, output)

    @cached_property
    def places(self) -> list[float]:
        """The different inputs in rising order."""
        return sorted(set(self.inputs.tolist()))

    @cached_property
    def of_datum(self) -> Tensor:
        """The number of every datum's input among the places [data]."""
        return torch.searchsorted(torch.tensor(self.places, dtype=torch.float64), self.inputs)

    @cached_property
    def rows(self) -> Tensor:
        """xi = (x, 1) of every datum [data, 2]."""
        return with_one(self.inputs)

    @cached_property
    def active(self) -> Tensor:
        """Whether neurons of an arc are active at a datum, 1 or 0 [arcs, data]."""
        below = self.of_datum < torch.arange(len(self.places) + 1)[:, None]
        return torch.cat([~below, below]).double()

    def arcs(self, residuals: Sequence[Fraction | float]) -> tuple[Arc, ...]:
        """The arcs of these residuals R, one for each datum."""
        pushes = [Fraction(0)] * len(self.places)
        for number, weight, value in zip(self.of_datum.tolist(), self.weights.tolist(), residuals, strict=True):
            pushes[number] += Fraction(weight) * Fraction(value)
        return arcs_of([*map(Fraction, self.places)], pushes, Fraction(self.hidden) * Fraction(self.output))

    def size(self, values: Tensor) -> float:
        """Root of sum_i p_i values_i^2."""
        return float((self.weights @ values.square()).sqrt())


def with_one(x: Tensor) -> Tensor:
    """(x, 1) of places [places]: [places, 2]."""
    return torch.stack([x, torch.ones_like(x)], dim=1)


def on_the_line(inputs: Inputs) -> Tensor:
    """Inputs [places, 1] as places [places] in float64. Raises ShapeError for more columns."""
    if inputs.shape[1] != 1:
        raise ShapeError(f"Inputs have {inputs.shape[1]} columns, but the network is one of the line; give one column.")
    return inputs[:, 0].detach().double().cpu()


def _check(risk: Risk) -> None:
    """Raise ValueError unless the neuron is a (w x + b)_+ with all of it trained, and the loss squared."""
    neuron = risk.network.neuron
    fits = isinstance(neuron, Perceptron) and neuron.activation == ReLU() and neuron.hidden == 2 and neuron.outputs == 1
    if not fits or getattr(neuron, "trained", "") != "both" or risk.data.inputs.shape[1] != 1:
        raise ValueError(
            f"The neuron is {neuron!r} on {risk.data.inputs.shape[1]} inputs, but this law is that of "
            'Perceptron(ReLU(), Biased(Plain(1)), trained="both") on one input; take it, or Gibbs on a grid.'
        )
    if not torch.equal(neuron.embed(risk.data.inputs), with_one(risk.data.inputs[:, 0])):
        raise ValueError(f"The neuron is {neuron!r}, but the embedding (x, 1) is needed; take Biased(Plain(1)).")
    if not isinstance(risk.loss, Squared):
        raise TypeError(f"The loss is {risk.loss!r}, but this law is that of Squared(); take it, or Gibbs on a grid.")
