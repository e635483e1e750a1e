"""One line for any value: what is written in full, what is left out first, and that no array is ever written."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from particles.arguments.display import Words, line, span
from particles.arguments.display.line import LONGEST


@dataclass(frozen=True)
class Inner:
    """A part with an option."""

    rate: float
    kind: str = "plain"


@dataclass(frozen=True, eq=False)
class Outer:
    """A user's value with a tensor, a part, an option that is not taken and something of its own."""

    weights: torch.Tensor
    inner: Inner = Inner(0.1)
    option: int | None = field(default=None, metadata={"optional": True})
    hidden: float = field(default=1.0, repr=False)
    _kept: list[float] = field(default_factory=list)


@dataclass
class Written:
    """A dataclass that writes itself."""

    value: float = 1.0

    def __repr__(self) -> str:
        return "in my own words"


class Record(NamedTuple):
    """A named tuple with an array."""

    times: np.ndarray
    count: int


class Plain:
    """A class that says nothing of itself."""


class Verbose:
    """A class whose text has lines."""

    def __repr__(self) -> str:
        return "Verbose(\n  1\n)"


class Colour(Enum):
    """An enumeration."""

    RED = 1


class Word(StrEnum):
    """An enumeration of words."""

    YES = "yes"


WEIGHTS = torch.zeros(500, 3, dtype=torch.float64)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (WEIGHTS, "float64[500, 3]"),
        (torch.empty(4, 2, device="meta"), "float32[4, 2] on meta"),
        (torch.tensor(0.25, requires_grad=True), "0.25"),
        (torch.empty((), device="meta"), "float32[] on meta"),
        (np.arange(7), "int64[7]"),
        (np.float64(0.1), "0.1"),
        (1.0 / 3.0, repr(1.0 / 3.0)),
        (math.inf, "inf"),
        ("it's", '"it\'s"'),
        (Words("as it is"), "as it is"),
        (Colour.RED, "Colour.RED"),
        (Word.YES, "Word.YES"),
        (torch.float32, "float32"),
        (torch.device("cpu"), "cpu"),
        (Path("a/b"), "a/b"),
        (Path("/long" * 20) / "run.h5", f"...{('/long' * 20 + '/run.h5')[-69:]}"),
        ((1,), "(1,)"),
        ([1, 2], "[1, 2]"),
        ({"a": WEIGHTS}, "{'a': float64[500, 3]}"),
        (frozenset([3]), "{3}"),
        (Outer(WEIGHTS), "Outer(weights=float64[500, 3], inner=Inner(rate=0.1, kind='plain'))"),
        (Outer(WEIGHTS, option=2), "Outer(weights=float64[500, 3], inner=Inner(rate=0.1, kind='plain'), option=2)"),
        (Record(np.zeros(9), 9), "Record(times=float64[9], count=9)"),
        (Written(), "in my own words"),
        (Plain(), "Plain(...)"),
        (Verbose(), "Verbose(...)"),
        (Plain, "Plain"),
        (math.cos, "cos"),
        (functools.partial(math.pow, 2.0), "partial(pow, ...)"),
        (None, "None"),
    ],
    ids=lambda one: type(one).__name__ if not isinstance(one, str) else None,
)
def test_a_value_is_one_line(value: Any, written: str) -> None:
    """Assert that tensors, numbers, words, collections and objects are written as a person would."""
    assert line(value) == written


def test_functions_are_written_without_their_address() -> None:
    """Assert that functions, also local and bound ones, are written by their names."""

    def local() -> None:
        """Do nothing."""

    assert line(local) == "test_functions_are_written_without_their_address.local"
    assert line(Verbose().__repr__) == "Verbose.__repr__"
    given: Callable[[], int] = lambda: 1
    assert "0x" not in line(given)


def test_defaults_are_left_out_first() -> None:
    """Assert that an object too long for a line loses what is as when left out, and is still the same call."""
    many = [Inner(0.1)] * 8
    assert line(many) == f"[{', '.join(['Inner(rate=0.1)'] * 8)}]"
    assert eval(line(many)) == many


@pytest.mark.parametrize(
    "value",
    [
        list(range(10_000)),
        {number: WEIGHTS for number in range(1_000)},
        [[[[[[Inner(0.1)] * 9] * 9] * 9] * 9] * 9],
        [Outer(WEIGHTS)] * 200,
        "long " * 1_000,
        {f"name{number}": 1.0 / 3.0 for number in range(100)},
        [math.pi] * 50,
        functools.reduce(lambda inner, _: Outer(WEIGHTS, inner), range(50), Inner(0.1)),  # type: ignore[arg-type]
    ],
    ids=["numbers", "tensors", "nested", "objects", "text", "named", "digits", "deep"],
)
def test_what_is_long_is_cut_and_counted(value: Any) -> None:
    """Assert that no value has a line longer than the longest, and that collections say how many entries they have."""
    written = line(value)
    assert len(written) <= LONGEST
    if isinstance(value, list | dict) and len(value) > 24:
        assert f"... {len(value)} in all" in written


def test_a_shorter_line_can_be_asked_for() -> None:
    """Assert that the longest line is what the caller says."""
    assert line([Inner(1.0 / 3.0)] * 9, longest=40) == "[Inner(...), Inner(...), ... 9 in all]"
    assert line({"a" * 50: "b" * 50}, longest=20).endswith("...")


def test_what_holds_itself_ends() -> None:
    """Assert that an object inside itself is written to a depth."""
    loop: list[Any] = []
    loop.append(loop)
    assert len(line(loop)) <= LONGEST


def test_a_span_is_the_first_and_the_last() -> None:
    """Assert that times are told by their ends, and that there may be none."""
    assert (span(np.array([0.0, 0.5, 10.0])), span(np.array([]))) == ("0 to 10", "none")
