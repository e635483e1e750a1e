"""What can be called how is read off signatures."""

from functools import partial
from typing import Protocol

import pytest

from particles.arguments.signatures import is_protocol, methods, needed, takes


class Painter(Protocol):
    """Has a method with arguments of both kinds."""

    def paint(self, wall: str, colour: str = "red", *, coats: int) -> None:
        """Paint a wall."""
        ...


class House:
    """Is a painter by its base."""


@pytest.mark.parametrize(
    ("call", "count", "fits"),
    [
        (lambda: 0, 0, True),
        (lambda: 0, 1, False),
        (lambda a: a, 1, True),
        (lambda a, b=0: a, 1, True),
        (lambda a, b=0: a, 3, False),
        (lambda *given: given, 7, True),
        (lambda a, *, b: a, 1, False),
        (partial(lambda a, b: a, 1), 1, True),
        (print, 2, True),
        (dict, 1, True),
    ],
)
def test_callables_take_so_many_arguments(call: object, count: int, fits: bool) -> None:
    """Assert that a callable is told from one that would not take the arguments."""
    assert takes(call, count) == fits  # type: ignore[arg-type]


def test_arguments_that_are_needed_are_counted() -> None:
    """Assert that arguments with a default need not be taken, and that names are known."""
    [(name, method)] = methods(Painter)
    assert name == "paint"
    assert needed(method) == (1, ["coats"])


def test_only_protocols_are_protocols() -> None:
    """Assert that a class that has a protocol as its base is none itself."""
    assert is_protocol(Painter)
    assert not is_protocol(type("Own", (Painter,), {}))
    assert not is_protocol(House)
    assert not is_protocol("Painter")
