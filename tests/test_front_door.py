"""The front door: whatever users give to what the library offers, no exception comes from inside."""

import importlib
import inspect
import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from particles.doors.signatures import is_protocol
from tests.front_door.case import Case
from tests.front_door.census import CASES, Caught, faults, verdict
from tests.front_door.verdict import from_inside
from tests.front_door.wrong import WRONG

EXAMPLES = settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

DTYPES = st.sampled_from([torch.float64, torch.float32, torch.float16, torch.int64, torch.bool, torch.complex128])
SHAPES = st.lists(st.sampled_from([0, 1, 2, 3, 6, 8]), max_size=4)
NUMBERS = st.one_of(
    *(st.integers(-3, 40), st.floats(-9.0, 9.0), st.sampled_from([math.nan, math.inf, -math.inf, 1e-300])),
    *(st.booleans(), st.integers(-3, 9).map(np.int64), st.floats(-9.0, 9.0).map(np.float64)),
)
THINGS = st.one_of(
    *(st.sampled_from(list(WRONG.values())), NUMBERS, st.text(max_size=3), st.none()),
    *(st.lists(NUMBERS, max_size=3), st.lists(NUMBERS, max_size=3).map(tuple)),
    st.dictionaries(st.text(max_size=2), NUMBERS, max_size=2),
    st.builds(lambda shape, dtype: torch.ones(shape, dtype=dtype), SHAPES, DTYPES),
    st.builds(lambda shape: np.full(shape, 0.5), SHAPES),
)


def offered(room: ModuleType) -> dict[str, Any]:
    """The classes and functions that a room offers, but protocols and classes that are made of nothing."""
    names: dict[str, Any] = {}
    for name in room.__all__:
        one = getattr(room, name)
        if isinstance(one, ModuleType):
            inner = {key: own for key, own in vars(one).items() if getattr(own, "__module__", "") == one.__name__}
            names |= {f"{name}.{key}": own for key, own in inner.items() if not key.startswith("_")}
        elif callable(one) and not is_protocol(one):
            names[name] = one
    return {name: one for name, one in names.items() if not _takes_nothing(one)}


def _takes_nothing(one: Any) -> bool:
    """Whether a class is an enumeration, cannot be made, or is an error made of a sentence."""
    if not isinstance(one, type):
        return False
    plain = issubclass(one, Exception) and "__init__" not in vars(one)
    return plain or inspect.isabstract(one) or hasattr(one, "__members__")


@pytest.mark.parametrize("room", ["particles", "flows", "limits"])
def test_every_public_callable_has_a_case(room: str) -> None:
    """Assert that nothing is offered that is not tried with wrong arguments."""
    cases = {case.name.split("(")[0] for case in CASES}
    names = [f"{room}.{name}" for name in offered(importlib.import_module(room))]
    assert [name for name in names if not any(case == name or case.startswith(f"{name}.") for case in cases)] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_wrong_arguments_are_refused_in_a_sentence(case: Case, without_shape_checks: None) -> None:
    """Assert that right arguments do, and that no wrong thing in place of one of them fails inside."""
    case.tried()
    said = "\n".join(faults(case))
    assert not said, said


@EXAMPLES
@given(data=st.data())
def test_any_things_as_arguments_are_refused_in_a_sentence(data: st.DataObject, without_shape_checks: None) -> None:
    """Assert that no combination of things in place of some arguments fails inside."""
    case = data.draw(st.sampled_from([case for case in CASES if case.given]))
    wrong = data.draw(st.dictionaries(st.sampled_from(sorted(case.given)), THINGS, min_size=1, max_size=3))
    said = verdict(case, wrong)
    assert said is None, f"{case.name}({wrong}): {said}"


def inner_error() -> None:
    """Fail as torch does."""
    torch.ones(2) @ torch.ones(3)


def unopened(name: str) -> Case:
    """A case without its door."""
    case = next(case for case in CASES if case.name == name)
    return Case(name, inspect.unwrap(case.call), case.given, case.use)


@pytest.mark.parametrize("name", ["flows.evolve", "limits.entropy", "particles.tangent_gram", "limits.ensemble"])
def test_missing_door_is_seen(name: str, without_shape_checks: None) -> None:
    """Assert that the census finds exceptions from inside where a function has no door."""
    assert any("AttributeError" in fault for fault in faults(unopened(name)))


def test_failure_in_another_library_is_from_inside() -> None:
    """Assert that the verdict names what torch raises, and where."""
    with Caught() as caught:
        inner_error()
    assert caught.error is not None
    assert "RuntimeError at tests/test_front_door.py" in str(from_inside(caught.error))


def test_refusal_is_not_from_inside() -> None:
    """Assert that the verdict is silent on a sentence of ours, and on Python's own of arguments that are missing."""
    with Caught() as refused:
        importlib.import_module("particles").Power(-1.0)
    with Caught() as short:
        inspect.unwrap(importlib.import_module("particles").masses.uniform)()
    assert refused.error is not None and from_inside(refused.error) is None
    assert short.error is not None and from_inside(short.error) is None
