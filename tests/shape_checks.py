"""What jaxtyping's decorator checks, at a fraction of its price, which was most of the time of tests with many steps.

`jaxtyping.jaxtyped` binds the arguments of every call to the signature and has them checked twice, to name the wrong
one in a message of its own. Here beartype checks each argument and the value returned once, as it does by itself, in a
context of jaxtyping's, in which a word stands for one number from the arguments to the value returned.
"""

import inspect
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from types import FunctionType, SimpleNamespace
from typing import Any, TypeAlias, get_type_hints

import jaxtyping

Decorator: TypeAlias = Callable[[Any], Any]

#: jaxtyping's own decorator, whose name there tests/__init__.py gives to the one below.
of_jaxtyping = jaxtyping.jaxtyped
_context = of_jaxtyping("context")


def jaxtyped(*, typechecker: Decorator) -> Decorator:
    """A decorator of functions and classes, of which data classes have their construction checked."""

    def decorated(one: Any) -> Any:
        if not inspect.isclass(one):
            return _held(one, typechecker)
        if is_dataclass(one) and not hasattr(one.__init__, "held"):
            one.__init__ = _held(one.__init__, typechecker)  # type: ignore[misc]
        return one

    return decorated


def _held(call: Any, typechecker: Decorator) -> Any:
    """The same function, checked at every call; jaxtyping itself looks after what yields or waits."""
    if inspect.isgeneratorfunction(call) or inspect.iscoroutinefunction(call) or not inspect.isfunction(call):
        return of_jaxtyping(call, typechecker=typechecker)
    checked = typechecker(_resolved(call))

    @wraps(call)
    def held(*given: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        if jaxtyping.config.jaxtyping_disable:
            return call(*given, **named)
        with _context:
            return checked(*given, **named)

    held.held = True  # type: ignore[attr-defined]
    return held


def _resolved(call: FunctionType) -> FunctionType:
    """A copy whose annotations are no strings; what is not defined yet may be anything, as for jaxtyping."""
    copy = FunctionType(call.__code__, call.__globals__, call.__name__, call.__defaults__, call.__closure__)
    copy.__kwdefaults__, copy.__module__, copy.__qualname__ = call.__kwdefaults__, call.__module__, call.__qualname__
    copy.__annotations__ = {name: _meant(one, call.__globals__) for name, one in call.__annotations__.items()}
    return copy


def _meant(annotation: object, names: dict[str, Any]) -> object:
    """What an annotation stands for, Any where a name in it is not known."""
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"one": annotation}), names, include_extras=True)["one"]
    except NameError:
        return Any
