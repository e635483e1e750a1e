"""Import paths: found beside the study file, refused in a sentence, and nothing left behind."""

import sys
from pathlib import Path

import pytest

from runs.refusal import Refusal
from runs.studyfile.imports import imported, source_of


def test_a_module_beside_the_study_is_found(tmp_path: Path) -> None:
    """Assert that the name is that of the file, and the search path is as before."""
    (tmp_path / "beside_the_study.py").write_text("ANSWER = 42\n")
    before = list(sys.path)
    assert imported("beside_the_study:ANSWER", tmp_path) == 42
    assert sys.path == before
    assert source_of("beside_the_study:ANSWER", tmp_path) == tmp_path / "beside_the_study.py"
    assert source_of("json:loads", tmp_path) is None


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
