"""What is no regular file is known before it is opened."""

import os
from pathlib import Path

import pytest

from particles.trajectory.files.regular_file import NotAFile, check_regular


def test_a_file_has_its_size(tmp_path: Path) -> None:
    """Assert that a file and a link to it are let through with the number of their bytes."""
    (tmp_path / "file").write_text("seven b")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert check_regular(tmp_path / "file") == check_regular(str(tmp_path / "link")) == 7


def test_what_is_none_says_what_it_is(tmp_path: Path) -> None:
    """Assert that a folder, a pipe, a device and a link to one are told, none of them being opened."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(NotAFile, match="a folder") as folder:
        check_regular(tmp_path)
    assert folder.value.is_folder
    for place in (tmp_path / "pipe", Path("/dev/null"), tmp_path / "link"):
        with pytest.raises(NotAFile, match="a pipe or a device") as found:
            check_regular(place)
        assert not found.value.is_folder


def test_what_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    """Assert that a missing file, a ring of links and a NUL are OSErrors with a word on why."""
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    with pytest.raises(FileNotFoundError, match="No such file"):
        check_regular(tmp_path / "none")
    with pytest.raises(OSError, match="symbolic links"):
        check_regular(tmp_path / "ring")
    with pytest.raises(OSError, match="no file can have that name"):
        check_regular("a\0b")
