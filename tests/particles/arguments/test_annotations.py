"""Annotations say what is wanted."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, TypeVar

import numpy as np
import pytest
import torch

from particles import ParticleCloud
from particles.arguments.annotations import is_misshapen, options_of, wanted
from particles.arguments.wanted import Wanted
from particles.shapes import Inputs, Masses

State = TypeVar("State")


@pytest.mark.parametrize("annotation", [Any, object, State, "Later"])
def test_what_cannot_be_tested_is_let_in(annotation: object) -> None:
    """Assert that annotations without a test want anything."""
    assert type(wanted(annotation)) is Wanted


@pytest.mark.parametrize(
    ("annotation", "value", "fits"),
    [
        (float | None, None, True),
        (float | None, 3, True),
        (float | None, "3", False),
        (Optional[str], "a", True),  # noqa: UP045
        (Sequence[float], [1.0, 2.0], True),
        (Sequence[float], (), True),
        (Sequence[float], np.ones(2), True),
        (Sequence[float], np.ones((2, 2)), False),
        (Sequence[float], torch.ones(2), True),
        (Sequence[float], np.array(["a"]), False),
        (Sequence[str], np.array(["a"]), False),
        (Sequence[str], "text", False),
        (Sequence[float], {1.0}, False),
        (tuple[int, ...], (1, 2), True),
        (tuple[int, ...], [1, 2], False),
        (tuple[str, float], ("a", 2.0), True),
        (tuple[str, float], ("a",), False),
        (Mapping[str, int], {"a": 1}, True),
        (Mapping[str, int], [("a", 1)], False),
        (bool, True, True),
        (bool, 1, False),
    ],
)
def test_values_fit_their_annotation(annotation: object, value: object, fits: bool) -> None:
    """Assert that choices, sequences, tuples and mappings are told from other things."""
    assert wanted(annotation).fits(value) == fits


def wrong_parts(annotation: object, value: object) -> list[str]:
    """The places of the parts that do not fit."""
    return [place for place, part, want in wanted(annotation).parts(value) if not want.fits(part)]


def test_parts_are_looked_at_one_by_one() -> None:
    """Assert that entries, keys and members of a choice are found by their places."""
    assert wrong_parts(Sequence[float], [1.0, "a", None]) == ["[1]", "[2]"]
    assert wrong_parts(tuple[int, str], (1, 2)) == ["[1]"]
    assert wrong_parts(Mapping[str, float], {"a": "b", 3: 4}) == ["['a']", "'s key 3"]
    assert wrong_parts(float | Sequence[float], [1.0, "a"]) == ["[1]"]


def test_words_say_what_is_needed() -> None:
    """Assert that choices leave None out, and that lists are of several."""
    assert wanted(ParticleCloud | None).words == "a ParticleCloud"
    assert wanted(int | Sequence[ParticleCloud]).words == "an integer or a list of ParticleClouds"
    assert wanted(Mapping[str, int]).words == "a dictionary from text to an integer"
    assert wanted(tuple[int, ...]).words == "a tuple of integers"


def test_choices_remember_types_that_need_no_second_look() -> None:
    """Assert that a plain type is known after it was seen, and a sequence never."""
    want = wanted(ParticleCloud | Sequence[float] | None)
    assert want.fits([1.0]) and want.fits(None) and want.fits(ParticleCloud(torch.ones(2, 1)))
    assert want.known == {type(None), ParticleCloud}


def test_only_axes_make_a_tensor_misshapen() -> None:
    """Assert that a tensor of the right numbers is told from other things, also where one of several is wanted."""
    want = wanted(Inputs | None)
    assert is_misshapen(torch.ones(3), want)
    assert not is_misshapen(torch.ones(3, dtype=torch.int64), want)
    assert not is_misshapen("text", want)
    assert [option.words for option in options_of(want)] == ["a float64 or float32 tensor [data, inputs]", "None"]
    assert options_of(wanted(Masses)) == (wanted(Masses),)
