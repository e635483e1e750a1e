"""The page as a file: where it lies, how large it is, and that nothing else is overwritten."""

import ast
from pathlib import Path

import pytest

from runs.pages import page, write_page
from runs.system.refusal import Refusal
from tests.house.source import sources
from tests.runs.inspect.recorded import recorded
from tests.runs.study.smoke import Smoke

#: Bytes of a page at most.
LARGEST = 8_000_000


def test_the_main_job_ends_with_its_page(smoke: Smoke) -> None:
    """Assert that the last line is the path of a page that is smaller than eight million bytes and names the study."""
    path = smoke.folder / "report.html"
    assert smoke.said.splitlines()[-1] == f"  {path}"
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < LARGEST and "<title>asymmetric-scaling</title>" in text
    assert "meanfield run asymmetric-scaling --scale smoke" in text and 'data-film="3"' in text


def test_the_same_files_give_the_same_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that but for the date, on a line of its own, pages are equal to the byte, and one that is there stays."""
    file, out = recorded(tmp_path / "a.h5"), [tmp_path / "1.html", tmp_path / "2.html"]
    for number, path in enumerate(out):
        monkeypatch.setattr(page, "utc_now", lambda number=number: f"202{number}-01-01T00:00:00+00:00")
        write_page(file, path)
    texts = [path.read_text(encoding="utf-8").splitlines() for path in out]
    (differing,) = [pair for pair in zip(*texts, strict=True) if pair[0] != pair[1]]
    assert "2020-01-01 00:00 UTC" in differing[0] and "2021-01-01 00:00 UTC" in differing[1]
    before = out[0].stat().st_mtime_ns
    assert write_page(file, out[0]) == out[0] and out[0].stat().st_mtime_ns == before
    file.unlink()
    recorded(file, rate=2.0)
    write_page(file, out[0])
    assert "2021-01-01 00:00 UTC" in out[0].read_text(encoding="utf-8")


def test_where_a_page_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that it is in the folder, beside a file, here for several files, or where it is asked for."""
    file, other = recorded(tmp_path / "all" / "a.h5"), recorded(tmp_path / "all" / "b.h5")
    monkeypatch.chdir(tmp_path)
    assert write_page(tmp_path / "all") == tmp_path / "all" / "report.html"
    assert write_page(file) == tmp_path / "all" / "a-report.html"
    assert write_page([file, other]) == Path("report.html")
    asked = write_page(file, tmp_path / "new" / "x.html")
    assert asked.read_text(encoding="utf-8").count('href="../all/a.h5"') == 2


def test_nothing_but_a_page_is_replaced(tmp_path: Path) -> None:
    """Assert that a page is written again, and another file or a folder is refused and stays."""
    file = recorded(tmp_path / "a.h5")
    assert write_page(file, tmp_path / "x.html") == write_page(file, tmp_path / "x.html")
    (tmp_path / "mine.html").write_text("mine")
    with pytest.raises(Refusal, match=r"mine\.html is there and is no page of ours: name another file with --out"):
        write_page(file, tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == "mine"
    with pytest.raises(Refusal, match="is a folder, but a file is written"):
        write_page(file, tmp_path)
    with pytest.raises(Refusal, match=r"cannot be written \(.*\): name another file"):
        write_page(file, file / "x.html")


def test_no_path_is_refused() -> None:
    """Assert that nothing given is one sentence."""
    with pytest.raises(Refusal, match="No folder and no file was given"):
        write_page([])


def test_plotly_is_imported_for_a_page_only() -> None:
    """Assert that whatever writes a page imports this room within a function, so that other commands do without."""
    eager = [
        source.path
        for source in sources("runs/cli", "runs/study", "runs/studyfile", "runs/limit")
        for node in source.tree.body
        if "runs.pages" in ast.unparse(node) and isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert eager == []
