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

from particles.arguments.signatures import is_protocol
from tests.front_door.case import Case
from tests.front_door.census import CASES, Caught, faults, verdict
from tests.front_door.verdict import from_inside
from tests.front_door.wrong import WRONG
from tests.long import long

EXAMPLES = settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

DTYPES = st.sampled_from([torch.float64, torch.float32, torch.float16, torch.int64, torch.bool, torch.complex128])
SHAPES = st.lists(st.sampled_from([0, 1, 2, 3, 6, 8]), max_size=4)
#: None so small that steps of it are long work and no fault: either these end soon or they are refused.
FLOATS = st.floats(-9.0, 9.0).filter(lambda number: abs(number) > 1e-4 or abs(number) < 1e-12)
NUMBERS = st.one_of(
    *(st.integers(-3, 40), FLOATS, st.sampled_from([math.nan, math.inf, -math.inf, 1e-300])),
    *(st.booleans(), st.integers(-3, 9).map(np.int64), FLOATS.map(np.float64)),
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


def called(case: Case) -> str:
    """The id of a test."""
    return case.name


@pytest.mark.parametrize("case", [long(case) if place % 4 else case for place, case in enumerate(CASES)], ids=called)
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


#: Cases with what is wrong in each by its value, and what is said.
SENTENCES: list[tuple[str, dict[str, Any], str]] = [
    (
        "particles.jacobian_product",
        {"velocities": torch.ones(3, 3).double()},
        r"Velocities of shape \(3, 3\) .* \(8",
    ),
    ("particles.jacobian_transpose_product", {"cotangents": torch.ones(6, 2).double()}, r"to 6 data with 1 outputs"),
    (
        "particles.SharedCloud",
        {"masses": torch.ones(3).double()},
        r"256 positions and 3 masses; make it with",
    ),
    ("particles.Ranks", {"rank": 1}, "The rank is 1 of 1, but ranks are numbered from 0"),
    ("particles.Ranks", {"count": 3}, "Ranks were said to be 3, but no process group is open; start them"),
    (
        "particles.Risk.potential",
        {"positions": torch.ones(0, 3).double()},
        "asked for at no positions; give",
    ),
    (
        "particles.GramChange",
        {"inputs": torch.ones(0, 2).double()},
        r"Inputs have shape \(0, 2\), but",
    ),
    (
        "particles.SmallestEigenvalue",
        {"inputs": torch.full((1, 2), math.nan)},
        "Inputs hold 2 values that are not",
    ),
    ("particles.SharedTrajectory", {"opened": lambda: 0}, "gave int, but a writer is needed; return Trajectory.create"),
    ("particles.MappedNeuron", {"dim": 2.5}, "The dim of Own is 2.5, but a positive integer is needed"),
    ("flows.LogSpaced", {"count": 2.5}, "The number of times of LogSpaced is 2.5, but an integer"),
    ("flows.Progress", {"until": math.nan}, "the end nan, but a finite time is needed; give that of evolve"),
    ("flows.StepNoise", {"step": 0.5}, "The number of the step is 0.5, but a non-negative integer"),
    ("flows.StopBelow", {"observable": lambda cloud: cloud}, "An observable gave ParticleCloud, but a number"),
    ("flows.StopBelow", {"observable": lambda cloud: cloud.masses}, "of one number, but it gave 8; reduce them"),
    ("flows.Trace", {"risk": lambda cloud: "low"}, "An observable gave str, but a number, a tensor or an array"),
    ("limits.Density.marginal", {"axis": 2}, "The axis is 2, but the density has 2, numbered from 0; take one"),
    ("limits.Density.sample", {"count": 0}, "The number of particles is 0, but a positive integer"),
    ("limits.Grid.deposited", {"masses": torch.ones(3).double()}, "8 particles came with 3 masses; give one for each"),
    ("limits.LinearLaw", {"noise": torch.eye(3).double()}, r"matrices \(2, 2\) and \(3, 3\), but the cloud has 2"),
    ("limits.optimality_gap", {"places": torch.ones(1, 3).double()}, "the cloud 2 and the places 3; make them agree"),
    ("limits.EarlyTimeModel", {"radius": -1.0}, "radius -1.0, .* but a positive radius and non-negative ones"),
    ("limits.early_constants", {"variance": 0.0}, "The variance is 0.0, but a positive finite number is needed"),
    ("limits.Plan", {"masses": torch.ones(2).double()}, "1 rows, 1 columns and 2 masses; give one of each"),
    ("limits.Plan.matrix", {"count1": 1}, "moves particles beyond 1 and 2; give the counts of its clouds"),
    ("limits.Iteration", {"iterations": 2.5}, "The number of iterations is 2.5, but a positive integer"),
    ("limits.transport.transport", {"outputs": 0.5}, "The number of outputs is 0.5, but a non-negative integer"),
    (
        "limits.ensemble",
        {"features": lambda x1, x2: torch.eye(2).double()},
        r"shape \(2, 2\), but the flow has",
    ),
    (
        "limits.sampled",
        {"make": lambda count, seed: count},
        r"make\(count, seed\) gave int, but a ParticleCloud",
    ),
    (
        "limits.sampled",
        {"observable": lambda cloud: cloud},
        "The observable gave ParticleCloud, but a number",
    ),
    ("limits.sampled", {"seed": 0.5}, "The seed is 0.5, but a non-negative integer is needed"),
    ("limits.stand_in", {"clouds": 2.5}, "The number of clouds is 2.5, but a positive integer"),
    ("limits.slope", {"level": 1.5}, "The level is 1.5, but a number between 0 and 1 is needed"),
    ("limits.slope", {"resamples": 0}, "The number of resamples is 0, but a positive integer"),
    ("limits.slope", {"samples": np.ones((2, 3))}, r"Samples have shape \(2, 3\), but \[counts, repetitions\]"),
    ("limits.slope", {"statistic": lambda samples: samples}, "it must reduce the last axis"),
    ("limits.root_mean", {"samples": np.array(0.5)}, r"an array \[..., repetitions\] is needed"),
    ("limits.Approach", {"floors": np.ones((1, 4))}, r"have shapes .*, but both \[counts, repetitions\] are needed"),
    ("limits.convolutional_kernels", {"x1": torch.ones(6, 0).double()}, r"Inputs of a kernel have shape \(6, 0\)"),
]


@pytest.mark.parametrize(("name", "wrong", "sentence"), SENTENCES, ids=lambda one: one if isinstance(one, str) else "")
def test_wrong_values_are_told(name: str, wrong: dict[str, Any], sentence: str, without_shape_checks: None) -> None:
    """Assert that what no annotation tells is said by whoever takes it."""
    case = next(case for case in CASES if case.name == name)
    with pytest.raises((TypeError, ValueError), match=sentence):
        case.tried(wrong)


def inner_error() -> None:
    """Fail as torch does."""
    torch.ones(2) @ torch.ones(3)


def unopened(name: str) -> Case:
    """A case without its door."""
    case = next(case for case in CASES if case.name == name)
    return Case(name, inspect.unwrap(case.call), case.given, case.use)


@pytest.mark.parametrize(
    "name",
    ["flows.evolve", "limits.entropy", "particles.tangent_gram", "limits.ensemble"],
)
def test_missing_door_is_seen(name: str, without_shape_checks: None) -> None:
    """Assert that the census finds exceptions from inside where a function has no door."""
    assert any("AttributeError" in fault for fault in faults(unopened(name)))


def test_failure_in_another_library_is_from_inside() -> None:
    """Assert that the verdict names what torch raises, and where."""
    with Caught() as caught:
        inner_error()
    assert caught.error is not None
    assert "RuntimeError at tests/front_door/test_front_door.py" in str(from_inside(caught.error))


def test_refusal_is_not_from_inside() -> None:
    """Assert that the verdict is silent on a sentence of ours, and on Python's own of arguments that are missing."""
    with Caught() as refused:
        importlib.import_module("particles").Power(-1.0)
    with Caught() as short:
        inspect.unwrap(importlib.import_module("particles").masses.uniform)()
    assert refused.error is not None and from_inside(refused.error) is None
    assert short.error is not None and from_inside(short.error) is None
