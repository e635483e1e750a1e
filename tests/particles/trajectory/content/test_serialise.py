"""Nested values through arrays and JSON and back, bit for bit, and nothing but what was asked for."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from particles.errors import TrajectoryError
from particles.trajectory.content.serialise import flattened, rebuilt


@dataclass(frozen=True, eq=False)
class Inner:
    """A state inside a state."""

    numbers: tuple[torch.Tensor, ...]
    label: str


@dataclass(frozen=True, eq=False)
class Outer:
    """A state of every kind of part."""

    inner: Inner | None
    size: float
    count: int
    done: bool
    times: tuple[float, ...] = ()


class Refuses:
    """What is no dataclass."""


def sent(value: object, classes: tuple[type, ...] = (Inner, Outer)) -> Any:
    """The value after its way through text and arrays."""
    tree, arrays = flattened(value)
    return rebuilt(json.loads(json.dumps(tree)), arrays.__getitem__, classes)


def test_every_part_comes_back_bit_for_bit() -> None:
    """Assert that numbers, infinities, text, tuples, None and tensors of each dtype are what they were."""
    tensors = (
        torch.tensor([[0.1, -0.0], [float("nan"), 1e-310]], dtype=torch.float64),
        torch.tensor(3.0, dtype=torch.float32),
        torch.arange(4),
        torch.empty(0, 3),
    )
    value = Outer(Inner(tensors, "é"), float("inf"), 2**60, True, (0.1 + 0.2, -0.0))
    back = sent(value)
    assert isinstance(back, Outer) and isinstance(back.inner, Inner)
    assert (back.size, back.count, back.done, back.inner.label) == (float("inf"), 2**60, True, "é")
    assert np.array(back.times).tobytes() == np.array(value.times).tobytes() and type(back.times) is tuple
    for one, two in zip(tensors, back.inner.numbers, strict=True):
        assert one.dtype == two.dtype and one.shape == two.shape
        assert one.numpy().tobytes() == two.numpy().tobytes()
    assert sent(Outer(None, 0.0, 0, False)).inner is None


def test_a_field_that_came_later_has_its_default() -> None:
    """Assert that a value kept before its class got a field is made, and that one with its field keeps it."""
    tree, arrays = flattened(Outer(None, 0.5, 3, True, (1.0,)))
    assert isinstance(tree, dict)
    assert rebuilt(tree, arrays.__getitem__, (Outer,)).times == (1.0,)  # type: ignore[attr-defined]
    del tree["fields"]["times"]
    assert rebuilt(tree, arrays.__getitem__, (Outer,)).times == ()  # type: ignore[attr-defined]


def test_order_of_axes_in_memory_is_kept() -> None:
    """Assert that a transposed tensor comes back transposed, since sums over it run in that order."""
    tensor = torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)
    back = sent(Inner((tensor,), "")).numbers[0]
    assert torch.equal(back, tensor) and back.stride() == tensor.stride()


def test_what_comes_back_shares_no_memory() -> None:
    """Assert that writing into the arrays that were read does not change the value."""
    tree, arrays = flattened(torch.ones(3))
    back = rebuilt(tree, arrays.__getitem__, ())
    arrays["value"][:] = 7.0
    assert isinstance(back, torch.Tensor) and back.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("value", [Refuses(), [1], {"a": 1}, Outer, torch.ones(2, dtype=torch.complex64)])
def test_what_cannot_be_kept_is_refused_by_its_place(value: object) -> None:
    """Assert that objects, lists, mappings, classes and other dtypes are named with where they stand."""
    with pytest.raises(TypeError, match=r"at value\.0\.numbers\.0 cannot be kept in a file"):
        flattened((Inner((value,), ""),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        ({"class": "os.system", "fields": {}}, "holds os.system, which is not a state this program knows"),
        ({"class": f"{__name__}.Refuses", "fields": {}}, "which is not a state this program knows"),
        ({"class": f"{__name__}.Inner", "fields": {"label": "a"}}, "with other fields"),
        ({"class": f"{__name__}.Inner", "fields": {"label": "a", "numbers": None, "x": 1}}, "with other fields"),
        ({"class": f"{__name__}.Inner", "fields": [1]}, "not a state this program knows"),
        ([1], "holds list"),
        ({"tensor": "t", "dtype": "float64", "order": [0, 0]}, "has axes"),
        ({"tensor": "t", "dtype": "float64", "order": "01"}, "has axes"),
    ],
)
def test_nothing_else_is_made(node: object, sentence: str) -> None:
    """Assert that unknown classes, other fields and broken trees are refused and no code of theirs is run."""
    with pytest.raises(TrajectoryError, match=sentence):
        rebuilt(node, lambda name: np.zeros((2, 2)), (Inner, Outer))
