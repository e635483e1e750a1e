"""Description of a flow, a risk or any nested value as JSON: classes and fields, never the objects themselves."""

import dataclasses
import enum
import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

if TYPE_CHECKING:
    Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
else:  # at run time the recursion cannot be resolved below the first level
    Json = None | bool | int | float | str | list | dict

#: The packages of this project. Their classes are named by package and class, without the module.
PACKAGES = ("particles", "flows", "limits", "runs")


def describe(value: object, where: str = "the value") -> Json:
    """Describe a value as JSON.

    - A dataclass becomes {"class": name, field: ...}, without the fields whose metadata are {"described": False}, which
      only say how something is computed, and those with {"optional": True} that hold None.
    - A tensor or array becomes {"class", "shape", "dtype", "sha256"}, with the digest of its bytes in C order.
    - Another object becomes {"class": name, attribute: ...} with all its attributes that are not cached.
    - A function or class becomes its qualified name; an enumeration member, dtype, device or path its text.
    - Mappings with text keys, lists, tuples, sets and scalars stay what they are.

    Raises TypeError for anything else; `where` names the value in the error.
    """
    if value is None or (isinstance(value, (bool, int, float, str)) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return describe(value.item(), where)
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return _describe_array(value, where)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: describe(getattr(value, field.name), f"{where}.{field.name}") for field in _fields(value)}
        return {"class": qualified_name(type(value)), **fields}
    if isinstance(value, Mapping):
        return _describe_mapping(value, where)
    if isinstance(value, (list, tuple)):
        return [describe(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return sorted((describe(item, where) for item in value), key=str)
    return _describe_name(value, where)


def qualified_name(value: object) -> str:
    """Module and qualified name of a class or function; the name alone where there is no module.

    For this project the package stands for the module, as in particles.Perceptron, so that files do not depend on the
    place of the code.
    """
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None) or type(value).__qualname__
    module = getattr(value, "__module__", None)
    package = str(module).partition(".")[0]
    return f"{package if package in PACKAGES else module}.{name}" if module else str(name)


def name_today(name: str) -> str:
    """A qualified name as it is written now; earlier files name the module too, as in particles.neurons.Perceptron."""
    package, _, rest = name.partition(".")
    return f"{package}.{rest.rpartition('.')[2]}" if package in PACKAGES and "<locals>" not in rest else name


def described_today(node: object) -> object:
    """A description read from a file, with its class names as they are written now."""
    if isinstance(node, dict):
        return {
            key: name_today(part) if key == "class" and isinstance(part, str) else described_today(part)
            for key, part in node.items()
        }
    return [described_today(part) for part in node] if isinstance(node, list) else node


def _describe_name(value: object, where: str) -> Json:
    """Describe enumeration members, functions, classes and other objects; raises TypeError as `describe`."""
    if isinstance(value, enum.Enum):
        return f"{qualified_name(type(value))}.{value.name}"
    if isinstance(value, (torch.dtype, torch.device, PurePath)):
        return str(value)
    if isinstance(value, functools.partial):
        parts = {"function": value.func, "arguments": value.args, "keywords": value.keywords}
        return {"class": "functools.partial", **{key: describe(part, f"{where}.{key}") for key, part in parts.items()}}
    if callable(value) and (hasattr(value, "__qualname__") or hasattr(value, "__name__")):
        return qualified_name(value)
    held = _held(value)
    if held is None:
        raise TypeError(
            f"A value of type {qualified_name(type(value))} at {where} cannot be described in a file; make it of "
            "numbers, text, tensors, functions or objects that hold nothing else."
        )
    try:
        fields = {name: describe(part, f"{where}.{name}") for name, part in held.items()}
    except RecursionError as error:
        raise TypeError(
            f"The {qualified_name(type(value))} at {where} holds itself, so it cannot be described in a file; leave "
            "that out of what it holds."
        ) from error
    return {"class": qualified_name(type(value)), **fields}


def _held(value: object) -> dict[str, object] | None:
    """The attributes of an object by name, without cached ones; None for an object whose attributes are not visible."""
    family = type(value).__mro__
    slots = [name for kind in family for name in _names(vars(kind).get("__slots__", ()))]
    if not hasattr(value, "__dict__") and not slots:
        return None
    cached = {name for kind in family for name, own in vars(kind).items() if isinstance(own, functools.cached_property)}
    held = {name: getattr(value, name) for name in slots if hasattr(value, name) and not name.startswith("__")}
    return {name: part for name, part in {**held, **getattr(value, "__dict__", {})}.items() if name not in cached}


def _names(slots: object) -> list[str]:
    return [slots] if isinstance(slots, str) else [str(name) for name in slots] if isinstance(slots, Iterable) else []


def _describe_mapping(value: Mapping[object, object], where: str) -> Json:
    described: dict[str, Json] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError(
                f"A key of type {qualified_name(type(key))} at {where} cannot be described in a file; use text as keys."
            )
        described[key] = describe(item, f"{where}[{key!r}]")
    return described


def _describe_array(value: torch.Tensor | np.ndarray, where: str) -> Json:
    """Shape, dtype and digest of an array, or of a tensor's copy in main memory."""
    if isinstance(value, torch.Tensor):
        kind = "torch.Tensor"
        dtype = str(value.dtype).removeprefix("torch.")
        flat = value.detach().to("cpu").contiguous().reshape(-1)
        content = flat.view(torch.uint8).numpy() if flat.numel() else np.empty(0, dtype=np.uint8)
    else:
        kind = "numpy.ndarray"
        dtype = str(value.dtype)
        content = np.ascontiguousarray(value)
        if value.dtype.hasobject:
            raise TypeError(f"An array of Python objects at {where} cannot be described; give an array of numbers.")
    return {
        "class": kind,
        "shape": list(value.shape),
        "dtype": dtype,
        "sha256": hashlib.sha256(content.tobytes()).hexdigest(),
    }


def _fields(value: object) -> list[dataclasses.Field[object]]:
    """The fields of a dataclass that are described."""
    every: tuple[dataclasses.Field[object], ...] = dataclasses.fields(value)  # type: ignore[arg-type]
    said = [field for field in every if field.metadata.get("described", True)]
    return [one for one in said if not one.metadata.get("optional") or getattr(value, one.name) is not None]
