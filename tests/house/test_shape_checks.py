"""The checker of shapes refuses what jaxtyping's own decorator refuses, and nothing else."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import field, make_dataclass
from typing import Any, Self

import jaxtyping
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

import tests
from particles import Squared
from particles.risk.dataset import Prepared
from tests import shape_checks

Decorator = Callable[[Any], Any]

OURS = shape_checks.jaxtyped(typechecker=tests.checked)
THEIRS = shape_checks.of_jaxtyping(typechecker=tests.checked)


def product(a: Float[Tensor, "n k"], b: Float[Tensor, " k"], scale: float = 1.0) -> Float[Tensor, " n"]:
    """Two words in the arguments, one of them in the value returned."""
    return scale * (a @ b)


def summed(a: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """What is returned has another length than the annotation says, unless the matrix is square."""
    return a.sum(dim=0)


def nested(a: Float[Tensor, "n k"], inner: Callable[..., Tensor]) -> Float[Tensor, " n"]:
    """Hands another matrix on, whose words stand for numbers of their own."""
    return inner(a.T.contiguous(), torch.ones(len(a))).new_ones(len(a))


def ahead(a: "Float[Tensor, 'n']", b: "NotYet") -> "NotYet":  # type: ignore[name-defined]  # noqa: F821
    """Annotations in strings: a shape, and what is not defined."""
    return b


def counted(numbers: list[int], *more: int, last: int | None = None) -> int:
    """No tensor at all."""
    return len(numbers) + len(more) + (last or 0)


def rows(a: Float[Tensor, "n k"]) -> Iterator[Float[Tensor, " k"]]:
    """Yields."""
    yield from a


def lied() -> int:
    """Returns what it does not say."""
    return "one"  # type: ignore[return-value]


def pair() -> type:
    """A data class whose two fields have one length; a new one each time, since a decorator writes into it."""
    fields = [("a", Float[Tensor, " n"]), ("b", Float[Tensor, " n"]), ("names", list[str], field(default_factory=list))]
    return make_dataclass("Pair", fields)


class Chain:
    """A class that is no data class, whose method returns `Self`."""

    def longer(self, by: int) -> Self:
        """Itself."""
        return self


A, B, TALL = torch.ones(3, 2), torch.ones(2), torch.ones(4)

#: What is decorated, what it is given, and whether that is right.
CASES: list[tuple[Any, tuple[Any, ...], bool]] = [
    (product, (A, B), True),
    (product, (A, B, 2), True),
    (product, (A, B, 2.0), True),
    (product, (A, TALL), False),
    (product, (A, torch.ones(2, dtype=torch.int64)), False),
    (product, (A, B, "2"), False),
    (product, (A, None), False),
    (summed, (torch.ones(3, 3),), True),
    (summed, (A,), False),
    (ahead, (B, "anything"), True),
    (ahead, (A, "anything"), False),
    (counted, ([1], 2, 3), True),
    (counted, (["1"], 2, 3), False),
    (counted, ([1], 2, "3"), False),
    (rows, (A,), True),
    (rows, (B,), False),
    (lied, (), False),
    (Chain.longer, (Chain(), 1), True),
    (Chain.longer, (Chain(), "1"), False),
    (pair, (B, B), True),
    (pair, (B, TALL), False),
    (pair, (B, B, [1]), False),
]


def refused(decorator: Decorator, one: Any, given: tuple[Any, ...]) -> bool:
    """Whether a call ends with jaxtyping's error."""
    try:
        decorator(pair() if one is pair else one)(*given)
    except jaxtyping.TypeCheckError:
        return True
    return False


@pytest.mark.parametrize("decorator", [OURS, THEIRS], ids=["ours", "jaxtyping"])
@pytest.mark.parametrize(("one", "given", "right"), CASES)
def test_refuses_what_jaxtyping_refuses(decorator: Decorator, one: Any, given: tuple[Any, ...], right: bool) -> None:
    """Assert that each right call is let through and each wrong one refused, by ours and by jaxtyping's decorator."""
    assert refused(decorator, one, given) == (not right)


@pytest.mark.parametrize("decorator", [OURS, THEIRS], ids=["ours", "jaxtyping"])
def test_words_stand_for_one_number_within_one_call(decorator: Decorator) -> None:
    """Assert that a function called within another has words of its own, and the next call begins anew."""
    outer = decorator(nested)
    assert outer(A, decorator(product)).shape == (3,)
    assert outer(torch.ones(5, 4), decorator(product)).shape == (5,)
    with pytest.raises(jaxtyping.TypeCheckError, match="product"):
        outer(A, lambda matrix, ones: decorator(product)(matrix, ones[1:]))


def test_the_hook_uses_ours() -> None:
    """Assert that what jaxtyping's hook writes before functions and data classes of the library is tested here."""
    assert jaxtyping.jaxtyped is shape_checks.jaxtyped
    assert hasattr(Squared.residual, "held") and hasattr(Prepared.__init__, "held")


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(("one", "given"), [(one, given) for one, given, right in CASES if not right])
def test_switched_off_it_refuses_nothing(one: Any, given: tuple[Any, ...]) -> None:
    """Assert that where the checks are off a wrong call is the function's own affair."""
    with suppress(RuntimeError, TypeError):
        assert not refused(OURS, one, given)
