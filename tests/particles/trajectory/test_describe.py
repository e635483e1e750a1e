"""What a flow is made of, as JSON: classes, fields, numbers, digests of tensors, names of functions."""

import functools
import hashlib
import json
import math
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
import torch

from particles import NTK, Dataset, Identity, Perceptron, Risk, Squared, Tanh
from particles.trajectory.describe import Json, describe, described_today, name_today, qualified_name
from tests.draws import normals

INPUTS, TARGETS = normals(6, 3, seed=71), normals(6, 1, seed=72)


class Colour(Enum):
    """Two of them."""

    RED = 1
    BLUE = 2


@dataclass(frozen=True, eq=False)
class Nested:
    """A dataclass that holds anything."""

    content: object
    number: float = 0.5


def digest(values: np.ndarray) -> str:
    """Digest of the bytes of an array."""
    return hashlib.sha256(values.tobytes()).hexdigest()


def test_names_in_files_do_not_depend_on_where_code_lies() -> None:
    """Assert that classes of ours are named by their package, as are those in earlier files, and others in full."""
    assert qualified_name(Perceptron) == "particles.Perceptron"
    assert qualified_name(Nested) == f"{__name__}.Nested"
    earlier = {
        "class": "particles.neurons.Perceptron",
        "parts": [{"class": "a.b.C"}, "particles.losses.Squared"],
    }
    now = {"class": "particles.Perceptron", "parts": [{"class": "a.b.C"}, "particles.losses.Squared"]}
    assert described_today(earlier) == now == described_today(now)
    assert name_today("flows.integrators.function_space.bdf_state.BDFState") == "flows.BDFState"


