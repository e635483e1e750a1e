"""What the runs in files were made of."""

import json
from dataclasses import replace
from pathlib import Path

from runs.recorded.origins import Held, held_in, is_longer, mixed, noted_sources, recorded_sources, told_apart
from tests.runs.inspect.recorded import recorded


def test_sources_are_those_of_the_file_or_beside_it(tmp_path: Path) -> None:
    """Assert that a file's own word counts, else the config.json of the same configuration, else none."""
    path, config = tmp_path / "run.h5", {"until": 1.0}
    assert recorded_sources(path, {"config": config, "sources": {"a.py": "1"}}) == {"a.py": "1"}
    assert recorded_sources(path, {"config": config}) is None
    beside = tmp_path / "config.json"
    beside.write_text(json.dumps({"config": config, "sources": {"a.py": "2"}}))
    assert recorded_sources(path, {"config": config}) == noted_sources(tmp_path) == {"a.py": "2"}
    assert recorded_sources(path, {"config": {"until": 2.0}}) is None
    assert recorded_sources(path, {}) is None
    for text in ("[1]", "{", '{"config": {"until": 1.0}, "sources": 3}'):
        beside.write_text(text)
        assert recorded_sources(path, {"config": config}) is None


def test_a_file_says_how_far_it_is(tmp_path: Path) -> None:
    """Assert that a complete run, one with a frame after the start, a start alone and no file are told apart."""
    whole = held_in(recorded(tmp_path / "a.h5"))
    assert whole == Held(True, 2.0, {}) and whole.begun
    begun = held_in(recorded(tmp_path / "b.h5", times=(0.0, 0.5), complete=False))
    assert begun == Held(False, 0.5, {}) and begun.begun
    start = held_in(recorded(tmp_path / "c.h5", times=(0.0,), complete=False))
    assert start is not None and not start.begun
    assert held_in(tmp_path / "d.h5") is None


def test_what_is_longer() -> None:
    """Assert that it is known whether an end lies beyond that of a trajectory, and that without one nothing does."""
    held = Held(complete=True, time=1.0, sources={}, until=1.0, kept=True)
    assert is_longer(1.5, held) and not is_longer(1.0, held) and not is_longer(1.5, replace(held, until=None))
    assert not is_longer(1.5, None)


def test_other_files_of_one_name_are_a_mixture() -> None:
    """Assert that a name with two checksums is found with the first run of each, and nothing else is."""
    origins = [{"a.py": "1", "b.py": "1"}, None, {"a.py": "1"}, {"a.py": "2", "c.py": "7"}, {"a.py": "2"}]
    assert mixed(origins) == {"a.py": [0, 3]}
    assert mixed(origins[:3]) == {}


def test_parameters_tell_mixtures_apart() -> None:
    """Assert that sources leave the parameters, and that different ones are a parameter of their own."""
    one, two = Path("1.h5"), Path("2.h5")
    same = {path: {"seed": 1, "sources": {"a.py": "12345678", "b.py": "3"}} for path in (one, two)}
    assert told_apart(same) == {one: {"seed": 1}, two: {"seed": 1}}
    same[two] = {"seed": 1, "sources": {"a.py": "87654321", "b.py": "3"}}
    assert told_apart(same) == {
        one: {"seed": 1, "made_of": "a.py 123456"},
        two: {"seed": 1, "made_of": "a.py 876543"},
    }
