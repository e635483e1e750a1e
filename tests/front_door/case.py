"""A public callable with arguments that are right, and what is ordinarily done with what it returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Use = Callable[[Any], object]


@dataclass(frozen=True)
class Case:
    """The name that users import, the callable, its right arguments by name, and one ordinary call of the result."""

    name: str
    call: Callable[..., Any]
    given: Mapping[str, Any]
    use: Use = lambda value: None

    def tried(self, wrong: Mapping[str, Any] = {}) -> None:
        """Make the call with some arguments replaced, and the ordinary use of what comes of it."""
        self.use(self.call(**{**self.given, **wrong}))
