"""The axes of a sweep, found from the parameters of its runs."""

import numpy as np

from runs.axes import flat, swept


def test_nested_parameters_get_dotted_names() -> None:
    """Assert that mappings are joined by dots and lists become text."""
    assert flat({"a": {"b": 1, "c": {"d": None}}, "e": [1, 2]}) == {"a.b": 1, "a.c.d": None, "e": "[1, 2]"}


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
    assert axes.companions["name"][0] == "a" and axes.companions["name"][1].tolist() == ["x", "y", "z"]
    np.testing.assert_array_equal(axes.companions["b"][1], [np.nan, 5.0, 4.0])


def test_random_draws_do_not_span_an_empty_grid() -> None:
    """Assert that the parameter that tells all runs apart is the axis, not a product that is mostly empty."""
    runs = [{"choice": number % 2, "rate": rate} for number, rate in enumerate((0.3, 0.1, 0.7, 0.5))]
    axes = swept(runs)
    assert list(axes.values) == ["rate"] and axes.places == ((1,), (0,), (3,), (2,))


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
