"""Sweeps: which runs a product, a zip and random draws ask for."""

import math
from typing import Any

import numpy as np
import pytest

from runs.refusal import Refusal
from runs.studyfile.config import SweepTable
from runs.studyfile.grid import expanded, points, set_key
from tests.runs.studyfile.studies import values

PAIR = {"until": [1.0, 2.0], "masses.count": [3, 4]}


def test_product_is_every_combination_and_zip_the_rows() -> None:
    """Assert that the points of both come in the order of the file."""
    every = [(point["until"], point["masses.count"]) for point in points(SweepTable(over=PAIR))]
    assert every == [(1.0, 3), (1.0, 4), (2.0, 3), (2.0, 4)]
    rows = [(point["until"], point["masses.count"]) for point in points(SweepTable(kind="zip", over=PAIR))]
    assert rows == [(1.0, 3), (2.0, 4)]


def test_random_draws_cover_their_intervals_and_repeat_with_the_seed() -> None:
    """Assert that draws lie inside, evenly in the logarithm where asked, from lists too, and depend on the seed."""
    over: dict[str, Any] = {"a": {"low": 1.0, "high": 100.0, "log": True}, "b": [7, 8]}
    drawn = points(SweepTable(kind="random", over=over, count=400))
    logs = np.log([point["a"] for point in drawn])
    assert 0.0 < logs.min() and logs.max() < math.log(100.0)
    assert abs(logs.mean() - math.log(10.0)) < 5.0 * math.log(100.0) / math.sqrt(12 * 400)
    assert {point["b"] for point in drawn} == {7, 8}
    assert drawn == points(SweepTable(kind="random", over=over, count=400))
    assert drawn != points(SweepTable(kind="random", over=over, count=400, seed=1))


def test_each_run_is_a_point_with_a_seed_and_stands_once() -> None:
    """Assert that seeds multiply the points, the values arrive, and repeated points are one run."""
    sweep = SweepTable(over={"masses.count": [3, 4, 3]})
    runs = expanded(values(), sweep, [0, 5])
    assert [(run.masses.given()["count"], run.seed) for run in runs] == [(3, 0), (3, 5), (4, 0), (4, 5)]
    assert len(expanded(values(), None, [0])) == 1


def test_a_key_below_a_kind_makes_it_a_table() -> None:
    """Assert that a section given by name alone can be varied inside, and a number cannot."""
    held: dict[str, Any] = {"scaling": "lazy", "until": 1.0}
    set_key(held, "scaling.scale", 2.0)
    assert held["scaling"] == {"kind": "lazy", "scale": 2.0}
    with pytest.raises(Refusal, match=r"until\.x leads through until, which is 1\.0 and no table"):
        set_key(held, "until.x", 1)


@pytest.mark.parametrize(
    ("sweep", "sentence"),
    [
        (SweepTable(over={"until": 3.0}), "until is 3.0, but a list of values is needed"),
        (SweepTable(over={"until": []}), "a list of values is needed"),
        (SweepTable(kind="zip", over={"a": [1], "b": [1, 2]}), "a has 1, b has 2"),
        (SweepTable(kind="random", count=2, over={"a": 3.0}), "a list or a table with low and high"),
        (SweepTable(kind="random", count=2, over={"a": {"low": 2.0, "high": 1.0}}), "is empty"),
        (SweepTable(kind="random", count=2, over={"a": {"low": 0.0, "high": 1.0, "log": True}}), "has no logarithm"),
        (SweepTable(over={"masses.gama": [1]}), "'gama'"),
        (SweepTable(over={"a": [1] * 400, "b": [1] * 300}), "asks for 120000 runs, but 100000 at most are taken"),
        (SweepTable(kind="random", count=10**9, over={"a": [1]}), "asks for 1000000000 runs"),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(sweep: SweepTable, sentence: str) -> None:
    """Assert that lists, lengths, intervals and keys are checked."""
    with pytest.raises(Refusal, match=sentence):
        expanded(values(), sweep, [0])