def test_a_risk_is_described_to_the_last_tensor() -> None:
    """Assert that classes, numbers and data of a whole risk stand in the description, and nothing random."""
    neuron = Perceptron(activation=Tanh(), embedding=Identity(dim=3), trained="hidden")
    risk = Risk(neuron=neuron, scaling=NTK(), loss=Squared(), data=Dataset(INPUTS, TARGETS))
    described = describe(risk)
    assert described == describe(risk) == json.loads(json.dumps(described))
    assert described["class"] == "particles.Risk"
    assert described["neuron"]["class"] == "particles.Perceptron"
    assert described["neuron"]["trained"] == "hidden"
    assert described["neuron"]["activation"] == {"class": "particles.Tanh"}
    inputs = {"class": "torch.Tensor", "shape": [6, 3], "dtype": "float64", "sha256": digest(INPUTS.numpy())}
    assert described["data"]["inputs"] == inputs


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.1, 0.1),
        (math.inf, math.inf),
        ("text", "text"),
        (np.float64(0.25), 0.25),
        (np.int32(7), 7),
        ((1, 2), [1, 2]),
        ([1, [2.5]], [1, [2.5]]),
        ({"a": {"b": None}}, {"a": {"b": None}}),
        (frozenset({"b", "a"}), ["a", "b"]),
        (torch.float32, "torch.float32"),
        (torch.device("cpu"), "cpu"),
        (Path("data/x.csv"), "data/x.csv"),
        (math.sqrt, "math.sqrt"),
        (Squared, "particles.Squared"),
        (Colour.RED, f"{__name__}.Colour.RED"),
        (digest, f"{__name__}.digest"),
        (Nested((1, 2)), {"class": f"{__name__}.Nested", "content": [1, 2], "number": 0.5}),
        (
            functools.partial(digest, values=1),
            {
                "class": "functools.partial",
                "function": f"{__name__}.digest",
                "arguments": [],
                "keywords": {"values": 1},
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_are_described(value: object, expected: Json) -> None:
    """Assert that each kind of value has its one description, which survives JSON."""
    assert describe(value) == expected == json.loads(json.dumps(describe(value)))


def test_how_a_risk_is_computed_is_not_described() -> None:
    """Assert that the kernels a risk goes through leave no trace: files of before and after are of one flow."""
    risk = Risk(Perceptron(Tanh(), Identity(3)), NTK(), Squared(), Dataset(INPUTS, TARGETS))
    assert describe(replace(risk, fused=False)) == describe(risk)
    assert "fused" not in json.dumps(describe(risk)) and "regulariser" in json.dumps(describe(risk))


def test_functions_of_torch_and_numpy_have_names() -> None:
    """Assert that built-in functions are told apart."""
    names = [describe(function) for function in (torch.sin, torch.cos, np.sin, np.cos, len)]
    assert len(set(names)) == 5 and all(isinstance(name, str) for name in names)


def test_digest_is_that_of_the_values_in_c_order() -> None:
    """Assert that a transposed or strided tensor has the digest of its copy, and one other bit another digest."""
    values = normals(4, 3, seed=73)
    assert describe(values.T) == describe(values.T.contiguous())
    assert describe(values[::2]) == describe(values[::2].clone())
    changed = values.clone()
    changed[0, 0] = torch.nextafter(changed[0, 0], changed[0, 0] + 1)
    assert describe(values)["sha256"] != describe(changed)["sha256"]
    assert describe(values.numpy())["sha256"] == describe(values)["sha256"] == digest(values.numpy())


@pytest.mark.parametrize("shape", [(), (0, 3), (2,)])
@pytest.mark.parametrize("dtype", [torch.bool, torch.bfloat16, torch.int64, torch.complex64])
def test_every_dtype_and_shape_has_a_digest(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """Assert that scalars, empty tensors and dtypes that numpy lacks are described."""
    described = describe(torch.zeros(shape, dtype=dtype))
    assert described["shape"] == list(shape) and described["dtype"] == str(dtype).removeprefix("torch.")


def test_a_tensor_with_gradients_is_described() -> None:
    """Assert that a leaf of autograd counts like its values."""
    values = normals(3, seed=74)
    assert describe(values.clone().requires_grad_()) == describe(values)


class Own:
    """A neuron of one's own, which is no dataclass."""

    def __init__(self, rate: float, inner: object = None) -> None:
        self.rate, self._weights, self.inner = rate, INPUTS, inner

    @functools.cached_property
    def twice(self) -> float:
        """What is computed once."""
        return 2.0 * self.rate


class Narrow(Own):
    """The same with slots beside what it inherits."""

    __slots__ = ("unset", "width")

    def __init__(self, width: int) -> None:
        super().__init__(0.25)
        self.width = width


class Circle:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.me = self


def test_a_class_of_ones_own_is_described_by_what_it_holds() -> None:
    """Assert that attributes, slots and what lies within count, nothing that is cached, and another value is seen."""
    inputs = describe(INPUTS)
    expected = {"class": f"{__name__}.Own", "rate": 0.5, "_weights": inputs, "inner": None}
    own = Own(0.5)
    assert describe(own) == expected and own.twice == 1.0 and describe(own) == expected
    assert describe(Own(0.5, own))["inner"] == expected != describe(Own(0.25))
    narrow = {"class": f"{__name__}.Narrow", "width": 3, "rate": 0.25, "_weights": inputs, "inner": None}
    assert describe(Narrow(3)) == narrow
    module = torch.nn.Linear(2, 1, dtype=torch.float64)
    with torch.no_grad():
        before = describe(module)
        module.weight += 1.0
    assert json.dumps(before) != json.dumps(describe(module))


class Secret:
    """An object with a printed form that nobody should see."""

    def __repr__(self) -> str:
        return "<Secret at 0x7f>"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (object(), "A value of type builtins.object at flow cannot be described in a file; make it of numbers, text,"),
        (Nested({"a": [object()]}), r"A value of type builtins.object at flow.content\['a'\]\[0\] cannot be described"),
        (Own(0.5, object()), "A value of type builtins.object at flow.inner cannot be described"),
        (Circle(), "The .*Circle at flow.*me holds itself, so it cannot be described in a file; leave that out"),
        ({1: 2}, "A key of type builtins.int at flow cannot be described in a file; use text as keys."),
        (np.array([None]), "An array of Python objects at flow cannot be described; give an array of numbers."),
        (b"bytes", "A value of type builtins.bytes at flow cannot be described"),
        (1j, "A value of type builtins.complex at flow cannot be described"),
    ],
    ids=["object", "inside", "attribute", "circle", "key", "array", "bytes", "complex"],
)
def test_anything_else_is_refused_by_place_and_type(value: object, sentence: str) -> None:
    """Assert that the refusal says where and of what type the value is, and shows no printed form."""
    with pytest.raises(TypeError, match=sentence) as caught:
        describe(value, "flow")
    assert "0x" not in str(caught.value)


def test_qualified_name_has_module_and_class() -> None:
    """Assert that a method is named with its class."""
    assert qualified_name(Secret.__repr__) == f"{__name__}.Secret.__repr__"
