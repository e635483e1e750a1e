"""What a study ends with: table and figure in its folder, and lines that say where they lie."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from runs.studyfile.results.summary import draw_folder, summarised
from runs.system.refusal import Refusal
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.done import SWEPT, done
from tests.runs.studyfile.small.studies import write_study


def test_a_study_ends_with_a_table_and_a_figure(tmp_path: Path) -> None:
    """Assert that the last lines name the files, which are there, and that plot draws the same picture again."""
    path = write_study(tmp_path, SWEPT)
    out = tmp_path / "out"
    code, said, _ = spoken("run", str(path), "--out", str(out), "--workers", "0")
    lines = said.splitlines()
    assert code == 0 and lines[0] == f"4 of 4 runs complete in {out}"
    assert lines[1].split() == ["count", "seeds", "risk", "largest", "movement", "time", "wall", "s"]
    assert lines[-4:] == [
        f"table: {out / 'result.csv'}",
        f"figure: {out / 'curves.png'}",
        f"which run lies where: {out / 'index.csv'}",
        f"page: {out / 'report.html'}",
    ]
    picture = (out / "curves.png").read_bytes()
    (out / "curves.png").unlink()
    code, said, _ = spoken("plot", str(out))
    assert code == 0 and said.strip() == str(out / "curves.png")
    assert (out / "curves.png").read_bytes() == picture
    assert spoken("plot", str(out), "--out", str(tmp_path))[0] == 0 and (tmp_path / "curves.png").exists()
    code, _, told = spoken("plot", str(out), "--time", "1")
    assert code == 2 and "The option --time is for trajectory files: leave it out" in told


def test_it_can_be_left_out(tmp_path: Path) -> None:
    """Assert that --no-summary leaves table and figure out, and the index not."""
    path, out = write_study(tmp_path, SWEPT), tmp_path / "out"
    code, said, _ = spoken("run", str(path), "--out", str(out), "--workers", "0", "--no-summary")
    assert code == 0 and said == f"4 of 4 runs complete in {out}\n"
    assert sorted(entry.name for entry in out.iterdir() if entry.is_file()) == ["index.csv", "study.json"]


def test_a_figure_is_drawn_again_once_a_run_is_younger(tmp_path: Path) -> None:
    """Assert that a complete study leaves its figure alone, and one that has grown does not."""
    jobs, out = done(tmp_path), tmp_path / "out"
    console = Console(file=StringIO(), width=80)
    assert len(list(summarised(jobs, console))) == 2
    before = (out / "curves.png").stat().st_mtime_ns
    list(summarised(jobs, console))
    assert (out / "curves.png").stat().st_mtime_ns == before
    list(summarised(done(tmp_path, {"seeds": 3}), console))
    assert (out / "curves.png").stat().st_mtime_ns > before


def test_what_cannot_be_drawn_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a figure that cannot be is a sentence among the lines, and a folder without runs is refused."""

    def refused(*given: object) -> None:
        raise Refusal("The figure cannot be drawn.")

    jobs = done(tmp_path)
    monkeypatch.setattr("runs.studyfile.results.figure.draw_study", refused)
    assert "The figure cannot be drawn." in list(summarised(jobs, Console(file=StringIO(), width=80)))
    with pytest.raises(Refusal, match="holds no run of a study file with a record after time zero: name one"):
        draw_folder(tmp_path, tmp_path)
