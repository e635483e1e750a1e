"""Committed figures are drawn anew from committed tables."""

from pathlib import Path

import pytest

from runs.studies import redraw
from runs.studies.redraw import home_of
from runs.study.running import RESULT


def test_figures_follow_from_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the figures of a study are drawn under their names, whole."""
    drawn: list[tuple[str, int]] = []
    monkeypatch.setattr(redraw, "draw", lambda panels, path, title: drawn.append((title, len(panels))))
    assert redraw.redraw("propagation-of-chaos", tmp_path) == [tmp_path / "chaos.png"]
    assert drawn == [("Propagation of chaos: diabetes, 2 inputs, n = 40", 6)]
    assert (home_of("propagation-of-chaos") / RESULT).is_file()


def test_figures_of_trajectories_are_left_out(tmp_path: Path) -> None:
    """Assert that nothing is drawn, and nothing refused, where trajectories are needed that are not there."""
    assert redraw.redraw("asymmetric-scaling", tmp_path) == [] and not list(tmp_path.iterdir())


def test_every_named_study_is_drawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that the paths are printed, of the named studies alone, or of all."""
    monkeypatch.setattr(redraw, "redraw", lambda name: [Path(name)])
    redraw.main(["vignettes"])
    assert capsys.readouterr().out == "  vignettes\n"
    redraw.main([])
    assert len(capsys.readouterr().out.splitlines()) == len(redraw.STUDIES)
