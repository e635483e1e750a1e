"""What can be called how: the methods that a protocol asks for, and whether a callable takes so many arguments."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol


def is_protocol(kind: object) -> bool:
    """Whether a class is a protocol itself, and no class that merely has one among its bases."""
    return isinstance(kind, type) and any(base is Protocol for base in kind.__bases__)


def takes(call: Callable[..., Any], positional: int, keywords: Sequence[str] = ()) -> bool:
    """Whether a callable can be called with so many arguments by position, and these by name.

    One whose signature Python does not know is taken at its word.
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
    """The methods of a protocol and their names."""
    for name in dir(protocol):
        method = inspect.getattr_static(protocol, name)
        if inspect.isfunction(method) and (name == "__call__" or not name.startswith("_")):
            yield name, method


def needed(method: Callable[..., Any]) -> tuple[int, list[str]]:
    """With how many arguments by position and which by name a method must be callable, beside its object."""
    _, *given = inspect.signature(method).parameters.values()
    without = [one for one in given if one.default is one.empty]
    named = [one.name for one in without if one.kind is one.KEYWORD_ONLY]
    return len(without) - len(named), named
