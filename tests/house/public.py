"""The rule on public names: what a package offers exists and says what it is."""

import dataclasses
import inspect
from collections.abc import Iterator
from types import ModuleType


def undocumented_names(package: ModuleType) -> Iterator[str]:
    """Names of __all__ that are missing, or classes, functions and modules without a docstring of their own."""
    if not hasattr(package, "__all__"):
        yield f"{package.__name__} has no __all__."
    for name in getattr(package, "__all__", ()):
        if not hasattr(package, name):
            yield f"{package.__name__}.{name} is in __all__ but does not exist."
            continue
        thing = getattr(package, name)
        speaks = inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing)
        if speaks and not _own_docstring(thing):
            yield f"{package.__name__}.{name} has no docstring."


def _own_docstring(thing: object) -> str:
    """The docstring, unless it is the signature that dataclasses write where there is none."""
    text = thing.__doc__ or ""
    generated = dataclasses.is_dataclass(thing) and text.startswith(f"{getattr(thing, '__name__', '')}(")
    return "" if generated else text.strip()
