"""The requirement that an annotation states; choices, lists and dictionaries are made of several requirements."""

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
    """The requirement that one of several others is met."""

    @property
    def words(self) -> str:
        """The words of all options except None."""
        return " or ".join(dict.fromkeys(option.words for option in self.arguments if option.kind is not NoneType))

    def fits(self, value: object) -> bool:
        """Whether one option accepts the value."""
        taker = next((option for option in self.arguments if option.fits(value)), None)
        if taker is not None and type(value) in taker.known:
            self.known.add(type(value))
        return taker is not None

    def parts(self, value: object) -> Parts:
        """The parts of the value, by the first option that accepts it."""
        return next(option for option in self.arguments if option.fits(value)).parts(value)


class Several(Wanted):
    """The requirement of a sequence, or a tuple of given length, whose entries meet requirements of their own."""

    @property
    def words(self) -> str:
        """The words for the sequence and its entries."""
        kind = "tuple" if self.kind is tuple else "list"
        return f"a {kind} of " + " and ".join(dict.fromkeys(plural(one.words) for one in self._each(1)))

    def fits(self, value: object) -> bool:
        """Whether the value is a sequence other than text, or an array where numbers are wanted."""
        if isinstance(value, np.ndarray | Tensor):
            return value.ndim == 1 and self.kind is not tuple and isinstance(self.entry, Number) and is_real(value)
        if self.kind is tuple:
            return isinstance(value, tuple) and len(value) == len(self._each(len(value)))
        return isinstance(value, Sequence) and not isinstance(value, str | bytes)

    def parts(self, value: Any) -> Parts:
        """The entries with their requirements; none for an array, whose numbers are checked by `fits`."""
        if isinstance(value, np.ndarray | Tensor):
            return iter(())
        return ((f"[{n}]", one, what) for n, (one, what) in enumerate(zip(value, self._each(len(value)), strict=True)))

    @property
    def entry(self) -> Wanted:
        """The requirement on the first entry."""
        return self.arguments[0]

    def _each(self, count: int) -> tuple[Wanted, ...]:
        is_given = self.kind is tuple and ... not in get_args(self.annotation)
        return self.arguments if is_given else (self.entry,) * count


class Dictionary(Wanted):
    """The requirement of a mapping."""

    @property
    def words(self) -> str:
        """The words for the mapping, its keys and its entries."""
        key, entry = (one.words for one in self.arguments)
        return f"a dictionary from {key} to {entry}"

    def fits(self, value: object) -> bool:
        """Whether the value is a mapping."""
        return isinstance(value, Mapping)

    def parts(self, value: Any) -> Parts:
        """The keys and the entries with their requirements."""
        key, entry = self.arguments
        for name, one in value.items():
            yield f"'s key {name!r}", name, key
            yield f"[{name!r}]", one, entry


_MADE: dict[Any, Wanted] = {}


def wanted(annotation: Any) -> Wanted:
    """The requirement of an annotation; one that cannot be tested allows any value."""
    if annotation not in _MADE:
        _MADE[annotation] = _kind(annotation)(annotation, tuple(wanted(one) for one in _arguments(annotation)))
    return _MADE[annotation]


def _arguments(annotation: Any) -> tuple[Any, ...]:
    """The parameters of an annotation; for a function those of its arguments."""
    if get_origin(annotation) is not Callable:
        return tuple(one for one in get_args(annotation) if one is not ...)
    taken, _ = get_args(annotation) or (..., Any)
    return () if taken is ... else tuple(taken)


def is_misshapen(value: object, want: Wanted) -> bool:
    """Whether the value is a tensor of the right dtype with another number of axes than is wanted."""
    options = options_of(want)
    return isinstance(value, Tensor) and any(isinstance(one, Array) and one.holds(value) for one in options)


def options_of(want: Wanted) -> tuple[Wanted, ...]:
    """The options of a choice; for another requirement only itself."""
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
