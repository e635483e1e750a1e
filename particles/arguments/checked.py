"""The door: what users give to public classes and functions is looked at once, before anything is done with it.

Annotations say what is needed (`annotations.py`). Inside a room calls are trusted; whoever comes from outside, by what
a room offers, comes through a door.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, wraps
from types import ModuleType, SimpleNamespace
from typing import Any, TypeVar, get_type_hints

from particles.arguments.advice import advice, offer, shown
from particles.arguments.annotations import is_misshapen, wanted
from particles.arguments.signatures import is_protocol
from particles.arguments.wanted import Wanted
from particles.errors import ShapeError

Call = TypeVar("Call", bound=Callable[..., Any])


def door(call: Call) -> Call:
    """The same function or method, which looks at its arguments first.

    Raises TypeError, or ShapeError for a tensor with other axes, with what came, what is needed and what to write.
    """
    arguments = Arguments(call)

    @wraps(call)
    def entered(*given: Any, **named: Any) -> Any:
        arguments.check(given, named)
        return call(*given, **named)

    entered.__dict__["door"] = arguments
    return entered  # type: ignore[return-value]


def open_doors(
    room: dict[str, Any],
    methods: Mapping[Any, str],
    forms: Mapping[Any, str],
    turns: Mapping[tuple[Any, Any], str],
    *,
    without: Collection[type] = (),
) -> None:
    """Put a door before all that a room offers: functions, the construction of classes, and some of their methods.

    `room` are the room's variables, `methods` the names of the methods by class, `without` the classes of which one is
    made in every step. `forms` says how what is wanted is best written and `turns` how one thing is made of another;
    for advice.
    """
    offered = {name: room[name] for name in room["__all__"]}
    offer(offered.values(), forms, turns)
    for name, one in offered.items():
        if isinstance(one, type) and not is_protocol(one) and one not in without:
            _open(one, ["__init__"] if "__init__" in vars(one) else [])
        elif isinstance(one, ModuleType):
            _open(one, [key for key, own in vars(one).items() if _is_offered(key, own, one.__name__)])
        elif inspect.isfunction(one):
            room[name] = door(one)
    for kind, names in methods.items():
        _open(kind, names.split())


def _open(owner: type | ModuleType, names: Iterable[str]) -> None:
    """Put a door before these methods of a class, or functions of a module."""
    for name in names:
        found = inspect.getattr_static(owner, name)
        wrap = type(found) if isinstance(found, staticmethod | classmethod) else None
        setattr(owner, name, wrap(door(found.__func__)) if wrap else door(found))


def _is_offered(name: str, value: object, module: str) -> bool:
    """Whether a name of a module is a public function of its own."""
    return inspect.isfunction(value) and value.__module__ == module and not name.startswith("_")


class Arguments:
    """What the arguments of a callable must be; worked out at the first call, when every name is defined."""

    def __init__(self, call: Callable[..., Any]) -> None:
        """Of this callable."""
        self._call = call

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self._call).parameters

    @cached_property
    def _wanted(self) -> dict[str, Wanted]:
        """By the names that arguments are given by, without those that may be anything."""
        function = inspect.unwrap(self._call)
        given = {name: one for name, one in function.__annotations__.items() if name != "return"}
        hints = get_type_hints(SimpleNamespace(__annotations__=given), function.__globals__)
        found = {name: wanted(hints[name]) for name in self._parameters if name in hints}
        return {name: want for name, want in found.items() if type(want) is not Wanted}

    @cached_property
    def _order(self) -> list[tuple[str, Wanted | None]]:
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return [(name, self._wanted.get(name)) for name, one in self._parameters.items() if one.kind in kinds]

    @cached_property
    def _others(self) -> Wanted | None:
        """What the arguments must be that have names of their own."""
        kind = inspect.Parameter.VAR_KEYWORD
        return next((self._wanted.get(name) for name, one in self._parameters.items() if one.kind is kind), None)

    def check(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        """Raise what a door raises; None is right wherever it stands for an argument left out."""
        for (name, want), value in zip(self._order, given, strict=False):
            if want is not None and type(value) not in want.known:
                self._look(name, value, want, given, named)
        for name, value in named.items():
            want = self._wanted.get(name, self._others)
            if want is not None and type(value) not in want.known:
                self._look(name, value, want, given, named)

    def _look(self, name: str, value: object, want: Wanted, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        if want.fits(value):
            for place, part, inner in want.parts(value):
                if type(part) not in inner.known:
                    self._look(name + place, part, inner, given, named)
            return
        others = {**dict(zip((name for name, _ in self._order), given, strict=False)), **named}
        swapped = next((other for other in others if self._exchanged(name, other, others)), None)
        what = f"exchange {name} and {swapped}" if swapped else advice(name, value, want)
        said = f"{self._who(given)} was given {shown(value)} as {name}, but {want.words} is needed; {what}."
        raise ShapeError(said) if is_misshapen(value, want) else TypeError(said)

    def _exchanged(self, name: str, other: str, values: Mapping[str, Any]) -> bool:
        """Whether each of two arguments is what the other should be, and not what it should be itself."""
        here, there = self._wanted.get(name), self._wanted.get(other)
        if here is None or there is None or name not in values or here.words == there.words:
            return False
        return here.fits(values[other]) and there.fits(values[name]) and not there.fits(values[other])

    def _who(self, given: tuple[Any, ...]) -> str:
        """The class, function or method, by the name that users write."""
        name = self._call.__name__
        if not given or next(iter(self._parameters), None) not in ("self", "cls"):
            return name
        owner = (given[0] if isinstance(given[0], type) else type(given[0])).__name__
        return {"__init__": owner, "__call__": f"A call of {owner}"}.get(name, f"{owner}.{name}")
