"""The check of arguments: public classes and functions compare what they are given with their annotations.

`annotations` says what an annotation allows. A package wraps its public names when it is imported, so calls from
outside are checked, while calls between its modules are not.
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


def arguments_checked(call: Call) -> Call:
    """The same function or method, which checks its arguments first.

    A call raises TypeError, or ShapeError for a tensor with another number of axes, and says what was given, what is
    needed and what to write instead.
    """
    arguments = Arguments(call)

    @wraps(call)
    def checked(*given: Any, **named: Any) -> Any:
        arguments.check(given, named)
        return call(*given, **named)

    checked.__dict__["checked_arguments"] = arguments
    return checked  # type: ignore[return-value]


def check_arguments_of(
    names: dict[str, Any],
    methods: Mapping[Any, str],
    forms: Mapping[Any, str],
    conversions: Mapping[tuple[Any, Any], str],
    *,
    without: Collection[type] = (),
) -> None:
    """Make all public functions of a package, the constructors of its classes and some methods check their arguments.

    `names` are the global variables of the package, with `__all__`. `methods` gives the names of the methods that check
    their arguments by class, and `without` the classes that are constructed in every step and are not checked. The
    advice of a refusal uses `forms`, expressions that give an instance of a class, and `conversions`, expressions that
    make one thing of another.
    """
    public = {name: names[name] for name in names["__all__"]}
    offer(public.values(), forms, conversions)
    for name, one in public.items():
        if isinstance(one, type) and not is_protocol(one) and one not in without:
            _check(one, ["__init__"] if "__init__" in vars(one) else [])
        elif isinstance(one, ModuleType):
            _check(one, [key for key, own in vars(one).items() if _is_public(key, own, one.__name__)])
        elif inspect.isfunction(one):
            names[name] = arguments_checked(one)
    for kind, own_names in methods.items():
        _check(kind, own_names.split())


def _check(owner: type | ModuleType, names: Iterable[str]) -> None:
    """Make these methods of a class, or functions of a module, check their arguments."""
    for name in names:
        found = inspect.getattr_static(owner, name)
        wrap = type(found) if isinstance(found, staticmethod | classmethod) else None
        setattr(owner, name, wrap(arguments_checked(found.__func__)) if wrap else arguments_checked(found))


def _is_public(name: str, value: object, module: str) -> bool:
    """Whether a name of a module is a public function of its own."""
    return inspect.isfunction(value) and value.__module__ == module and not name.startswith("_")


class Arguments:
    """The requirements on the arguments of a callable, read from its annotations at its first call.

    Annotations may use names that are not defined earlier.
    """

    def __init__(self, call: Callable[..., Any]) -> None:
        """Hold the requirements of this callable."""
        self._call = call

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self._call).parameters

    @cached_property
    def _wanted(self) -> dict[str, Wanted]:
        """The requirements by the names of the arguments, without arguments that may be anything."""
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
        """The requirement on the values of **keywords, or None."""
        kind = inspect.Parameter.VAR_KEYWORD
        return next((self._wanted.get(name) for name, one in self._parameters.items() if one.kind is kind), None)

    def check(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        """Raise TypeError or ShapeError for the first argument that is not what its annotation allows."""
        for (name, want), value in zip(self._order, given, strict=False):
            if want is not None and type(value) not in want.known:
                self._look(name, value, want, given, named)
        for name, value in named.items():
            want = self._wanted.get(name, self._others)
            if want is not None and type(value) not in want.known:
                self._look(name, value, want, given, named)

    def _look(self, name: str, value: object, want: Wanted, given: tuple[Any, ...], named: Mapping[str, Any]) -> None:
        """Check one argument and its parts; raises TypeError or ShapeError with a sentence of advice."""
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
        """Whether two arguments were given in each other's place."""
        here, there = self._wanted.get(name), self._wanted.get(other)
        if here is None or there is None or name not in values or here.words == there.words:
            return False
        return here.fits(values[other]) and there.fits(values[name]) and not there.fits(values[other])

    def _who(self, given: tuple[Any, ...]) -> str:
        """The name of the class, function or method, as users write it."""
        name = self._call.__name__
        if not given or next(iter(self._parameters), None) not in ("self", "cls"):
            return name
        owner = (given[0] if isinstance(given[0], type) else type(given[0])).__name__
        return {"__init__": owner, "__call__": f"A call of {owner}"}.get(name, f"{owner}.{name}")
