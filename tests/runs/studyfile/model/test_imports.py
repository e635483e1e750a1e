"""Import paths: found beside the study file, refused in a sentence, and nothing left behind."""

import sys
from pathlib import Path

import pytest

from runs.studyfile.model.imports import imported
from runs.system.refusal import Refusal


def test_a_module_beside_the_study_is_found(tmp_path: Path) -> None:
    """Assert that the name is that of the file, and the search path is as before."""
    (tmp_path / "beside_the_study.py").write_text("ANSWER = 42\n")
    before = list(sys.path)
    assert imported("beside_the_study:ANSWER", tmp_path) == 42
    assert sys.path == before
    assert not (tmp_path / "__pycache__").exists()


def test_a_module_is_imported_anew_where_one_that_it_imports_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that an edit of the same length in the same moment counts, in the module and in its helper alike, and that
    a folder with modules of the same names has its own."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    other = tmp_path / "other"
    other.mkdir()
    for folder, number in ((tmp_path, 1), (other, 5)):
        (folder / "one_of_two.py").write_text("from two_of_two import NUMBER\nANSWER = 10 + NUMBER\n")
        (folder / "two_of_two.py").write_text(f"NUMBER = {number}\n")
    assert imported("one_of_two:ANSWER", tmp_path) == 11
    (tmp_path / "two_of_two.py").write_text("NUMBER = 2\n")
    assert imported("one_of_two:ANSWER", tmp_path) == 12
    (tmp_path / "one_of_two.py").write_text("from two_of_two import NUMBER\nANSWER = 20 + NUMBER\n")
    assert imported("one_of_two:ANSWER", tmp_path) == 22
    assert imported("one_of_two:ANSWER", other) == 15 and not sys.dont_write_bytecode
    assert imported("one_of_two:ANSWER", tmp_path) == 22


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("json", "not of the form module:name"),
        ("json:a.b", "not of the form module:name"),
        ("../evil:x", "not of the form module:name"),
        ("no_such_module:x", r"cannot be imported .*is no_such_module\.py beside"),
        ("json:nothing", "The module json has no 'nothing'"),
    ],
)
def test_what_is_not_there_is_one_sentence(tmp_path: Path, path: str, sentence: str) -> None:
    """Assert that each wrong path says what is wrong."""
    with pytest.raises(Refusal, match=sentence):
        imported(path, tmp_path)
