"""The files that decide a run's numbers, and what became of them."""

import hashlib
from pathlib import Path

import pytest

from runs.studyfile.model.sources import changes, sources_of
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, write_data


def test_data_modules_and_what_they_import_are_recorded(tmp_path: Path) -> None:
    """Assert that each file stands under its own path with its checksum, two of one name beside each other."""
    for name in ("mine.py", "pack/mine.py", "pack/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n" + ("import pack.mine\n" if name == "mine.py" else ""))
    write_data(tmp_path).rename(tmp_path / "pack" / "data.npz")
    pieces = {
        "data.file": "pack/../pack/data.npz",
        "observables": {"own": {"kind": "import", "path": "mine:made"}, "risk": "risk"},
    }
    found = sources_of(config(pieces), tmp_path)
    assert list(found) == ["mine.py", "pack/../pack/data.npz", "pack/__init__.py", "pack/mine.py"]
    for name, digest in found.items():
        assert digest == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_the_test_file_decides_numbers_too(tmp_path: Path) -> None:
    """Assert that both files of data are recorded."""
    for name in ("data.npz", "test.npz"):
        (tmp_path / name).write_text(name)
    assert list(sources_of(config({"data.test_file": "test.npz"}), tmp_path)) == ["data.npz", "test.npz"]


def test_missing_files_are_left_out_and_unreadable_ones_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that no data file is nothing, and one without the right to read a sentence."""
    assert sources_of(config(), tmp_path) == {}
    path = write_data(tmp_path)

    def refused(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(Refusal, match=rf"The file {path} cannot be read \(Permission denied\): check its rights"):
        sources_of(config(), tmp_path)


def test_changes_are_phrases() -> None:
    """Assert that changed, missing and unrecorded files are told, and that files recorded by bare names are found."""
    then = {"mine.py": "1", "data.npz": "2", "gone.py": "3"}
    assert changes(then, dict(then)) == []
    assert changes(then, {"mine.py": "9", "sub/data.npz": "2", "new.py": "4"}) == [
        "mine.py has changed",
        "new.py was not recorded",
        "gone.py is missing or no longer used",
    ]
    assert changes({"data.npz": "1"}, {"sub/data.npz": "2"}) == ["sub/data.npz has changed"]
