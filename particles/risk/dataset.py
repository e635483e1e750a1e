"""The data a network is trained on: weighted inputs and targets, checked once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
from torch import Tensor

from particles.cloud import TOTAL_TOLERANCE, converted
from particles.errors import MassError, ShapeError
from particles.risk.tables import (
    Label,
    are_labels,
    array_of,
    check_aligned,
    class_names,
    column_names,
    numbers,
    one_hot,
)
from particles.shapes import Features, Inputs, Outputs, PerDatum, StackedOutputs, StackedPerDatum

#: Described in files where they are known.
NAMES = {"optional": True}


@dataclass(frozen=True, eq=False, init=False)
class Dataset:
    """Inputs x_i [data, inputs], targets y_i [data, outputs] and weights p_i [data] >= 0 with sum one.

    Inputs with more axes, such as images [data, channels, height, width], are flattened to rows in their order.
    Each is a tensor, an array of NumPy, a frame or column with `to_numpy` (pandas, polars) or a list. float32 inputs
    stay float32, all other real numbers, integers, truth values and frames of mixed columns among them, become float64;
    targets and weights follow the inputs. Arrays and lists are copied, tensors are not, and kept without autograd
    history: data are constants. Targets of shape [data] are one output; weights are 1/n where left out.

    One column of integers, truth values or text as targets names classes: targets become one-hot [data, classes], and
    `classes` are the names in rising order, or as given; give floats where integers are numbers. Test data take the
    order of the training data, `Dataset(x, y, classes=train.classes)`. With targets of several columns `classes` names
    these. `input_names` and `target_names` are those of frames, or as given.

    Raises ShapeError, MassError (weights), TypeError (no real numbers) or ValueError (values that are not finite,
    frames with different indices, classes that do not fit).
    """

    inputs: Inputs
    targets: Outputs
    weights: PerDatum
    classes: tuple[Label, ...] | None = field(default=None, metadata=NAMES)
    input_names: tuple[str, ...] | None = field(default=None, metadata=NAMES)
    target_names: tuple[str, ...] | None = field(default=None, metadata=NAMES)

    def __init__(
        self,
        inputs: Any,
        targets: Any,
        weights: Any = None,
        classes: Any = None,
        input_names: Sequence[str] | None = None,
        target_names: Sequence[str] | None = None,
    ) -> None:
        check_aligned(inputs, targets)
        x, y = array_of(inputs, "Inputs"), array_of(targets, "Targets")
        classes = None if classes is None else class_names(classes)
        is_named = are_labels(y) or classes is not None and (y.ndim == 1 or y.ndim == 2 and y.shape[1] == 1)
        if is_named:
            y, classes = one_hot(y, classes)
        x, y = _finite(x, "Inputs"), _finite(y, "Targets")
        x = rows_of(x)
        _check_shapes(x, y)
        y = _fitting(y[:, None] if y.ndim == 1 else y, x, "Targets")
        if classes is not None and len(classes) != y.shape[1]:
            raise ValueError(f"There are {len(classes)} classes and {y.shape[1]} columns of targets; name each column.")
        p = x.new_full((x.shape[0],), 1.0 / x.shape[0]) if weights is None else _checked_weights(weights, x)
        names = _names(input_names, inputs, x, "inputs")
        targeted = None if is_named and target_names is None else _names(target_names, targets, y, "targets")
        held = {"inputs": x, "targets": y, "weights": p, "input_names": names, "target_names": targeted}
        for name, value in {**held, "classes": classes}.items():
            object.__setattr__(self, name, value)

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
        return replace(self, inputs=inputs, targets=self.targets.to(inputs))

    def some(self, places: slice | Tensor) -> Self:
        """The data at these places, with equal weights and the same names."""
        equal: Any = None
        return replace(self, inputs=self.inputs[places], targets=self.targets[places], weights=equal)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set ready for clouds of one dtype and device: embedded inputs, targets and weights.

    Where several clouds at the same inputs have targets and weights of their own, those are stacked member by member.
    """

    phi: Features
    targets: StackedOutputs
    weights: StackedPerDatum


def rows_of(inputs: Tensor) -> Tensor:
    """Inputs as rows [data, inputs]; images [data, channels, height, width] are flattened in their order."""
    return inputs.flatten(1) if inputs.ndim > 2 else inputs


def _finite(values: Any, what: str) -> Tensor:
    """Real numbers as a tensor, all of them finite."""
    tensor = numbers(array_of(values, what), what)
    broken = int((~torch.isfinite(tensor)).sum())
    if broken:
        raise ValueError(
            f"{what} hold {broken} values that are not finite (NaN or infinite); remove or fill them first."
        )
    return tensor


def _fitting(values: Tensor, like: Tensor, what: str) -> Tensor:
    """Finite values in the dtype and on the device of others, where they still are."""
    result = values.to(like)
    if result.dtype != values.dtype and not bool(torch.isfinite(result).all()):
        raise ValueError(f"{what} are too large for the {like.dtype} of the inputs; give both as float64.")
    return result


def _check_shapes(inputs: Tensor, targets: Tensor) -> None:
    """Raise ShapeError unless these are [data, inputs] and [data] or [data, outputs]."""
    shapes = f"Inputs have shape {tuple(inputs.shape)} and targets {tuple(targets.shape)}"
    if inputs.ndim == 1:
        raise ShapeError(
            f"{shapes}, but inputs [data, inputs] are needed; write inputs[:, None] for one input a datum, and "
            "inputs[None] for one datum."
        )
    empty = 0 in (*inputs.shape, *targets.shape)
    if empty or inputs.ndim != 2 or targets.ndim not in (1, 2) or inputs.shape[0] != targets.shape[0]:
        raise ShapeError(f"{shapes}; give [data, inputs] and [data, outputs] with the same number of data.")


def _names(given: Sequence[str] | None, source: object, values: Tensor, what: str) -> tuple[str, ...] | None:
    """Names of the columns, as given or as a frame has them."""
    names = column_names(source) if given is None else tuple(given)
    if names is None or len(names) == values.shape[1]:
        return names
    raise ValueError(f"There are {len(names)} names of {what} and {values.shape[1]} columns; name each column.")


def checked_inputs(inputs: object) -> Inputs:
    """Inputs of at least one datum, all of them finite; raises what `Dataset` raises."""
    inputs = _finite(inputs, "Inputs")
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ShapeError(f"Inputs have shape {tuple(inputs.shape)}, but [data, inputs] with one of each is needed.")
    return inputs


def _checked_weights(given: Any, inputs: Tensor) -> Tensor:
    weights = numbers(array_of(given, "Data weights"), "Data weights")
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
