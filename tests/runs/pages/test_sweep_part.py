"""The folder of a study file as a part: a row, a curve and particles for its settings."""

from pathlib import Path

import pytest

from runs.pages.part import Part
from runs.pages.sweep_part import sweep_part
from runs.studyfile.results.finished_runs import found_in, settings_of
from tests.runs.studyfile.small.done import asked, done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two counts of particles, two seeds."""
    place = tmp_path_factory.mktemp("sweep")
    done(place)
    return place / "out"


@pytest.fixture(scope="module")
def part(folder: Path) -> Part:
    """The part of that folder."""
    return sweep_part(folder)


def test_runs_are_counted_and_what_varies_is_named(part: Part) -> None:
    """Assert that states and the key of the sweep are said, and that every value of the key is among the settings."""
    assert part.about == ("4 runs of 2 settings: 4 complete; what varies is masses.count.",)
    assert dict(part.settings)["masses › count"] == "4, 6" and part.title == "out"


def test_the_table_has_a_row_a_setting(part: Part, folder: Path) -> None:
    """Assert that the means of last values stand beside the values that vary."""
    (sheet,) = part.sheets
    assert sheet.heads[:5] == ("masses.count", "complete", "runs", "end time", "risk")
    settings = settings_of(found_in(folder, series=True), folder)
    for row, setting in zip(sheet.rows, settings, strict=True):
        ends = setting.ends("risk")
        assert row[0] == str(setting.values["masses.count"]) and row[4] == f"{sum(ends) / len(ends):.4g}"


def test_curves_are_those_of_the_files(part: Part, folder: Path) -> None:
    """Assert that there is a plot an observable, and its means are those over the seeds of a setting."""
    (figure,) = part.figures
    assert [plot.spoken for plot in figure.plots] == ["risk", "largest movement"]
    (setting, _) = settings_of(found_in(folder, series=True), folder)
    mean = sum(run.series["risk"][1][-1] for run in setting.runs) / len(setting.runs)
    lines = [trace for trace in figure.plots[0].data if "meta" not in trace]
    assert lines[0]["y"][-1] == pytest.approx(mean, rel=1e-5)


def test_particles_commands_and_files(part: Part) -> None:
    """Assert that each setting has a film, and the runs are linked."""
    assert [film.title for film in part.films] == ["count 4", "count 6"]
    assert len(part.links) == 4 and part.commands and dict(part.provenance)["work"].endswith("for 4 files")


def test_a_folder_where_nothing_is_done_is_a_part(tmp_path: Path) -> None:
    """Assert that runs that were asked for and not begun are none: there is nothing, and it is said."""
    asked(tmp_path)
    found = sweep_part(tmp_path / "out")
    assert found.about == ("0 runs of 0 settings: .",) or found.about[0].startswith("0 runs")
    assert found.figures == () and found.films == ()
