"""Any value on one short line: tensors and arrays by dtype and shape, objects by their parts, long things cut."""

import dataclasses
import enum
import functools
import inspect
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np
import torch

#: The longest line.
LONGEST = 240
#: The longest text of a part that is no object of parts: words, and values that write themselves.
LONGEST_WORDS = 72
#: What the entries of a collection are between; those of others are between braces.
BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")")}


class Words(str):
    """Text that is shown as it is, without quotes."""


class Detail(NamedTuple):
    """How much of a value is written.

    Parts with their default value or without, how many objects inside each other, how many entries of a sequence, and
    whether numbers have all their digits.
    """

    defaults: bool
    depth: int
    entries: int
    exact: bool


#: From everything to hardly anything; the first line that is short enough is taken.
DETAILS = (
    Detail(True, 6, 24, True),
    Detail(False, 6, 24, True),
    Detail(False, 6, 6, True),
    Detail(False, 5, 4, False),
    Detail(False, 4, 3, False),
    Detail(False, 3, 3, False),
    Detail(False, 2, 3, False),
    Detail(False, 1, 2, False),
)


def line(value: object, longest: int = LONGEST) -> str:
    """The value on one line of at most `longest` characters; a call that makes it again where that is short enough.

    The classes of objects that are written in parts say so: `_shown(self)` gives them by name; otherwise they are the
    fields of a dataclass or of a named tuple. Another object is written by its own `repr` where that is a short line.
    """
    written = (_written(value, detail) for detail in DETAILS)
    shortest = ""
    for shortest in written:
        if len(shortest) <= longest:
            return shortest
    return shortest[: longest - 3] + "..."


def parts(value: object) -> Mapping[str, object] | None:
    """The parts that an object shows, by name; None for a value that is not written in parts."""
    own = getattr(type(value), "_shown", None)
    if own is not None:
        found: Mapping[str, object] = own(value)
        return found
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and is_written_by_parts(type(value)):
        return {field.name: getattr(value, field.name) for field in _fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields") and is_written_by_parts(type(value)):
        return dict(zip(value._fields, value, strict=True))
    return None


def is_written_by_parts(kind: type) -> bool:
    """Whether the `repr` of a class is the one that dataclasses and named tuples get, or ours."""
    write: Any = kind.__repr__
    if getattr(write, "shows_parts", False):
        return True
    # What dataclasses write is made of text and wrapped, and what named tuples write belongs to their module.
    code = getattr(inspect.unwrap(write), "__code__", None)
    made = code is not None and code.co_filename in ("<string>", dataclasses.__file__, reprlib.__file__)
    return made or getattr(write, "__module__", None) == "collections"


def _fields(value: Any) -> Iterator[dataclasses.Field[Any]]:
    """The fields of a dataclass that it shows: not what it keeps for itself, nor options that are not taken."""
    for field in sorted(dataclasses.fields(value), key=lambda field: bool(field.kw_only)):
        left_out = field.metadata.get("optional") and getattr(value, field.name) is None
        if field.repr and not field.name.startswith("_") and not left_out and hasattr(value, field.name):
            yield field


def _written(value: object, detail: Detail) -> str:
    """The value with this much of it."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return _array(value, detail)
    if isinstance(value, np.generic):
        return _written(value.item(), detail)
    if isinstance(value, Words):
        return str(value)
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, float):
        return repr(value) if detail.exact else f"{value:.6g}"
    if isinstance(value, str | bytes):
        return _cut(repr(value))
    if isinstance(value, torch.dtype | torch.device):
        return str(value).removeprefix("torch.")
    if isinstance(value, PurePath):
        return str(value) if len(str(value)) <= LONGEST_WORDS else f"...{str(value)[3 - LONGEST_WORDS :]}"
    inside = parts(value)
    if inside is not None:
        return _object(value, inside, detail)
    if isinstance(value, Mapping):
        pairs = ((f"{_written(key, detail)}: ", one) for key, one in value.items())
        return f"{{{_entries(pairs, len(value), detail)}}}"
    if isinstance(value, list | tuple | set | frozenset):
        opening, closing = BRACKETS.get(type(value), ("{", "}"))
        last = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return opening + _entries((("", one) for one in value), len(value), detail) + last + closing
    return _plain(value)


def _array(value: torch.Tensor | np.ndarray, detail: Detail) -> str:
    """A single number as it is, more of them by dtype, shape and, away from the CPU, device."""
    if value.ndim == 0 and not (isinstance(value, torch.Tensor) and value.is_meta):
        return _written(value.item(), detail)
    dtype = str(value.dtype).removeprefix("torch.")
    place = f" on {value.device}" if isinstance(value, torch.Tensor) and value.device.type != "cpu" else ""
    return f"{dtype}{list(value.shape)}{place}"


def _object(value: object, inside: Mapping[str, object], detail: Detail) -> str:
    name = type(value).__qualname__.rpartition(".")[2]
    if detail.depth <= 0:
        return f"{name}(...)" if inside else f"{name}()"
    inner = detail._replace(depth=detail.depth - 1)
    said = inside if detail.defaults else _without_defaults(value, inside)
    return f"{name}({', '.join(f'{part}={_written(one, inner)}' for part, one in said.items())})"


def _without_defaults(value: Any, inside: Mapping[str, object]) -> dict[str, object]:
    """The parts that are not what they are where they are left out."""
    defaults = {name: one.default for name, one in inspect.signature(type(value)).parameters.items()}
    if dataclasses.is_dataclass(value):
        defaults = {field.name: field.default for field in dataclasses.fields(value)} | defaults
    return {name: one for name, one in inside.items() if not _is_same(one, defaults.get(name, inspect.Parameter.empty))}


def _is_same(one: object, default: object) -> bool:
    """Whether a part is its default; parts with arrays inside, which do not compare, never are."""
    plain = bool | int | float | str | enum.Enum | None
    return one is default or (isinstance(one, plain) and isinstance(default, plain) and one == default)


def _entries(pairs: Iterable[tuple[str, object]], count: int, detail: Detail) -> str:
    """The entries of a collection; of many the first ones, how many there are and, of what has an order, no more."""
    shown: list[str] = []
    if detail.depth < 0 and count:
        return "..."
    inner = detail._replace(depth=detail.depth - 1)
    for number, (key, one) in enumerate(pairs):
        if number == detail.entries and count > detail.entries:
            return f"{', '.join(shown)}, ... {count} in all"
        shown.append(key + _written(one, inner))
    return ", ".join(shown)


def _plain(value: object) -> str:
    """What has no parts: functions and classes by name, others as they write themselves where that is a short line."""
    if isinstance(value, functools.partial):
        return f"partial({_plain(value.func)}, ...)"
    if isinstance(value, type) or inspect.isroutine(value):
        return str(value.__qualname__).replace("<locals>.", "")
    if type(value).__repr__ is object.__repr__:
        return f"{type(value).__name__}(...)"
    written = repr(value)
    return written if len(written) <= LONGEST_WORDS and "\n" not in written else f"{type(value).__name__}(...)"


def _cut(written: str) -> str:
    return written if len(written) <= LONGEST_WORDS else written[: LONGEST_WORDS - 4] + "..." + written[-1]


def span(numbers: np.ndarray) -> Words:
    """The first and the last of some numbers in order, in words."""
    return Words(f"{numbers[0]:.6g} to {numbers[-1]:.6g}" if len(numbers) else "none")
