"""The axes of a sweep, found from the parameters of its runs."""

import json
import random

import numpy as np
import pytest

from runs.recorded.flat_parameters import Scalar, ordered
from runs.recorded.sweep_axes import Varied, swept


def test_product_gives_one_axis_per_list() -> None:
    """Assert that axes are sorted, every run lies at its values, and constant parameters span nothing."""
    runs = [{"config.rate": rate, "seed": seed, "width": 5} for rate in (2.0, 1.0) for seed in (1, 0, 2)]
    axes = swept(runs)
    assert {name: values.tolist() for name, values in axes.values.items()} == {"rate": [1.0, 2.0], "seed": [0, 1, 2]}
    assert axes.places == ((1, 1), (1, 0), (1, 2), (0, 1), (0, 0), (0, 2))
    assert axes.shape == (2, 3) and axes.companions == {}


def test_lists_zipped_share_one_axis_named_by_a_number() -> None:
    """Assert that parameters that change together make one axis, the text among them and None going along."""
    runs = [{"name": name, "a": a, "b": b} for name, a, b in (("y", 2, 5.0), ("x", 1, None), ("z", 3, 4.0))]
    axes = swept(runs)
    assert list(axes.values) == ["a"] and axes.values["a"].tolist() == [1, 2, 3]
    assert axes.companions["name"][0] == ("a",) and axes.companions["name"][1].tolist() == ["x", "y", "z"]
    np.testing.assert_array_equal(axes.companions["b"][1], [np.nan, 5.0, 4.0])


def test_random_draws_do_not_span_an_empty_grid() -> None:
    """Assert that the parameter that tells all runs apart is the axis, not a product that is mostly empty."""
    runs = [{"choice": number % 2, "rate": rate} for number, rate in enumerate((0.3, 0.1, 0.7, 0.5))]
    axes = swept(runs)
    assert list(axes.values) == ["rate"] and axes.places == ((1,), (0,), (3,), (2,))


def test_a_parameter_that_repeats_its_values_goes_along() -> None:
    """Assert that what is neither an axis nor one-to-one with one is a coordinate along it."""
    axes = swept([{"until": until, "count": count} for until, count in ((1.0, 5), (2.0, 10), (3.0, 5))])
    assert list(axes.values) == ["until"]
    assert axes.companions["count"][0] == ("until",) and axes.companions["count"][1].tolist() == [5, 10, 5]


def test_a_parameter_of_two_axes_lies_on_both() -> None:
    """Assert that what follows from two axes has a value at each pair, NaN where there is no run."""
    runs = [{"a": a, "b": b, "c": a * b, "d": b > 1} for a in (1, 2, 3) for b in (1, 2) if (a, b) != (3, 2)]
    axes = swept(runs)
    assert list(axes.values) == ["a", "b"] and axes.companions["c"][0] == ("a", "b")
    np.testing.assert_array_equal(axes.companions["c"][1], [[1.0, 2.0], [2.0, 4.0], [3.0, np.nan]])
    assert axes.companions["d"][0] == ("b",) and axes.companions["d"][1].tolist() == [False, True]


def test_a_seed_of_the_masses_is_not_the_run_s() -> None:
    """Assert that only the configuration's own seed repeats that of the file."""
    runs = [{"config.masses.seed": seed, "config.seed": seed, "seed": seed} for seed in (0, 1)]
    axes = swept(runs)
    assert list(axes.values) == ["config.masses.seed"] or list(axes.values) == ["seed"]
    assert {*axes.values, *axes.companions} == {"seed", "config.masses.seed"}


VALUES: list[Scalar] = [None, True, False, 0, 1, 2, 0.5, 2**60, 2**60 + 1, 2**70, "", "None", "1", "relu", "[1, 2]"]


