"""Plain values of parameters: their names, their order, and arrays that lose none."""

import math

import numpy as np
import pytest

from runs.recorded.flat_parameters import Scalar, array, flat, ordered


def test_nested_parameters_get_dotted_names() -> None:
    """Assert that mappings are joined by dots and lists become text."""
    assert flat({"a": {"b": 1, "c": {"d": None}}, "e": [1, 2]}) == {"a.b": 1, "a.c.d": None, "e": "[1, 2]"}


def test_values_are_told_apart_exactly_and_sorted() -> None:
    """Assert that large integers, truth values and NaN are themselves, numbers come before text and None is last."""
    given: list[Scalar] = [None, "a", "", 2**60 + 1, 2**60, 1, True, False, -0.5, 10**400, math.inf]
    assert len({ordered(value) for value in given}) == len(given)
    assert sorted(given, key=ordered) == [-0.5, False, 1, True, 2**60, 2**60 + 1, 10**400, math.inf, "", "a", None]
    assert ordered(1) == ordered(1.0) and ordered(math.nan) == ordered(float("nan"))


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        ([3, 1], "i", [3, 1]),
        ([3, 1.5], "f", [3.0, 1.5]),
        ([True, False], "b", [True, False]),
        (["a", None], "U", ["a", ""]),
        (["a", None, ""], "U", ['"a"', "null", '""']),
        ([1, "1"], "U", ["1", '"1"']),
        ([0.1, "bound"], "U", ["0.1", "bound"]),
        ([True, None], "U", ["True", ""]),
        ([True, 1], "U", ["True", "1"]),
        ([2**53 + 1, 0.5], "U", ["9007199254740993", "0.5"]),
        ([2**64, 1], "U", ["18446744073709551616", "1"]),
    ],
)
def test_an_array_keeps_values_apart(values: list[Scalar], kind: str, shown: list[object]) -> None:
    """Assert that numbers and truth values keep their type where one holds them all, and are text otherwise."""
    made = array(values)
    assert made.dtype.kind == kind and made.tolist() == shown


def test_none_beside_numbers_is_nan() -> None:
    """Assert that a missing number is NaN, and integers are exact beside it."""
    np.testing.assert_array_equal(array([2**53, None, 0.5]), [2.0**53, np.nan, 0.5])
