"""The command `report`, and the pages at the end of runs."""

from pathlib import Path

import pytest

from runs.cli import reproduce
from tests.runs.inspect.recorded import recorded
from tests.runs.study import toy
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.done import SWEPT
from tests.runs.studyfile.small.studies import write_study


def test_report_says_where_the_page_is(tmp_path: Path) -> None:
    """Assert that the command prints one line, the path of the page."""
    recorded(tmp_path / "a.h5")
    out = tmp_path / "page.html"
    assert spoken("report", str(tmp_path / "a.h5"), "--out", str(out)) == (0, f"  {out}\n", "")
    assert out.exists()


def test_what_cannot_be_shown_is_one_line(tmp_path: Path) -> None:
    """Assert that a folder of nothing ends with 2 and one sentence."""
    code, said, err = spoken("report", str(tmp_path))
    assert (code, said) == (2, "") and err.startswith("meanfield: The folder") and err.count("\n") == 1


def test_a_study_file_ends_with_its_page(tmp_path: Path) -> None:
    """Assert that the last line is the page, that it can be left out, and that what is in its way is no failure."""
    study, out = write_study(tmp_path, SWEPT), tmp_path / "out"
    command = ("run", str(study), "--out", str(out), "--workers", "0")
    code, said, _ = spoken(*command)
    assert code == 0 and said.splitlines()[-1] == f"page: {out / 'report.html'}"
    (out / "report.html").write_text("mine")
    code, said, err = spoken(*command)
    assert code == 0 and "report.html" not in said and "No page was written:" in err
    (out / "report.html").unlink()
    for option in ("--no-page", "--no-summary"):
        code, said, _ = spoken(*command, option)
        assert code == 0 and not (out / "report.html").exists()


def test_papers_share_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that reproduce ends with a page on all folders and none in each, and leaves it out where asked."""
    monkeypatch.setattr(reproduce, "STUDIES", {"toy": "tests.runs.study.toy"})
    monkeypatch.setattr(reproduce, "named", lambda name: toy.STUDY)
    command = ("reproduce", "--scale", "smoke", "--out", str(tmp_path / "all"))
    assert spoken(*command, "--no-page")[0] == 0 and not (tmp_path / "all" / "report.html").exists()
    code, said, _ = spoken(*command)
    assert code == 0 and said.splitlines()[-1] == f"  {tmp_path / 'all' / 'report.html'}"
    assert [path.name for path in tmp_path.rglob("report.html")] == ["report.html"]
