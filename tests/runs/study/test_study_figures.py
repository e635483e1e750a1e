"""The figures of a study as data."""

from pathlib import Path

import pytest

from particles import TrajectoryError
from runs.study.panels import Line, Panel
from runs.study.study_figures import StudyFigure, draw_all, figures_of
from runs.study.table import Row, Table
from runs.system.refusal import Refusal
from tests.runs.study import toy
from tests.runs.study.toy import STUDY, configured

TABLE = Table((Row("E1.1", "square", "all", 0, 1.0, 1.0), Row("E1.2", "seed", "only", 0, 0.0, 0.0)))


def test_figures_are_those_of_measured_experiments(tmp_path: Path) -> None:
    """Assert that an experiment's figure has its title, and what is only predicted has none."""
    (figure,) = figures_of(STUDY, configured(tmp_path), TABLE)
    assert (figure.file, figure.title) == ("squares.png", "Squares of seeds: 2 seeds")
    assert figures_of(STUDY, configured(tmp_path), Table((Row("E1.1", "square", "all", None, 1.0, 1.0),))) == []


def test_experiments_share_a_figure_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that panels of one file come together, under the title of the study."""
    panel = Panel("squares.png", "", "x", (Line.of("a", "k", TABLE.at("E1.2", "seed", "only")),))
    monkeypatch.setattr(toy.Plain, "panels", lambda self, config, table: [panel])
    (figure,) = figures_of(STUDY, configured(tmp_path), TABLE)
    assert len(figure.panels) == 2 and figure.title == ": 2 seeds"


def test_a_trajectory_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the reader's sentence comes through."""

    def damaged(self: object, config: object, table: object) -> list[Panel]:
        raise TrajectoryError("x.h5 is damaged")

    monkeypatch.setattr(toy.Plain, "panels", damaged)
    with pytest.raises(Refusal, match=r"The figures cannot be drawn: x\.h5 is damaged"):
        figures_of(STUDY, configured(tmp_path), TABLE)


def test_processes_draw_the_same_bytes(tmp_path: Path) -> None:
    """Assert that figures have the same bytes drawn here and by two processes."""
    lines = (Line.of("a", "k", TABLE.at("E1.2", "seed", "only")),)
    figures = [
        StudyFigure(f"{name}.png", name, [Panel("", name, "x", lines)] * place) for place, name in ((1, "a"), (2, "b"))
    ]
    for workers in (0, 2):
        (tmp_path / str(workers)).mkdir()
        draw_all(figures, tmp_path / str(workers), workers)
    for name in ("a.png", "b.png"):
        assert (tmp_path / "0" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