@pytest.mark.parametrize("trial", range(150))
def test_every_parameter_of_every_run_is_found_at_its_place(trial: int) -> None:
    """Assert that no value is lost or changed, whatever varies together, repeats or stands in some runs only."""
    generator = random.Random(trial)
    some = generator.sample(VALUES, 3)
    names = ["seed", "config.seed", "config.masses.seed", "config.masses.count", "config.until", "file"]
    tables = {name: [generator.choice(some) for _ in range(3)] for name in names}
    runs: list[dict[str, Scalar]] = []
    for _ in range(generator.randint(1, 9)):
        rows = [generator.randrange(3) for _ in range(2)]
        run = {name: tables[name][rows[number % 2]] for number, name in enumerate(names)}
        runs.append({**run, "config.seed": run["seed"]})
    varied = generator.choice([None, Varied(("config.masses.count",)), Varied(("config.until", "seed"), product=True)])
    axes = swept(runs, ["file", "run"], varied)
    assert len(set(axes.places)) == len(runs) or list(axes.values) == ["run"]
    order = list(axes.values)
    held = {**{name: ((name,), values) for name, values in axes.values.items()}, **axes.companions}
    varying = [n for n in names if n != "config.seed" and len({ordered(run[n]) for run in runs}) > 1]
    assert len(held) - ("run" in held) == len(varying)
    for name in varying:
        found = [by for by in (name, name.rsplit(".", 1)[-1], f"parameters.{name}") if by in held]
        seen = [
            [held[by][1][tuple(place[order.index(axis)] for axis in held[by][0])] for place in axes.places]
            for by in found
        ]
        wanted = [run[name] for run in runs]
        assert any(told_apart(there, wanted) for there in seen), (name, held, runs)


def told_apart(found: list[np.generic], wanted: list[Scalar]) -> bool:
    """Whether values say what was wanted: numbers as they are, other things by some text of their own."""
    for one, value in zip(found, wanted, strict=True):
        if isinstance(one, np.str_):
            if str(one) not in ("" if value is None else str(value), json.dumps(value)):
                return False
        elif not (np.isnan(one) if value is None else one == value):
            return False
    return len({str(one) for one in found}) == len({ordered(value) for value in wanted})


def test_a_said_product_keeps_its_axes_while_runs_are_missing() -> None:
    """Assert that a diagonal of a product lies on both its axes, and a table of the sweep on one."""
    names = Varied(("config.a", "config.b"), product=True)
    diagonal = [{"config.a": n, "config.b": n, "seed": 0} for n in (0, 1)]
    assert list(swept(diagonal).values) == ["a"] and swept(diagonal, varied=names).shape == (2, 2)
    tables = [("uniform", None), ("zipf", 0.1), ("zipf", 0.2)]
    runs = [
        {"config.masses.kind": kind, "config.masses.alpha": alpha, "config.masses.count": count, "seed": 0}
        for (kind, alpha), count in zip(tables, (4, 4, 5), strict=True)
    ]
    axes = swept(runs, varied=Varied(("config.masses.count", "config.masses"), product=True))
    assert list(axes.values) == ["count", "alpha"] and axes.companions["kind"][0] == ("alpha",)


def test_a_said_key_keeps_its_name_and_leads() -> None:
    """Assert that names do not change where a seed or another parameter of the same last name varies too."""
    one = [{"config.masses.seed": n, "config.law.seed": 0, "seed": 0} for n in (0, 1)]
    two = [{"config.masses.seed": n, "config.law.seed": m, "seed": s} for n in (0, 1) for m in (5, 6) for s in (0, 1)]
    said = Varied(("config.masses.seed", "config.law.seed"), product=True)
    assert list(swept(one).values) == ["seed"]
    assert list(swept(one, varied=said).values) == ["config.masses.seed"]
    assert list(swept(two, varied=said).values) == ["config.masses.seed", "config.law.seed", "seed"]
    zipped = [{"a": n, "b": 10 * n} for n in (1, 2)]
    assert list(swept(zipped, varied=Varied(("b", "a"))).values) == ["b"]


def test_product_with_a_run_missing_keeps_its_axes() -> None:
    """Assert that three of four runs still lie on the grid of four."""
    axes = swept([{"a": 0, "b": 0}, {"a": 0, "b": 1}, {"a": 1, "b": 0}])
    assert axes.shape == (2, 2) and axes.places == ((0, 0), (0, 1), (1, 0))


def test_runs_that_parameters_do_not_tell_apart_are_counted() -> None:
    """Assert that twice the same parameters give the axis run with what varies along it."""
    axes = swept([{"a": 0}, {"a": 0}, {"a": 1}])
    assert axes.values["run"].tolist() == [0, 1, 2]
    assert axes.companions["a"][1].tolist() == [0, 0, 1]


def test_one_run_has_no_axis() -> None:
    """Assert that a single run lies at the one point of a grid without axes."""
    axes = swept([{"a": 0}])
    assert axes.shape == () and axes.places == ((),)


def test_names_stay_long_where_short_ones_collide() -> None:
    """Assert that two parameters of one last name, and one of a taken name, keep their whole names."""
    runs = [{"x.rate": i, "y.rate": j, "z.risk": k} for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    assert list(swept(runs, taken=["risk"]).values) == ["x.rate", "y.rate", "z.risk"]
