"""A folder belongs to one configuration, and to one process at a time."""

import json
import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from runs.batch.output_folder import claimed, replace_text
from runs.system.refusal import Refusal


def claim(folder: Path, identity: dict[str, object], held: Event, release: Event) -> None:
    """Hold a folder until told to let go."""
    with claimed(folder, identity, {}):
        held.set()
        release.wait(30)


def test_folder_is_made_with_its_configuration(tmp_path: Path) -> None:
    """Assert that a missing folder appears with identity and remarks in config.json."""
    with claimed(tmp_path / "a" / "b", {"steps": 3}, {"source": "x"}) as folder:
        assert json.loads((folder / "config.json").read_text()) == {"steps": 3, "remarks": {"source": "x"}}


def test_same_configuration_may_come_back(tmp_path: Path) -> None:
    """Assert that a folder with files of ours is claimed again, whatever the remarks."""
    with claimed(tmp_path, {"steps": 3, "rate": 0.1}, {"source": "x"}) as folder:
        (folder / "run.h5").write_text("run")
    with claimed(tmp_path, {"rate": 0.1, "steps": 3}, {"source": "y"}) as folder:
        assert (folder / "run.h5").read_text() == "run"


def test_other_configuration_is_refused_with_the_difference(tmp_path: Path) -> None:
    """Assert that every differing field is named with both values, and that config.json stays as it was."""
    with claimed(tmp_path, {"steps": 3, "data": "plant", "old": 1}, {}):
        pass
    before = (tmp_path / "config.json").read_bytes()
    differences = 'data: there "plant", here "energy"; old: there 1, here nothing; steps: there 3, here 4'
    sentence = rf"another configuration \({differences}\)"
    with pytest.raises(Refusal, match=sentence), claimed(tmp_path, {"steps": 4, "data": "energy"}, {}):
        pass
    assert (tmp_path / "config.json").read_bytes() == before


def test_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    """Assert that a folder of somebody else is named with one of its files and gets nothing written into it."""
    (tmp_path / "thesis.tex").write_text("text")
    sentence = r"holds 'thesis.tex' but no config.json, .* an empty or a new folder"
    with pytest.raises(Refusal, match=sentence), claimed(tmp_path, {"steps": 3}, {}):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("text", "sentence"), [("{", "is not readable JSON"), ("[1]", "does not hold a configuration")]
)
def test_damaged_configuration_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """Assert that a config.json that is none is named and kept."""
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(Refusal, match=sentence), claimed(tmp_path, {"steps": 3}, {}):
        pass
    assert (tmp_path / "config.json").read_text() == text


def test_folder_left_by_a_killed_start_is_taken(tmp_path: Path) -> None:
    """Assert that a folder holding only the lock and a half-written configuration counts as empty."""
    (tmp_path / ".lock").touch()
    (tmp_path / "config.json.part").write_text("{")
    with claimed(tmp_path, {"steps": 3}, {}):
        assert json.loads((tmp_path / "config.json").read_text())["steps"] == 3


def test_folder_is_for_one_process_at_a_time(tmp_path: Path) -> None:
    """Assert that a second process is refused while the first is at work, and let in afterwards."""
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    other = context.Process(target=claim, args=(tmp_path, {"steps": 3}, held, release))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(Refusal, match="Another process is at work in"), claimed(tmp_path, {"steps": 3}, {}):
            pass
    finally:
        release.set()
        other.join()
    with claimed(tmp_path, {"steps": 3}, {}):
        assert (tmp_path / "config.json").exists()


def test_replaced_text_is_whole_or_not_there(tmp_path: Path) -> None:
    """Assert that a file is replaced by name and that a failing write leaves the old one."""
    path = tmp_path / "a.txt"
    replace_text(path, "one")
    replace_text(path, "two")
    assert path.read_text() == "two"
    with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
        replace_text(path, "three\ud800")
    assert path.read_text() == "two"
