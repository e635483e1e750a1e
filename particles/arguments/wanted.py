"""Requirements on arguments: each tests values and has words for an error; this module has the simple ones."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from numbers import Real
from types import NoneType
from typing import Any, get_origin

import torch

from particles.arguments.integers import TRUTH
from particles.arguments.words import with_article

#: Parts of a value: where it is in the value, the part, and the requirement on it.
Parts = Iterator[tuple[str, object, "Wanted"]]
#: Words for types whose own names say too little.
WORDS = {str: "text", bool: "True or False", torch.device: "a torch.device", torch.dtype: "a torch.dtype"}


@dataclass(eq=False)
class Wanted:
    """A requirement on an argument; this base class accepts anything.

    `fits` tests the value itself, and `parts` gives the values that it holds with their requirements. Types of which
    every value fits are remembered in `known`, so that a later check is one look into a set. `arguments` are the
    requirements of the annotation's parameters.
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
        """Words for what is needed, for a sentence that goes on with "is needed"."""
        return "anything"

    def fits(self, value: object) -> bool:
        """Whether the value is of the right kind."""
        return True

    def parts(self, value: object) -> Parts:
        """The parts of a fitting value that have requirements of their own."""
        return iter(())


class Instance(Wanted):
    """The requirement of an instance of a class."""

    @property
    def words(self) -> str:
        """The name of the class."""
        return "None" if self.kind is NoneType else WORDS.get(self.kind) or with_article(self.kind.__name__)

    def fits(self, value: object) -> bool:
        """Whether the value is an instance of the class."""
        if isinstance(value, self.kind):
            self.known.add(type(value))
            return True
        return False


class Number(Wanted):
    """The requirement of a real number; for an integer any value is accepted here, since `whole` checks it later."""

    @property
    def words(self) -> str:
        """The words for an integer or a number."""
        return "an integer" if self.annotation is int else "a number"

    def fits(self, value: object) -> bool:
        """Whether the value is a number; truth values are none."""
        return self.annotation is int or (isinstance(value, Real) and not isinstance(value, TRUTH))
