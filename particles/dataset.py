"""The data a network is trained on: weighted inputs and targets, checked once."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from particles.cloud import TOTAL_TOLERANCE, converted
from particles.errors import MassError, ShapeError
from particles.shapes import Features, Inputs, Outputs, PerDatum


@dataclass(frozen=True, eq=False, init=False)
class Dataset:
    """Inputs x_i [data, inputs], targets y_i [data, outputs] and weights p_i [data] >= 0 with sum one.

    Targets of shape [data] are one output; weights are 1/n where left out. Kept in the dtype of the inputs, and without
    autograd history: data are constants.
    Raises ShapeError, MassError (weights) or ValueError (values that are not finite).
    """

    inputs: Inputs
    targets: Outputs
    weights: PerDatum

    def __init__(self, inputs: Inputs, targets: Tensor, weights: PerDatum | None = None) -> None:
        inputs = _finite(inputs, "Inputs")
        targets = _finite(targets, "Targets").to(inputs)
        targets = targets[:, None] if targets.ndim == 1 else targets
        if inputs.ndim != 2 or targets.ndim != 2 or inputs.shape[0] == 0 or inputs.shape[0] != targets.shape[0]:
            raise ShapeError(
                f"Inputs have shape {tuple(inputs.shape)} and targets {tuple(targets.shape)}; give [data, inputs] and "
                "[data, outputs] with the same number of data."
            )
        if weights is None:
            weights = inputs.new_full((inputs.shape[0],), 1.0 / inputs.shape[0])
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "targets", targets)
        object.__setattr__(self, "weights", _checked_weights(weights, inputs))

    @property
    def count(self) -> int:
        """Number of data, n."""
        return self.inputs.shape[0]

    @property
    def outputs(self) -> int:
        """Number of outputs, k."""
        return self.targets.shape[1]

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> Self:
        """The same data on another device or in another dtype."""
        inputs = self.inputs.to(device=device, dtype=dtype)
        return type(self)(inputs, self.targets.to(inputs), self.weights)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set ready for clouds of one dtype and device: embedded inputs, targets and weights."""

    phi: Features
    targets: Outputs
    weights: PerDatum


def _float(values: object, what: str) -> Tensor:
    if not isinstance(values, Tensor):
        raise TypeError(f"{what} are {type(values).__name__}, but a torch tensor is needed.")
    if values.dtype not in TOTAL_TOLERANCE:
        raise TypeError(f"{what} are {values.dtype}, but float64 or float32 is needed.")
    return values.detach()


def _finite(values: object, what: str) -> Tensor:
    values = _float(values, what)
    broken = int((~torch.isfinite(values)).sum())
    if broken:
        raise ValueError(
            f"{what} hold {broken} values that are not finite (NaN or infinite); remove or fill them first."
        )
    return values


def checked_inputs(inputs: object) -> Inputs:
    """Inputs of at least one datum, all of them finite; raises what `Dataset` raises."""
    inputs = _finite(inputs, "Inputs")
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ShapeError(f"Inputs have shape {tuple(inputs.shape)}, but [data, inputs] with one of each is needed.")
    return inputs


def _checked_weights(weights: object, inputs: Tensor) -> Tensor:
    weights = _float(weights, "Data weights")
    if weights.shape != inputs.shape[:1]:
        raise ShapeError(
            f"There are {inputs.shape[0]} data but weights of shape {tuple(weights.shape)}; give one per datum."
        )
    if not bool(torch.isfinite(weights).all()) or bool((weights < 0).any()):
        raise MassError("Data weights must be finite and non-negative; at least one is not.")
    total = float(weights.double().sum())
    if abs(total - 1.0) > TOTAL_TOLERANCE[weights.dtype]:
        raise MassError(f"Data weights sum to {total:.9g} instead of 1; divide them by their sum.")
    return converted(weights, inputs)
