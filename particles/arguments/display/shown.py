"""The mechanism: the classes of a package write themselves on one line and, in a notebook, as a small table."""

import html
import sys
from collections.abc import Callable, Iterator
from inspect import getattr_static
from typing import Any

from particles.arguments.display.line import is_written_by_parts, line, parts

#: Properties that a table shows beside the fields of an object.
BESIDE = ("count", "dim", "outputs")
#: Entries of a sequence of objects that a table writes below each other.
MOST_LINES = 12
#: The longest line of a table.
LONGEST_CELL = 80


def show_objects_of(*packages: str) -> None:
    """Make the objects of packages show themselves, with those of classes that users derive from their own.

    A class takes part if it is a dataclass or named tuple without a `__repr__` of its own, or if its method `_shown`
    gives its parts by name.
    """
    for kind in _classes_of(packages):
        if "_shown" in vars(kind) or ("__repr__" in vars(kind) and is_written_by_parts(kind)):
            _show(kind)


def table(value: object) -> str:
    """The object as a small table in HTML, with its parts in rows."""
    inside = dict(parts(value) or {})
    if not hasattr(value, "_shown"):
        inside |= {name: getattr(value, name) for name in BESIDE if name not in inside and _is_property(value, name)}
    rows = "".join(f"<tr><th>{html.escape(name)}</th>{_cell(one)}</tr>" for name, one in inside.items())
    return f"<table><caption>{html.escape(type(value).__name__)}</caption>{rows}</table>"


def _cell(value: object) -> str:
    """One part, whose objects lie below each other where it is a sequence of them."""
    is_list = isinstance(value, list | tuple) and len(value) > 1 and all(parts(one) is not None for one in value)
    each = list(value) if is_list and isinstance(value, list | tuple) and parts(value) is None else [value]
    lines = [html.escape(line(one, LONGEST_CELL)) for one in each[:MOST_LINES]]
    if len(each) > MOST_LINES:
        lines.append(f"... {len(each)} in all")
    return f'<td style="text-align: left">{"<br>".join(lines)}</td>'


def _is_property(value: object, name: str) -> bool:
    return isinstance(getattr_static(type(value), name, None), property)


def _classes_of(packages: tuple[str, ...]) -> Iterator[type]:
    """The classes that the modules of packages define, as far as they have been imported."""
    inside = tuple(f"{package}." for package in packages)
    modules = [module for name, module in sys.modules.items() if f"{name}.".startswith(inside)]
    for module in modules:
        for one in list(vars(module).values()):
            if isinstance(one, type) and one.__module__ == module.__name__:
                yield one


def _on_one_line(self: Any) -> str:
    return line(self)


_on_one_line.__dict__["shows_parts"] = True


def _show(kind: Any) -> None:
    """Let this class, and those derived from it, show themselves."""
    if not hasattr(kind, "_repr_html_"):
        kind._repr_html_ = table
        kind.__init_subclass__ = classmethod(_handed_on(kind))
    kind.__repr__ = _on_one_line


def _handed_on(owner: type) -> Callable[..., None]:
    """What a derived class does: it keeps this `__repr__` as its own, so that `dataclass` does not write another."""

    def __init_subclass__(cls: Any, **named: Any) -> None:
        super(owner, cls).__init_subclass__(**named)  # type: ignore[arg-type]
        if cls.__repr__ is _on_one_line:
            cls.__repr__ = _on_one_line

    return __init_subclass__
