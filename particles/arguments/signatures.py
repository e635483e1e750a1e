"""Signatures: the methods that a protocol asks for, and whether a callable takes a number of arguments."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol


def is_protocol(kind: object) -> bool:
    """Whether a class is itself a protocol, and not only derived from one."""
    return isinstance(kind, type) and any(base is Protocol for base in kind.__bases__)


def takes(call: Callable[..., Any], positional: int, keywords: Sequence[str] = ()) -> bool:
    """Whether a callable takes `positional` arguments by position and `keywords` by name.

    True where Python does not know the signature.
    """
    try:
        signature = inspect.signature(call)
    except ValueError:
        return True
    try:
        signature.bind(*[None] * positional, **dict.fromkeys(keywords))
    except TypeError:
        return False
    return True


def methods(protocol: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The names and the methods of a protocol."""
    for name in dir(protocol):
        method = inspect.getattr_static(protocol, name)
        if inspect.isfunction(method) and (name == "__call__" or not name.startswith("_")):
            yield name, method


def needed(method: Callable[..., Any]) -> tuple[int, list[str]]:
    """The number of arguments by position, and the names of those by keyword, that a method needs."""
    _, *given = inspect.signature(method).parameters.values()
    without = [one for one in given if one.default is one.empty]
    named = [one.name for one in without if one.kind is one.KEYWORD_ONLY]
    return len(without) - len(named), named
