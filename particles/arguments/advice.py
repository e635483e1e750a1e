"""The advice of a refusal: the expression that is nearest to a wrong argument and right."""

import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from torch import Tensor

from particles.arguments.annotations import Several, options_of
from particles.arguments.arrays import Array
from particles.arguments.callables import Duck
from particles.arguments.signatures import is_protocol
from particles.arguments.wanted import Instance, Number, Wanted
from particles.arguments.words import with_article

#: The public classes, for each class an expression that gives an instance, and expressions that convert one thing into
#: another.
_CLASSES: list[type] = []
_FORMS: dict[Any, str] = {}
_CONVERSIONS: dict[tuple[Any, Any], str] = {}
#: A value whose text is longer is named by its type only.
LONGEST = 60


def offer(things: Iterable[Any], forms: Mapping[Any, str], conversions: Mapping[tuple[Any, Any], str]) -> None:
    """Remember the public names of a package, its forms and its conversions, for advice."""
    _CLASSES.extend(thing for thing in things if isinstance(thing, type))
    _FORMS.update(forms)
    _CONVERSIONS.update(conversions)


def shown(value: object) -> str:
    """A value in words: a small one as it is written, a larger one by its type, shape and dtype."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, Tensor):
        return with_article(f"{str(value.dtype).removeprefix('torch.')} tensor {list(value.shape)}")
    if isinstance(value, np.ndarray):
        return f"a NumPy array {list(value.shape)} of {value.dtype}"
    if inspect.isroutine(value):
        return f"the function {value.__name__}"
    if value is None or isinstance(value, str | bytes | int | float | complex | list | tuple | dict):
        written = repr(value)
        return written if len(written) <= LONGEST else with_article(type(value).__name__)
    return with_article(type(value).__name__)


def advice(name: str, value: Any, want: Wanted) -> str:
    """The advice for a wrong argument, with the nearest right expression where one is known."""
    options = options_of(want)
    for find in (_by_conversion, _as_number, _listed, _instance, _named):
        for option in options:
            form = find(name, value, option)
            if form is not None:
                return f"write {form}"
    forms = [_FORMS[option.annotation] for option in options if option.annotation in _FORMS]
    lacks = next((lack for lack in (_lack(value, option) for option in options) if lack), None)
    return f"give it {lacks}" if lacks else f"give {' or '.join(forms)}" if forms else "give one"


def _lack(value: object, want: Wanted) -> str | None:
    """The missing method of a user's object that has other members of the protocol, or None."""
    if not isinstance(want, Duck) or isinstance(value, type) or type(value) in _CLASSES:
        return None
    some = any(hasattr(value, name) for name in want.members if name != "__call__")
    return want.misfit(value) if some else None


def _by_conversion(name: str, value: Any, want: Wanted) -> str | None:
    """The expression that converts the value into what is needed, as its package says."""
    forms = (
        form
        for (source, target), form in _CONVERSIONS.items()
        if target is want.annotation and isinstance(value, source)
    )
    form = next(forms, None)
    return None if form is None else form.format(name=name, value=value)


def _as_number(name: str, value: Any, want: Wanted) -> str | None:
    """The expression that makes the needed tensor or number of numbers in another container or precision."""
    if isinstance(want, Number) and isinstance(value, Tensor | np.ndarray) and value.shape in ((), (1,)):
        return f"float({name})"
    if not isinstance(want, Array):
        return None
    if isinstance(value, np.ndarray):
        return f"torch.from_numpy({name})" if value.dtype.kind == "f" else f"torch.from_numpy({name}).double()"
    if isinstance(value, list | tuple):
        return f"torch.tensor({name}, dtype=torch.float64)"
    if not isinstance(value, Tensor) or want.holds(value):
        return f"{name}[None] for one row" if isinstance(value, Tensor) and value.ndim == 1 else None
    return f"{name}.double()" if want.floating and not value.is_complex() else None


def _listed(name: str, value: Any, want: Wanted) -> str | None:
    """A list that holds only the value, where a list is needed."""
    return f"[{name}]" if isinstance(want, Several) and want.entry.fits(value) else None


def _instance(name: str, value: Any, want: Wanted) -> str | None:
    """An instance of the class that was given, where an instance is needed."""
    return _constructed(value) if isinstance(value, type) and _would_do(value, want) else None


def _named(name: str, value: Any, want: Wanted) -> str | None:
    """An instance of the class whose name is nearest to a text."""
    if not isinstance(value, str):
        return None
    there = {kind.__name__.lower(): kind for kind in _CLASSES if _would_do(kind, want)}
    nearest = get_close_matches(value.lower(), there, n=1)
    return _constructed(there[nearest[0]]) if nearest else None


def _would_do(kind: type, want: Wanted) -> bool:
    """Whether instances of a class are what is needed, as far as the class shows."""
    if isinstance(want, Instance):
        return issubclass(kind, want.kind)
    fields = getattr(kind, "__dataclass_fields__", {})
    members = [name for name in want.members if name != "__call__"] if isinstance(want, Duck) else []
    return bool(members) and not is_protocol(kind) and all(hasattr(kind, one) or one in fields for one in members)


def _constructed(kind: type) -> str:
    """The expression that makes an instance of a class."""
    needed = [one.name for one in inspect.signature(kind).parameters.values() if one.default is one.empty]
    return _FORMS.get(kind) or f"{kind.__name__}({', '.join(f'{name}=...' for name in needed)})"
