"""Sweeps: which runs a product, a zip and random draws ask for."""

import math
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest

from runs.studyfile.model.config import SweepTable
from runs.studyfile.model.run_grid import expanded, points
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import values

PAIR = {"until": [1.0, 2.0], "masses.count": [3, 4]}
UNTIL, COUNT = ("until",), ("masses", "count")

#: A key, the table it lies in, and one that both share nothing with: 3 x 2 x 1 runs.
INSIDE: dict[str, Any] = {
    "masses.count": [3, 4, 5],
    "masses": [{"kind": "uniform", "count": 9}, {"kind": "zipf", "count": 9, "alpha": 0.5}],
    "until": [1.0, 2.0],
}


def drawn(over: dict[str, Any], count: int, seed: int = 0) -> list[tuple[Any, ...]]:
    """The values of each draw, in the order of the keys' names."""
    table = SweepTable(kind="random", over=over, count=count, seed=seed)
    return [tuple(value for _, value in sorted(point.items())) for point in points(table)]


def test_product_is_every_combination_and_zip_the_rows() -> None:
    """Assert that the points of both come in the order of the file."""
    every = [(point[UNTIL], point[COUNT]) for point in points(SweepTable(over=PAIR))]
    assert every == [(1.0, 3), (1.0, 4), (2.0, 3), (2.0, 4)]
    rows = [(point[UNTIL], point[COUNT]) for point in points(SweepTable(kind="zip", over=PAIR))]
    assert rows == [(1.0, 3), (2.0, 4)]


def test_random_draws_cover_their_intervals_and_repeat_with_the_seed() -> None:
    """Assert that draws lie inside, evenly in the logarithm where asked, from lists too, and depend on the seed."""
    over: dict[str, Any] = {"until": {"low": 1.0, "high": 100.0, "log": True}, "masses.count": [7, 8]}
    found = drawn(over, 400)
    logs = np.log([until for _, until in found])
    assert 0.0 < logs.min() and logs.max() < math.log(100.0)
    assert abs(logs.mean() - math.log(10.0)) < 5.0 * math.log(100.0) / math.sqrt(12 * 400)
    counts = np.array([count for count, _ in found])
    assert set(counts) == {7, 8}
    assert abs(np.corrcoef(counts, logs)[0, 1]) < 5.0 / math.sqrt(400)
    assert found == drawn(over, 400)
    assert found != drawn(over, 400, seed=1)


@pytest.mark.parametrize("key", ["masses.count", "data.rows", "neuron.outputs", "frames.steps"])
def test_keys_of_whole_numbers_are_drawn_from_an_interval(key: str) -> None:
    """Assert that runs have every whole number between the ends, the ends included, and a real key has real ones."""
    over = {key: {"low": 2, "high": 4}, "until": {"low": 2, "high": 4}}
    runs = expanded(values(), SweepTable(kind="random", over=over, count=60), [0])
    table, name = key.split(".")
    found = [run.identity()[table][name] for run in runs]
    assert set(found) == {2, 3, 4} and all(type(number) is int for number in found)
    assert not any(run.until.is_integer() for run in runs)


def test_random_draws_do_not_depend_on_the_order_of_keys_and_more_begin_with_fewer() -> None:
    """Assert that the file's order, a key more and a larger count leave every draw as it was."""
    over: dict[str, Any] = {"until": {"low": 1.0, "high": 2.0}, "masses.count": [7, 8, 9], "stop_below": [0.1, 0.2]}
    found = drawn(over, 20)
    assert drawn(dict(reversed(over.items())), 20) == found
    assert drawn(over, 50)[:20] == found
    del over["stop_below"]
    assert [(count, until) for count, _, until in found] == drawn(over, 20)


def test_each_run_is_a_point_with_a_seed_and_stands_once() -> None:
    """Assert that seeds multiply the points, the values arrive, and repeated points are one run."""
    sweep = SweepTable(over={"masses.count": [3, 4, 3]})
    runs = expanded(values(), sweep, [0, 5])
    assert [(run.masses.given()["count"], run.seed) for run in runs] == [(3, 0), (3, 5), (4, 0), (4, 5)]
    assert len(expanded(values(), None, [0])) == 1


@pytest.mark.parametrize("names", list(permutations(INSIDE)), ids="-".join)
@pytest.mark.parametrize(("kind", "count"), [("product", 12), ("zip", 3), ("random", 30)])
def test_a_key_is_set_inside_its_table_whichever_stands_first(kind: Any, count: int, names: tuple[str, ...]) -> None:
    """Assert that all orders of keys ask for the same runs, in which no key is lost."""
    over = {name: INSIDE[name] for name in names}
    if kind == "zip":
        over |= {"masses": [INSIDE["masses"][number % 2] for number in range(3)], "until": [1.0, 2.0, 3.0]}
    sweep = SweepTable(kind=kind, over=over, count=30 if kind == "random" else None)
    runs = expanded(values(), sweep, [0])
    shown = {(run.until, run.masses.given()["count"], run.masses.given().get("alpha")) for run in runs}
    if kind == "random":
        wanted = {(point[UNTIL], point[COUNT], point[("masses",)].get("alpha")) for point in points(sweep)}
        assert len(wanted) > 8
    elif kind == "zip":
        wanted = {(1.0, 3, None), (2.0, 4, 0.5), (3.0, 5, None)}
    else:
        wanted = set(product([1.0, 2.0], [3, 4, 5], [None, 0.5]))
    assert shown == wanted and len(runs) == len(wanted)


