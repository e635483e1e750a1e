"""Dotted keys: their parts, and where they are set."""

from typing import Any

import pytest

from runs.studyfile.model.keys import label, path_of, paths_in, set_all, set_key, written
from runs.system.refusal import Refusal


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("until", ("until",)),
        ("masses.count", ("masses", "count")),
        (" masses . count ", ("masses", "count")),
        ("neuron.arguments.'a.b'", ("neuron", "arguments", "a.b")),
        ('sweep.over."masses.count"', ("sweep", "over", "masses.count")),
        ("neuron.arguments.größe", ("neuron", "arguments", "größe")),
    ],
)
def test_a_key_is_its_parts(key: str, path: tuple[str, ...]) -> None:
    """Assert that parts are split at dots outside quotes, and that the written key is read as the same path."""
    assert path_of(key) == path == path_of(written(path))


@pytest.mark.parametrize("key", ["", ".", "a.", ".a", "a..b", "a b", "a=1", "[a]", "a\nb", "'a", "a#"])
def test_what_is_no_key_is_refused(key: str) -> None:
    """Assert that nothing else is taken for a key."""
    with pytest.raises(Refusal, match="is not a key: write for example masses.count"):
        path_of(key)


def test_a_key_with_dots_is_one_part_in_quotes() -> None:
    """Assert that only a key of several parts is quoted."""
    assert (label(("until",)), label(("masses", "count"))) == ("until", '"masses.count"')


def test_a_key_below_a_kind_makes_it_a_table() -> None:
    """Assert that a section given by name alone can be varied inside, and a number cannot."""
    held: dict[str, Any] = {"scaling": "lazy", "until": 1.0}
    set_key(held, "scaling.scale", 2.0)
    assert held["scaling"] == {"kind": "lazy", "scale": 2.0}
    with pytest.raises(Refusal, match=r"until\.x leads through until, which is 1\.0 and no table"):
        set_key(held, "until.x", 1)


def test_tables_are_set_before_their_keys_and_copied() -> None:
    """Assert that the order of what is given does not matter, and that it stays as it was."""
    given: dict[tuple[str, ...], Any] = {("a", "b", "c"): 1, ("a", "b"): {"d": 2}, ("a",): {"e": 3}}
    for order in (given, dict(reversed(given.items()))):
        held: dict[str, Any] = {"a": {"f": 4}}
        set_all(held, order)
        assert held == {"a": {"e": 3, "b": {"d": 2, "c": 1}}}
    assert given[("a",)] == {"e": 3}


def test_paths_lead_to_every_value() -> None:
    """Assert that tables are followed to their ends, an empty one being an end."""
    assert paths_in({"a": {"b": 1, "c": {}}, "d": [2]}, ("x",)) == [("x", "a", "b"), ("x", "a", "c"), ("x", "d")]
    assert paths_in(3, ("x",)) == [("x",)]
