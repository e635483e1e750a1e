"""Conversion of nested values, such as the state of a run, to named arrays and JSON and back, without pickle."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from particles.errors import TrajectoryError
from particles.trajectory.describe import Json, name_today, qualified_name

#: An array in memory, or one whose rows are given in slices.
Array: TypeAlias = "np.ndarray | Sliced"

_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in (torch.float64, torch.float32, torch.int64)}


@dataclass(frozen=True)
class Sliced:
    """An array of which no process holds all: `parts()` iterates over slices of rows and their values."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    parts: Callable[[], Iterator[tuple[slice, np.ndarray]]]

    @property
    def nbytes(self) -> int:
        """The number of bytes of the whole array."""
        return math.prod(self.shape) * self.dtype.itemsize


#: A function that gives the rows of a tensor that is spread over processes, and None for one that each process holds.
Spread: TypeAlias = Callable[[torch.Tensor], Sliced | None]


def nothing_spread(tensor: torch.Tensor) -> Sliced | None:
    """None for every tensor, for a process that works alone."""
    return None


def flattened(value: object, name: str = "value", spread: Spread = nothing_spread) -> tuple[Json, dict[str, Array]]:
    """A tree in JSON and the arrays that it names, for a value of dataclasses, tuples, tensors, numbers, text and None.

    Classes are named by their qualified names, tensors by the name of their array, their dtype and the order of their
    axes in memory, because sums in another order may differ in the last bit. If `spread` gives the rows of a tensor,
    they stand for its array. `name` names the value in its arrays and in the error.
    Raises TypeError for anything else in the value.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value, {}
    if isinstance(value, torch.Tensor) and str(value.dtype).removeprefix("torch.") in _DTYPES:
        rows = spread(value)
        if rows is not None:
            return _tensor_node(name, value, [*range(value.ndim)]), {name: rows}
        strides = value.stride()
        order = sorted(range(value.ndim), key=lambda axis: -strides[axis])
        array = np.array(value.detach().cpu().permute(order).numpy(), order="C")
        return _tensor_node(name, value, order), {name: array}
    if isinstance(value, tuple):
        parts = [flattened(item, f"{name}.{index}", spread) for index, item in enumerate(value)]
        return {"tuple": [tree for tree, _ in parts]}, _joined(parts)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        fields = {key: flattened(part, f"{name}.{key}", spread) for key, part in held.items()}
        tree: Json = {"class": qualified_name(type(value)), "fields": {key: part for key, (part, _) in fields.items()}}
        return tree, _joined(list(fields.values()))
    raise TypeError(
        f"A value of type {qualified_name(type(value))} at {name} cannot be kept in a file; a state is made of frozen "
        "dataclasses, tuples, tensors, numbers and None."
    )


def rebuilt(
    tree: object, read: Callable[[str], np.ndarray], classes: Sequence[type], device: torch.device | str = "cpu"
) -> object:
    """The value that was flattened to this tree; only these classes are built, field by field, and no code is run.

    `read` returns an array by its name. A field that a class has got since the value was kept has its default. Raises
    TrajectoryError for a class that is not among these, or has lost a field or got one without a default.
    """
    known = {qualified_name(kind): kind for kind in classes}

    def made(node: object) -> object:
        if isinstance(node, Mapping):
            if "tensor" in node:
                return _tensor(node, read, device)
            if "tuple" in node:
                return tuple(made(item) for item in node["tuple"])
            return _instance(node, known, made)
        if node is None or isinstance(node, bool | int | float | str):
            return node
        raise TrajectoryError(f"A checkpoint holds {type(node).__name__}, which no state is made of; run anew.")

    return made(tree)


def _tensor_node(name: str, value: torch.Tensor, order: list[int]) -> Json:
    return {"tensor": name, "dtype": str(value.dtype).removeprefix("torch."), "order": [*order]}


def _tensor(node: Mapping[str, object], read: Callable[[str], np.ndarray], device: torch.device | str) -> torch.Tensor:
    """A tensor in memory of its own, with its axes in the order that they had in memory."""
    stored = torch.from_numpy(read(str(node["tensor"]))).to(dtype=_DTYPES[str(node["dtype"])], device=device, copy=True)
    order = node["order"]
    if not isinstance(order, list) or sorted(order) != list(range(stored.ndim)):
        raise TrajectoryError(f"A checkpoint has axes {order!r} for {stored.ndim} dimensions; run anew.")
    return stored.permute([order.index(axis) for axis in range(stored.ndim)])


def _instance(node: Mapping[str, object], known: Mapping[str, type], made: Callable[[object], object]) -> object:
    name = name_today(str(node.get("class")))
    fields = node.get("fields")
    kind = known.get(name)
    if kind is None or not isinstance(fields, Mapping):
        raise TrajectoryError(f"A checkpoint holds {name}, which is not a state this program knows; run anew.")
    own = {field.name: field.default for field in dataclasses.fields(kind)}
    if not set(fields) <= set(own) or any(own[key] is dataclasses.MISSING for key in set(own) - set(fields)):
        raise TrajectoryError(f"A checkpoint holds {name} with other fields than this program's; run anew.")
    value: object = object.__new__(kind)
    for key, default in own.items():
        object.__setattr__(value, key, made(fields[key]) if key in fields else default)
    return value


def _joined(parts: Sequence[tuple[Json, dict[str, Array]]]) -> dict[str, Array]:
    return {name: array for _, arrays in parts for name, array in arrays.items()}
