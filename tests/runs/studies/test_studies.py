"""The studies by name."""

from pathlib import Path

import pytest

from runs.studies import STUDIES, named
from runs.system.refusal import Refusal


def test_unknown_study_is_refused() -> None:
    """Assert that a misspelt study gets the names and the nearest one."""
    with pytest.raises(
        Refusal, match=r"Unknown study 'asymmetric': choose one of asymmetric-scaling, .*; did you mean"
    ):
        named("asymmetric")


@pytest.mark.parametrize("name", STUDIES)
def test_listed_study_can_be_loaded(name: str) -> None:
    """Assert that a study's module is there and offers its command, and that its summary is one line."""
    entry = named(name)
    assert callable(entry.load().command)
    assert "\n" not in entry.summary and len(entry.summary) < 100


def test_a_study_file_without_its_ending_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a folder, a file of another ending and one whose ending was left out are told from a wrong name."""
    monkeypatch.chdir(tmp_path)
    for name in ("here/widths.toml", "widths.txt"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    with pytest.raises(Refusal, match=r"here is a folder.*: name a file in it that ends in \.toml"):
        named("here")
    with pytest.raises(
        Refusal, match=r"widths\.txt is a file, but study files end in \.toml.*call it widths\.txt\.toml"
    ):
        named("widths.txt")
    with pytest.raises(Refusal, match=r"did you mean here/widths\.toml\?"):
        named("here/widths")
    with pytest.raises(Refusal, match="Unknown study 'x+'"):
        named("x" * 300)
