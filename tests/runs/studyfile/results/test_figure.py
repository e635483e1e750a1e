"""The figure of a study: its panels and curves are the numbers of the files; a colour for each setting."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from runs.figures.figures import CurvePanel
from runs.figures.palette import MOST_COLOURS
from runs.studyfile.results import figure
from runs.studyfile.results.figure import draw_study
from runs.studyfile.results.finished_runs import COMPLETE, Found, Setting, found_in, settings_of
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.done import done

TIMES = np.array([0.0, 0.5, 1.0])


def setting(number: float | str, *values: float, times: np.ndarray = TIMES) -> Setting:
    """A setting with a run for each value, which is what is recorded at every time."""
    runs = [
        Found(f"{number}-{seed}", {"seed": seed}, COMPLETE, 1.0, 1.0, {"risk": (times, np.full(len(times), value))})
        for seed, value in enumerate(values)
    ]
    return Setting({"masses.alpha": number}, tuple(runs), {"masses.alpha": "masses.alpha"})


def panels_of(
    settings: list[Setting], path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[CurvePanel], dict[str, object]]:
    """What is handed to the drawing, which is done as well."""
    caught: list[tuple[list[CurvePanel], dict[str, object]]] = []

    def drawn(panels: list[CurvePanel], where: Path, **options: object) -> None:
        caught.append((panels, options))

    monkeypatch.setattr(figure, "draw_curves", drawn)
    draw_study(settings, path, "title")
    return caught[0]


def test_curves_are_the_records_of_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that there is a panel an observable, a curve a setting with its runs, time zero left out."""
    done(tmp_path)
    out = tmp_path / "out"
    settings = settings_of(found_in(out, series=True), out)
    panels, options = panels_of(settings, out / "curves.png", monkeypatch)
    assert [panel.title for panel in panels] == ["risk", "largest movement"] and options["scale"] is None
    for panel, name in zip(panels, ("risk", "largest_movement"), strict=True):
        assert [curve.label for curve in panel.curves] == ["count 4", "count 6"]
        assert [curve.colour for curve in panel.curves] == list(MOST_COLOURS[:2])
        for curve, each in zip(panel.curves, settings, strict=True):
            assert curve.times.tolist() == [0.25, 0.5, 0.75, 1.0]
            assert np.array_equal(curve.values, np.stack([run.series[name][1][1:] for run in each.runs]))


def test_the_same_files_give_the_same_picture(tmp_path: Path) -> None:
    """Assert that drawing is deterministic to the byte, and that there is something to be seen."""
    settings = [setting(0.1, 1.0, 2.0), setting(0.2, 3.0)]
    first, second = (draw_study(settings, tmp_path / name, "title") for name in ("a.png", "b.png"))
    assert first is not None and second is not None and first.read_bytes() == second.read_bytes()
    assert imread(first).std() > 0.05


def test_many_settings_have_a_colour_bar_by_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that more than eight settings go by the colours of a scale, drawn as well, and a hundred are enough."""
    nine = [setting(0.1 * number, 1.0 + number) for number in range(1, 10)]
    assert draw_study(nine, tmp_path / "nine.png", "title") is not None
    (panel,), options = panels_of(nine, tmp_path / "x.png", monkeypatch)
    assert options["scale"] is not None and len({curve.colour for curve in panel.curves}) == 9
    (panel,), options = panels_of(nine[:8], tmp_path / "x.png", monkeypatch)
    assert options["scale"] is None and len({curve.colour for curve in panel.curves}) == 8
    many = [setting(float(number), 1.0) for number in range(250)]
    (panel,), options = panels_of(many, tmp_path / "x.png", monkeypatch)
    assert len(panel.curves) == 100 and options["title"] == "title: 100 of 250 settings"
    words = [setting(f"kind{number}", 1.0) for number in range(12)]
    (panel,), options = panels_of(words, tmp_path / "x.png", monkeypatch)
    assert options["scale"] is None and len(panel.curves) == 12


def test_runs_of_other_times_are_curves_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that an unfinished run beside a finished one is drawn as far as it is, in the colour of its setting."""
    whole, part = setting(0.1, 1.0), setting(0.1, 2.0, times=TIMES[:2])
    both = Setting(whole.values, (*whole.runs, *part.runs), whole.groups)
    (panel,), _ = panels_of([both], tmp_path / "x.png", monkeypatch)
    assert [curve.times.tolist() for curve in panel.curves] == [[0.5, 1.0], [0.5]]
    assert len({(curve.label, curve.colour) for curve in panel.curves}) == 1


def test_what_cannot_be_drawn_is_refused_or_nothing(tmp_path: Path) -> None:
    """Assert that there is no figure of starts alone, and that numbers and folders that cannot be are sentences."""
    assert draw_study([setting(0.1, 1.0, times=TIMES[:1])], tmp_path / "a.png", "title") is None
    assert draw_study([setting(0.1, np.nan)], tmp_path / "a.png", "title") is None
    with pytest.raises(Refusal, match=r"nowhere/a\.png cannot be written \(No such file or directory\): name another"):
        draw_study([setting(0.1, 1.0)], tmp_path / "nowhere" / "a.png", "title")
    with pytest.raises(Refusal, match=r"a\.png cannot be drawn \(.*\): do without, with --no-summary"):
        draw_study([setting(0.1, 1e308, 1.7e308)], tmp_path / "a.png", "title")
