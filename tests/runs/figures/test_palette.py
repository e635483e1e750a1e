"""The palette: names are sorted by their numbers, and one setting has one colour."""

import itertools

import pytest
from matplotlib import colormaps
from matplotlib.colors import to_hex

from runs.figures.palette import (
    MARKERS,
    MOST_COLOURS,
    OTHERS,
    SCALE,
    ColourScale,
    _parts,
    colours_of,
    marker_of,
    sorted_names,
)


def test_names_are_sorted_by_the_numbers_in_them() -> None:
    """Assert that sizes decide, not digits; signs and exponents count, and a hyphen within a word is none."""
    assert sorted_names(["m = 400", "m = 80", "m = 1600", "m = 80"]) == ["m = 80", "m = 400", "m = 1600"]
    assert sorted_names(["a 0.5", "a -2", "a 1e-3", "a 1e2"]) == ["a -2", "a 1e-3", "a 0.5", "a 1e2"]
    assert sorted_names(["run-10", "run-9", "a"]) == ["a", "run-9", "run-10"]
    assert sorted_names(["10", "b", "9"]) == ["9", "10", "b"]


def test_colours_do_not_depend_on_the_order_in_which_settings_come() -> None:
    """Assert that every order of the names gives each the same colour, and up to eight names have eight colours."""
    names = ["gamma 1", "gamma 0.5", "gamma 0.2", "gamma 0"]
    given = {tuple(sorted(colours_of(order).items())) for order in itertools.permutations(names)}
    assert len(given) == 1
    eight = colours_of(str(number) for number in range(8))
    assert tuple(eight.values()) == MOST_COLOURS and len(set(MOST_COLOURS)) == 8
    nine = list(colours_of(str(number) for number in range(9)).values())
    assert nine == [*MOST_COLOURS[:7], OTHERS, OTHERS]


def test_every_colour_has_a_marker_of_its_own() -> None:
    """Assert that no two colours share a marker, in matplotlib's words or in plotly's."""
    assert len({ours for ours, _ in MARKERS.values()}) == len({theirs for _, theirs in MARKERS.values()}) == 9
    assert marker_of("#123456") == "o"


def test_scale_is_viridis_without_its_lightest_colours() -> None:
    """Assert that the colours are those of matplotlib's map up to 0.88 of its length."""
    assert [to_hex(colormaps["viridis"](0.88 * part / 11.0)) for part in range(12)] == list(SCALE)


@pytest.mark.parametrize(("values", "log"), [([1.0, 100.0], True), ([1.0, 9.0], False), ([0.0, 100.0], False)])
def test_a_number_has_its_place_on_the_scale(values: list[float], log: bool) -> None:
    """Assert that ends and middle are those of the scale, and numbers outside have the colours of the ends."""
    scale = ColourScale.of("x", values)
    middle = 10.0 if log else sum(values) / 2.0
    assert scale.log is log
    assert (scale.colour(values[0]), scale.colour(values[1])) == (SCALE[0], SCALE[-1])
    assert scale.colour(values[1] + 1.0) == SCALE[-1]
    found, one, other = (_parts(colour) for colour in (scale.colour(middle), SCALE[5], SCALE[6]))
    assert all(abs(x - (y + z) / 2.0) <= 1.0 for x, y, z in zip(found, one, other, strict=True))


def test_a_single_number_has_the_first_colour() -> None:
    """Assert that a scale without extent divides by nothing."""
    assert ColourScale.of("x", [3.0, 3.0]).colour(3.0) == SCALE[0]