def test_tables_of_a_sweep_are_left_as_they_were() -> None:
    """Assert that what is set inside a swept table reaches neither the list nor another point."""
    over = {"masses": [{"kind": "uniform", "count": 9}], "masses.count": [3, 4]}
    assert [run.masses.given()["count"] for run in expanded(values(), SweepTable(over=over), [0])] == [3, 4]
    assert over["masses"] == [{"kind": "uniform", "count": 9}]


def test_a_refusal_names_the_point_of_the_sweep() -> None:
    """Assert that a table without the key that is swept inside it is refused with both."""
    over = {"masses.alpha": [0.5, 0.6], "masses": ["uniform", {"kind": "zipf", "count": 4, "alpha": 0.1}]}
    with pytest.raises(Refusal, match=r"'alpha'.* That is the point masses.alpha = 0.5, masses = \"uniform\" of the"):
        expanded(values(), SweepTable(over=over), [0])


SEEDS = r"not a key of \[sweep.over\]: every point .* so write seeds = "


@pytest.mark.parametrize(
    ("sweep", "sentence"),
    [
        (SweepTable(over={"until": 3.0}), "until is 3.0, but a list of values is needed"),
        (SweepTable(over={"until": []}), "a list of values is needed"),
        (SweepTable(over={"masses.count": 3}), r'is needed: write "masses\.count" = \[\.\.\.\]'),
        (SweepTable(kind="zip", over={"until": [1], "frames": [1, 2]}), "until has 1, frames has 2"),
        (SweepTable(kind="random", count=2, over={"until": 3.0}), "a list or a table with low and high"),
        (SweepTable(kind="random", count=2, over={"until": {"low": 2.0, "high": 1.0}}), "is empty"),
        (SweepTable(kind="random", count=2, over={"until": {"low": 0.0, "high": 1.0, "log": True}}), "no logarithm"),
        (SweepTable(kind="random", count=2, over={"until": {"lo": 0.0, "high": 1.0}}), "did you mean 'low'"),
        (SweepTable(over={"until": {"low": 0.0, "high": 1.0}}), 'draws need .sweep. kind = "random"'),
        (SweepTable(over={"masses.gama": [1]}), "'gama'"),
        (SweepTable(over={"mases.gamma": [1]}), "Unknown key of .sweep.over. 'mases'.*did you mean 'masses'"),
        (SweepTable(over={"name": ["a"]}), "Unknown key of .sweep.over. 'name'"),
        (SweepTable(over={"until": [1] * 400, "masses": [1] * 300}), "120000 runs, but 100000 at most are taken"),
        (SweepTable(kind="random", count=10**9, over={"until": [1]}), "asks for 1000000000 runs"),
        (SweepTable(over={"seed": [0, 1, 2]}), SEEDS + r"\[0, 1, 2\] above the tables"),
        (SweepTable(kind="zip", over={"seed": [3, 1], "until": [1.0, 2.0]}), SEEDS + r"\[3, 1\]"),
        (SweepTable(kind="random", count=2, over={"seed": {"low": 0, "high": 9}}), SEEDS),
        (SweepTable(over={"seeds": [1, 2]}), SEEDS),
        (SweepTable(over={"masses.count": [1], 'masses."count"': [2]}), "names masses.count twice"),
        (SweepTable(over={"masses count": [1]}), "'masses count' is not a key"),
    ],
)
def test_what_cannot_be_swept_is_one_sentence(sweep: SweepTable, sentence: str) -> None:
    """Assert that lists, lengths, intervals and keys are checked."""
    with pytest.raises(Refusal, match=sentence):
        expanded(values(), sweep, [0])


@pytest.mark.parametrize("kind", ["product", "zip", "random"])
@pytest.mark.parametrize(
    ("over", "advice"),
    [
        ({"masses": {"count": [10, 20]}}, r'write "masses\.count" = \[10, 20\]\.'),
        ({"masses": {"count": [1], "gamma": [0.5]}}, r'write "masses\.count" = \[1\] and "masses\.gamma" = \[0\.5\]'),
        ({"neuron": {"activation": {"slope": [0.1]}}}, r'write "neuron\.activation\.slope" = \[0\.1\]\.'),
        ({"masses": {"gamma": {"low": 0.1, "high": 1}}}, r'write "masses\.gamma" = \{ low = 0\.1, high = 1 \}\.'),
    ],
)
def test_a_dotted_key_without_quotes_is_shown_with_them(kind: Any, over: dict[str, Any], advice: str) -> None:
    """Assert that the table which TOML makes of masses.count = [10, 20] is told apart from a value, in every kind."""
    sweep = SweepTable(kind=kind, over=over, count=2 if kind == "random" else None)
    with pytest.raises(Refusal, match=advice):
        expanded(values(), sweep, [0])
