"""Files are read whole and written whole, and what is no file is left alone."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from particles.trajectory.files.regular_file import NotAFile
from runs.system.files import SPARE, check_open, content_of, json_in, opened_text, replacing
from runs.system.refusal import Refusal

ODD: dict[str, Callable[[Path], object]] = {
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "ring": lambda path: path.symlink_to(path),
}


def test_content_is_bounded(tmp_path: Path) -> None:
    """Assert that a file is read up to a length, and a longer one or a pipe is an error before it is opened."""
    (tmp_path / "file").write_bytes(b"abc")
    os.mkfifo(tmp_path / "pipe")
    assert content_of(tmp_path / "file", 3) == b"abc"
    with pytest.raises(OSError, match="longer than 1 MB"):
        (tmp_path / "long").write_bytes(bytes(2**20 + 1))
        content_of(tmp_path / "long", 2**20)
    with pytest.raises(NotAFile, match="a pipe or a device"):
        content_of(tmp_path / "pipe")
    with pytest.raises(NotAFile, match="a pipe or a device"), opened_text(tmp_path / "pipe"):
        pass


@pytest.mark.parametrize("text", ["{", "[" * 200_000, '{"a":' * 200_000, "9" * 5000, "\xff"])
def test_what_is_no_json_is_a_value_error(tmp_path: Path, text: str) -> None:
    """Assert that a cut text, one nested without end, an endless number and one of other letters are told alike."""
    (tmp_path / "a.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="Expecting|nested|digits|decode"):
        json_in(tmp_path / "a.json")
    (tmp_path / "a.json").write_text('{"a": [1]}')
    assert json_in(tmp_path / "a.json") == {"a": [1]}


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """Assert that an error leaves the old file and no passing one."""
    path = tmp_path / "a.txt"
    with replacing(path) as passing:
        passing.write_text("one")
    with pytest.raises(KeyError, match="own"), replacing(path) as passing:
        passing.write_text("two")
        raise KeyError("own")
    assert path.read_text() == "one" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ODD)
def test_odd_things_are_not_written_to(tmp_path: Path, kind: str) -> None:
    """Assert that a folder, a pipe and a ring of links under the passing name end the block before it begins."""
    ODD[kind](tmp_path / "a.txt.part")
    with pytest.raises(OSError, match="a folder|a pipe|a link"), replacing(tmp_path / "a.txt"):
        raise AssertionError
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt.part"]


def test_a_link_under_the_passing_name_is_not_followed(tmp_path: Path) -> None:
    """Assert that what a link leads to is not written over."""
    (tmp_path / "other").write_text("kept")
    (tmp_path / "a.txt.part").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="a link"), replacing(tmp_path / "a.txt"):
        raise AssertionError
    assert (tmp_path / "other").read_text() == "kept"


def test_more_files_than_may_be_open_are_refused() -> None:
    """Assert that the limit of the process is asked, and named."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (SPARE + 10, before[1]))
    said = rf"{SPARE + 11} files would be open .* allows a process {SPARE + 10} .* or take fewer"
    try:
        check_open(10, "take fewer")
        with pytest.raises(Refusal, match=said):
            check_open(11, "take fewer")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
