"""A study's folder as a part: claims, figures, the command that makes it again, and what older folders lack."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from runs.pages import study_part
from runs.pages.part import Part
from runs.pages.study_part import command_of, configured, missing, plain_figures
from runs.study.command import parsed
from runs.study.panels import Panel
from runs.study.running import run_study
from runs.study.table import Row, Table
from tests.runs.inspect.recorded import recorded
from tests.runs.study import toy
from tests.runs.study.toy import STUDY


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toy study is one of ours."""
    monkeypatch.setattr(study_part, "STUDIES", {"toy": "tests.runs.study.toy"})
    monkeypatch.setattr(study_part, "named", lambda name: STUDY)
    yield


def done(folder: Path, only: tuple[str, ...] = (), **given: Any) -> tuple[dict[str, Any], Table]:
    """A toy study that is done: its config.json and its table."""
    table = run_study(STUDY, toy.configured(folder, **given), only=only, console=Console(file=io.StringIO()))
    return json.loads((folder / "config.json").read_text()), table


def part(folder: Path, **given: Any) -> Part:
    """The part of such a study."""
    held, _ = done(folder, **given)
    return study_part.study_part(folder, held)


def test_a_part_has_claims_figures_and_provenance(tmp_path: Path) -> None:
    """Assert that all of them are those of the folder, and files are named."""
    found = part(tmp_path / "a")
    assert (found.title, found.kicker) == ("toy", "nobody 2026")
    assert found.about == ("What are squares?", "Scale smoke, 2 seeds.")
    assert [claim.result.measured for claim in found.claims] == [8.0]
    (figure,) = found.figures
    assert figure.title == "Squares of seeds: 2 seeds" and Path(figure.link).name == "squares.png"
    assert figure.plots[0].data[-1]["y"] == [1.0, 2.0]  # what is predicted
    assert dict(found.provenance)["device"] == "cpu" and "seconds" in dict(found.provenance)["work"]
    assert ("rate", "1") in found.settings and "study" not in dict(found.settings)
    names = {Path(link).name for link in found.links}
    assert {"result.csv", "claims.csv", "squares.png", "config.json"} <= names


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_seeds_are_found_from_the_cases(tmp_path: Path, seeds: int) -> None:
    """Assert that the number of seeds, which is not in the configuration, is that of the run."""
    held, table = done(tmp_path / "a", seeds=seeds)
    found = configured(tmp_path / "a", held, table)
    assert found is not None and found[1].seeds == seeds and missing(*found, table) == 0


def test_missing_cases_are_said(tmp_path: Path) -> None:
    """Assert that a case that failed is counted, as one that was not done."""
    found = part(tmp_path / "a", seeds=3, wrong=(1,))
    assert found.about[-1].startswith("Of 7 cases 1 are missing")


@pytest.mark.parametrize(
    ("given", "only", "command"),
    [
        ({}, (), "meanfield run toy E1.1 E1.2 --scale smoke"),
        ({}, ("E1.1",), "meanfield run toy --scale smoke"),
        ({"seeds": 3, "rate": 0.5}, ("E1.2",), "meanfield run toy E1.2 --scale smoke --seeds 3 --rate 0.5"),
        ({"widths": (3, 4), "loud": True}, ("E1.1",), "meanfield run toy --scale smoke --widths 3,4 --loud"),
    ],
)
def test_the_command_gives_the_same_configuration(
    tmp_path: Path, given: dict[str, Any], only: tuple[str, ...], command: str
) -> None:
    """Assert that what is typed is short, and the command line makes of it the configuration of the folder."""
    held, table = done(tmp_path / "a", only=only, **given)
    found = configured(tmp_path / "a", held, table)
    assert found is not None and command_of(*found, table) == command
    names, options = parsed(STUDY, command.split()[3:])
    again = STUDY.configured(**options, device="cpu")
    assert again.identity() == toy.configured(tmp_path, **given).identity()
    assert set(names or STUDY.usual) == {row.experiment for row in table if row.seed is not None}


def test_a_folder_from_before_a_field_was_added_is_shown(tmp_path: Path) -> None:
    """Assert that a field that is missing has the value of the scale."""
    held, table = done(tmp_path / "a")
    del held["loud"]
    assert configured(tmp_path / "a", held, table) is not None


@pytest.mark.parametrize("change", [{"study": "nobody's"}, {"rate": -1.0}, {"scale": "huge"}, {"study": ["toy"]}])
def test_a_study_that_is_not_known_shows_its_table(tmp_path: Path, change: dict[str, Any]) -> None:
    """Assert that of another version's folder there is a plot for each quantity, and it is said."""
    held, _ = done(tmp_path / "a")
    found = study_part.study_part(tmp_path / "a", held | change)
    assert found.about[0].startswith("This version knows no such study")
    assert [figure.title for figure in found.figures] == ["E1.1", "E1.2"]
    assert [plot.spoken for plot in found.figures[0].plots] == ["square"]


def test_figures_that_fail_are_replaced_by_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a study that cannot draw its folder does not stand in the way of the page, and it is said."""
    held, _ = done(tmp_path / "a")

    def broken(self: object, config: object, table: object) -> list[Panel]:
        raise KeyError("a curve")

    monkeypatch.setattr(toy.Squares, "panels", broken)
    found = study_part.study_part(tmp_path / "a", held)
    assert "cannot be drawn from this folder ('a curve')" in found.about[-1] and len(found.figures) == 2


def test_figures_that_repeat_others_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a file of its own for a panel that another figure shows gives no second plot."""
    held, _ = done(tmp_path / "a")
    own = toy.Squares.panels

    def twice(self: toy.Squares, config: toy.Config, table: Table) -> list[Panel]:
        (panel,) = own(self, config, table)
        return [panel, Panel("alone.png", panel.title, panel.x_label, panel.lines)]

    monkeypatch.setattr(toy.Squares, "panels", twice)
    assert len(study_part.study_part(tmp_path / "a", held).figures) == 1


def test_particles_of_the_folder_are_shown(tmp_path: Path) -> None:
    """Assert that each setting has a film, seeds of one setting share one, and a damaged file is passed over."""
    held, _ = done(tmp_path / "a")
    for rate in (1, 2):
        for seed in (0, 1):
            recorded(tmp_path / "a" / f"{rate}-{seed}.h5", rate=rate, seed=seed)
    (tmp_path / "a" / "broken.h5").write_bytes(b"nothing")
    found = study_part.study_part(tmp_path / "a", held)
    assert [film.title for film in found.films] == ["rate 1", "rate 2"]
    assert found.films_said == "Shown are 2 of 4 files, of different settings."


def test_a_table_is_drawn_as_it_is() -> None:
    """Assert that measured and predicted curves share a colour, and axes are logarithmic for positive numbers only."""
    rows = [Row("E", "q", "c", seed, x, x + 1.0) for seed in (0, None) for x in (0.0, 1.0)]
    (figure,) = plain_figures(Table(tuple(rows)))
    (panel,) = figure.panels
    assert isinstance(panel, Panel) and (panel.log_x, panel.log_y) == (False, True)
    assert [(line.label, line.kind) for line in panel.lines] == [("c", "dots"), ("c, predicted", "dashed")]
    assert panel.lines[0].colour == panel.lines[1].colour
