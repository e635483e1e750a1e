"""From annotations to what they want, and what is made of several things: choices, lists and dictionaries."""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import numpy as np
import torch
from torch import Tensor

from particles.arguments.arrays import Array, Device, Table, is_real
from particles.arguments.callables import Callback, Duck
from particles.arguments.signatures import is_protocol
from particles.arguments.wanted import Instance, Number, Parts, Wanted
from particles.arguments.words import plural


class Choice(Wanted):
    """One of several."""

    @property
    def words(self) -> str:
        """All of them; that nothing may be given goes without saying."""
        return " or ".join(dict.fromkeys(option.words for option in self.arguments if option.kind is not NoneType))

    def fits(self, value: object) -> bool:
        """Whether one of them takes the value."""
        taker = next((option for option in self.arguments if option.fits(value)), None)
        if taker is not None and type(value) in taker.known:
            self.known.add(type(value))
        return taker is not None

    def parts(self, value: object) -> Parts:
        """The parts that the first of them sees that takes the value."""
        return next(option for option in self.arguments if option.fits(value)).parts(value)


class Several(Wanted):
    """A sequence, or a tuple of given length, of things that are wanted each."""

    @property
    def words(self) -> str:
        """A sequence of what."""
        kind = "tuple" if self.kind is tuple else "list"
        return f"a {kind} of " + " and ".join(dict.fromkeys(plural(one.words) for one in self._each(1)))

    def fits(self, value: object) -> bool:
        """Whether it is a sequence; text is none here, and numbers may come in an array."""
        if isinstance(value, np.ndarray | Tensor):
            return value.ndim == 1 and self.kind is not tuple and isinstance(self.entry, Number) and is_real(value)
        if self.kind is tuple:
            return isinstance(value, tuple) and len(value) == len(self._each(len(value)))
        return isinstance(value, Sequence) and not isinstance(value, str | bytes)

    def parts(self, value: Any) -> Parts:
        """The entries."""
        if isinstance(value, np.ndarray | Tensor):
            return iter(())
        return ((f"[{n}]", one, what) for n, (one, what) in enumerate(zip(value, self._each(len(value)), strict=True)))

    @property
    def entry(self) -> Wanted:
        """What the first entry must be."""
        return self.arguments[0]

    def _each(self, count: int) -> tuple[Wanted, ...]:
        is_given = self.kind is tuple and ... not in get_args(self.annotation)
        return self.arguments if is_given else (self.entry,) * count


class Dictionary(Wanted):
    """A mapping."""

    @property
    def words(self) -> str:
        """From what to what."""
        key, entry = (one.words for one in self.arguments)
        return f"a dictionary from {key} to {entry}"

    def fits(self, value: object) -> bool:
        """Whether it is one."""
        return isinstance(value, Mapping)

    def parts(self, value: Any) -> Parts:
        """Its keys and entries."""
        key, entry = self.arguments
        for name, one in value.items():
            yield f"'s key {name!r}", name, key
            yield f"[{name!r}]", one, entry


_MADE: dict[Any, Wanted] = {}


def wanted(annotation: Any) -> Wanted:
    """What values this annotation allows; an annotation that cannot be tested allows any."""
    if annotation not in _MADE:
        _MADE[annotation] = _kind(annotation)(annotation, tuple(wanted(one) for one in _arguments(annotation)))
    return _MADE[annotation]


def _arguments(annotation: Any) -> tuple[Any, ...]:
    """The parameters of an annotation, of a function those of its arguments."""
    if get_origin(annotation) is not Callable:
        return tuple(one for one in get_args(annotation) if one is not ...)
    taken, _ = get_args(annotation) or (..., Any)
    return () if taken is ... else tuple(taken)


def is_misshapen(value: object, want: Wanted) -> bool:
    """Whether the value is a tensor of the right numbers, and only its axes are not what is wanted."""
    options = options_of(want)
    return isinstance(value, Tensor) and any(isinstance(one, Array) and one.holds(value) for one in options)


def options_of(want: Wanted) -> tuple[Wanted, ...]:
    """All that would do."""
    return want.arguments if isinstance(want, Choice) else (want,)


def _kind(annotation: Any) -> type[Wanted]:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return Device if torch.device in get_args(annotation) else Choice
    if hasattr(annotation, "dim_str"):
        return Array
    if origin is np.ndarray:
        return Table
    if origin is Callable:
        return Callback
    if annotation in (float, int):
        return Number
    if origin in (tuple, list, Sequence):
        return Several
    if origin in (Mapping, dict):
        return Dictionary
    named = origin or annotation
    if annotation in (Any, object) or not isinstance(named, type):
        return Wanted
    return Duck if is_protocol(named) else Instance
