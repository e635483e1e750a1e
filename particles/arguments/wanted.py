"""What an argument must be: a test of values, and words for what is needed; single things here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from numbers import Real
from types import NoneType
from typing import Any, get_origin

import torch

from particles.arguments.integers import TRUTH
from particles.arguments.words import with_article

#: Which part of a value, the part, and what it must be.
Parts = Iterator[tuple[str, object, "Wanted"]]
#: How kinds are called that have no good name of their own.
WORDS = {str: "text", bool: "True or False", torch.device: "a torch.device", torch.dtype: "a torch.dtype"}


@dataclass(eq=False)
class Wanted:
    """Whatever may be given for an argument; this one takes anything.

    `fits` looks at the value itself and `parts` at what it holds. Types of which every value fits are remembered in
    `known`, so that a door costs a look into a set. `arguments` are what its parameters want.
    """

    annotation: Any
    arguments: tuple["Wanted", ...] = ()
    known: set[type] = field(default_factory=set, init=False)

    @property
    def kind(self) -> Any:
        """The annotation without its parameters."""
        return get_origin(self.annotation) or self.annotation

    @property
    def words(self) -> str:
        """What is needed, to stand before "is needed"."""
        return "anything"

    def fits(self, value: object) -> bool:
        """Whether the value is of the right kind."""
        return True

    def parts(self, value: object) -> Parts:
        """What a fitting value holds and has to be right itself."""
        return iter(())


class Instance(Wanted):
    """An instance of a class."""

    @property
    def words(self) -> str:
        """The name of the class."""
        return "None" if self.kind is NoneType else WORDS.get(self.kind) or with_article(self.kind.__name__)

    def fits(self, value: object) -> bool:
        """Whether the value is one."""
        if isinstance(value, self.kind):
            self.known.add(type(value))
            return True
        return False


class Number(Wanted):
    """A real number, NumPy's too; what is given for a whole one is let in, whoever counts with it looks at it."""

    @property
    def words(self) -> str:
        """An integer or a number."""
        return "an integer" if self.annotation is int else "a number"

    def fits(self, value: object) -> bool:
        """Whether the value is a number; truth values are none."""
        return self.annotation is int or (isinstance(value, Real) and not isinstance(value, TRUTH))
