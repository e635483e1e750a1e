"""What can be called, as it is wanted: functions of so many arguments, and objects with certain methods."""

import inspect
from typing import get_args

from particles.arguments.signatures import methods, needed, takes
from particles.arguments.wanted import Wanted
from particles.arguments.words import with_article


class Callback(Wanted):
    """A function, or an object that can be called, with so many arguments; any number where none are said."""

    @property
    def words(self) -> str:
        """Of what it is a function."""
        return "a function" if self._is_free else f"a function of ({', '.join(one.words for one in self.arguments)})"

    @property
    def _is_free(self) -> bool:
        return not get_args(self.annotation) or get_args(self.annotation)[0] is ...

    def fits(self, value: object) -> bool:
        """Whether it can be called so; classes are given by mistake."""
        if not callable(value) or isinstance(value, type):
            return False
        return self._is_free or takes(value, len(self.arguments))


class Duck(Wanted):
    """An object with the members of a protocol, whose methods can be called as the protocol says."""

    @property
    def words(self) -> str:
        """The name of the protocol."""
        return with_article(self.kind.__name__)

    @property
    def members(self) -> list[str]:
        """The names of its methods and values."""
        return [name for name in dir(self.kind) if name == "__call__" or not name.startswith("_")]

    def fits(self, value: object) -> bool:
        """Whether it has all of them; a class has, but is given by mistake."""
        if isinstance(value, type) or not isinstance(value, self.kind) or self.misfit(value):
            return False
        if all(hasattr(type(value), name) for name in self.members) and not self._differs(type(value)):
            self.known.add(type(value))
        return True

    def _differs(self, kind: type) -> bool:
        """Whether objects of one type are called in different ways, as functions are."""
        return "__call__" in self.members and not inspect.isfunction(inspect.getattr_static(kind, "__call__"))

    def misfit(self, value: object) -> str | None:
        """The first method that is missing or cannot be called as it will be, written as it is needed."""
        for name, method in methods(self.kind):
            found = value if name == "__call__" else getattr(value, name, None)
            if not callable(found) or not takes(found, *needed(method)):
                return f"{name}({', '.join(list(inspect.signature(method).parameters)[1:])})"
        return None
