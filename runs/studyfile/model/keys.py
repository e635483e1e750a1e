"""Dotted keys such as masses.count: their parts, as TOML reads them, and how they are set in nested tables."""

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from runs.system.printable import shortened
from runs.system.refusal import Refusal

#: The parts of a key: plain, or anything between quotes.
_PART = r"""[\w-]+|"[^"\\\n]*"|'[^'\n]*'"""
_KEY = re.compile(rf"\s*(?:{_PART})\s*(?:\.\s*(?:{_PART})\s*)*")

#: No key of a study has as many.
MOST_PARTS = 32

#: The way to a value through tables.
Keys = tuple[str, ...]


def path_of(key: str) -> Keys:
    """The parts of a dotted key, `neuron.arguments."a.b"` among them. Raises Refusal for text that is none."""
    parts = re.findall(_PART, key) if _KEY.fullmatch(key) else []
    if not 0 < len(parts) <= MOST_PARTS:
        said = f"has {len(parts)} parts, and {MOST_PARTS} at most are taken" if parts else "is not a key"
        raise Refusal(f"{shortened(repr(key))} {said}: write for example masses.count.")
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in parts)


def written(path: Iterable[str]) -> str:
    """The dotted key of such a path."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part) else f"'{part}'" for part in path)


def label(path: Keys) -> str:
    """The key as one part of another: in quotes where it has dots."""
    return path[0] if len(path) == 1 else f'"{written(path)}"'


def set_all(values: dict[str, Any], given: Mapping[Keys, object]) -> None:
    """Set every key, a table before the keys inside it, whichever is named first. What is given is copied."""
    for path in sorted(given, key=len):
        _set(values, path, copy.deepcopy(given[path]))


def set_key(values: dict[str, Any], key: str, value: object) -> None:
    """Set a dotted key such as "masses.gamma"; a section given by its kind alone becomes a table."""
    set_all(values, {path_of(key): value})


def paths_in(value: object, path: Keys = ()) -> list[Keys]:
    """The paths of all values in nested tables; the path itself where it is no table or an empty one."""
    if not isinstance(value, Mapping) or not value:
        return [path]
    return [inner for name, held in value.items() for inner in paths_in(held, (*path, str(name)))]


def inside(held: Any, name: str) -> Any:
    """What a table has under a name, or a list under a number from 1; None where there is nothing."""
    if isinstance(held, list):
        return held[int(name) - 1] if name.isdecimal() and 0 < int(name) <= len(held) else None
    return held.get(name) if isinstance(held, dict) else None


def put(held: Any, name: str, value: object) -> None:
    """Put a value where `inside` finds it."""
    held[int(name) - 1 if isinstance(held, list) else name] = value


def _set(values: dict[str, Any], path: Keys, value: object) -> None:
    *tables, last = path
    here: Any = values
    for name in tables:
        inner = inside(here, name)
        if inner is None:
            _check_number(here, name, path)
            inner = {}
        if isinstance(inner, str):
            inner = {"kind": inner}
        if not isinstance(inner, dict | list):
            raise Refusal(
                f"The key {written(path)} leads through {name}, which is {inner!r} and no table: check the name."
            )
        put(here, name, inner)
        here = inner
    if inside(here, last) is None:
        _check_number(here, last, path)
    put(here, last, value)


def _check_number(held: object, name: str, path: Keys) -> None:
    """Raise Refusal for a list, which has nothing under this number."""
    if isinstance(held, list):
        raise Refusal(
            f"The key {written(path)} is of a list of {len(held)}, which are numbered from 1, and {name} is none of "
            "them: check the number."
        )
