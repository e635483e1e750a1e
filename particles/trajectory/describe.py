"""A flow, a risk or any nested value as JSON: what it is made of, never the objects themselves."""

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
else:  # what is checked while it runs, where the recursion cannot be resolved below the first level
    Json = None | bool | int | float | str | list | dict

#: The packages of this project, whose classes are named by their package alone.
PACKAGES = ("particles", "flows", "limits", "runs")


def describe(value: object, where: str = "the value") -> Json:
    """Describe a value as JSON.

    Dataclasses become {"class": name, field: ...}, less the fields whose metadata say {"described": False}, which are
    about how something is computed, and those that say {"optional": True} and hold None; tensors and arrays {"class",
    "shape", "dtype", "sha256"} with the digest of their bytes in C order; other objects made by a class {"class": name,
    attribute: ...} with all that they hold, but what is cached; functions and classes their qualified names;
    enumeration members, dtypes, devices and paths their text; mappings with text keys, lists, tuples, sets and scalars
    themselves.
    Raises TypeError for anything else; `where` names the value in its sentence.
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
    """Module and qualified name of a class or function, without the module where it has none.

    For a class or function of this project the package stands for the module, as in particles.Perceptron: files do not
    depend on where its code lies.
    """
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None) or type(value).__qualname__
    module = getattr(value, "__module__", None)
    package = str(module).partition(".")[0]
    return f"{package if package in PACKAGES else module}.{name}" if module else str(name)


def name_today(name: str) -> str:
    """A qualified name as written now; earlier files hold the module too, as in particles.neurons.Perceptron."""
    package, _, rest = name.partition(".")
    return f"{package}.{rest.rpartition('.')[2]}" if package in PACKAGES and "<locals>" not in rest else name


def described_today(node: object) -> object:
    """A description read from a file, its classes named as they are now."""
    if isinstance(node, dict):
        return {
            key: name_today(part) if key == "class" and isinstance(part, str) else described_today(part)
            for key, part in node.items()
        }
    return [described_today(part) for part in node] if isinstance(node, list) else node


def _describe_name(value: object, where: str) -> Json:
    """What is described by a name or by its text alone."""
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
    """The attributes of an object by name, less what its class caches; None for one whose content is out of sight."""
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
    """Shape, dtype and digest; a tensor anywhere counts like its copy in main memory."""
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
    """The fields that say what a value is, without those that only say how it is computed or hold nothing optional."""
    every: tuple[dataclasses.Field[object], ...] = dataclasses.fields(value)  # type: ignore[arg-type]
    said = [field for field in every if field.metadata.get("described", True)]
    return [one for one in said if not one.metadata.get("optional") or getattr(value, one.name) is not None]
