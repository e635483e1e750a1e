"""Requirements on callables: functions of a number of arguments, and objects with the methods of a protocol."""

import inspect
from typing import get_args

from particles.arguments.signatures import methods, needed, takes
from particles.arguments.wanted import Wanted
from particles.arguments.words import with_article


class Callback(Wanted):
    """The requirement of a callable with a number of arguments, or with any number where the annotation names none."""

    @property
    def words(self) -> str:
        """The words for a function and its arguments."""
        return "a function" if self._is_free else f"a function of ({', '.join(one.words for one in self.arguments)})"

    @property
    def _is_free(self) -> bool:
        return not get_args(self.annotation) or get_args(self.annotation)[0] is ...

    def fits(self, value: object) -> bool:
        """Whether the value can be called in this way; a class is refused, since it is usually given by mistake."""
        if not callable(value) or isinstance(value, type):
            return False
        return self._is_free or takes(value, len(self.arguments))


class Duck(Wanted):
    """The requirement of an object with the members of a protocol and methods that can be called as it says."""

    @property
    def words(self) -> str:
        """The name of the protocol."""
        return with_article(self.kind.__name__)

    @property
    def members(self) -> list[str]:
        """The names of the methods and values of the protocol."""
        return [name for name in dir(self.kind) if name == "__call__" or not name.startswith("_")]

    def fits(self, value: object) -> bool:
        """Whether the value has all members; a class is refused, since it is usually given by mistake."""
        if isinstance(value, type) or not isinstance(value, self.kind) or self.misfit(value):
            return False
        if all(hasattr(type(value), name) for name in self.members) and not self._differs(type(value)):
            self.known.add(type(value))
        return True

    def _differs(self, kind: type) -> bool:
        """Whether objects of one type may take different arguments, as functions do."""
        return "__call__" in self.members and not inspect.isfunction(inspect.getattr_static(kind, "__call__"))

    def misfit(self, value: object) -> str | None:
        """The first method that is missing or takes other arguments, written as it is needed; None where all fit."""
        for name, method in methods(self.kind):
            found = value if name == "__call__" else getattr(value, name, None)
            if not callable(found) or not takes(found, *needed(method)):
                return f"{name}({', '.join(list(inspect.signature(method).parameters)[1:])})"
        return None
