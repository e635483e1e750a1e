"""The map of a study: a cell a setting, with the mean of the last values; none where two numbers do not vary alone."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from runs.studyfile.results.finished_runs import BEGUN, COMPLETE, Found, Setting
from runs.studyfile.results.map_figure import draw_map, maps_of
from runs.system.refusal import Refusal
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.small.done import SWEPT
from tests.runs.studyfile.small.studies import write_study

KEYS = ("masses.count", "scaling.scale")


def setting(count: object, scale: object, *ends: float, state: str = COMPLETE) -> Setting:
    """A setting with a run for each last value of the risk."""
    times = np.array([0.0, 1.0])
    runs = tuple(
        Found(f"{count}-{scale}-{seed}", {"seed": seed}, state, 1.0, 1.0, {"the_risk": (times, np.array([9.0, end]))})
        for seed, end in enumerate(ends)
    )
    return Setting(dict(zip(KEYS, (count, scale), strict=True)), runs, {key: key for key in KEYS})


def grid() -> list[Setting]:
    """Two counts and three scales, in no order."""
    pairs = [(64, 4.0), (16, 1.0), (16, 2.0), (64, 1.0), (64, 2.0), (16, 4.0)]
    return [setting(count, scale, count * scale, 3.0 * count * scale) for count, scale in pairs]


def test_cells_are_the_means_of_the_last_values() -> None:
    """Assert that the first key goes down and the other across, in rising order, with the mean over seeds."""
    (found,) = maps_of(grid())
    assert (found.title, found.x_label, found.y_label) == ("the risk", "scale", "count")
    assert (found.columns, found.rows) == (("1", "2", "4"), ("16", "64"))
    assert found.values.tolist() == [[32.0, 64.0, 128.0], [128.0, 256.0, 512.0]]


def test_runs_that_are_not_complete_leave_their_cell_white() -> None:
    """Assert that an unfinished run is no number, and that a study without a complete one has no map."""
    part = [*grid()[:-1], setting(16, 4.0, 7.0, state=BEGUN)]
    (found,) = maps_of(part)
    assert np.isnan(found.values[0, 2]) and np.isfinite(found.values).sum() == 5
    assert maps_of([setting(count, scale) for count in (1, 2) for scale in (1.0, 2.0)]) == []


def test_what_is_no_grid_of_two_numbers_has_no_map(tmp_path: Path) -> None:
    """Assert that a missing point, words, one key and one value a key give none."""
    assert maps_of(grid()[:-1]) == [] and maps_of(grid()[1:3]) == []
    words = [setting(count, kind, 1.0) for count in (1, 2) for kind in ("ntk", "lazy")]
    assert maps_of(words) == [] and draw_map(words, tmp_path / "map.png", "title") is None
    alone = [Setting({"masses.count": count}, (), {"masses.count": "masses.count"}) for count in (1, 2, 3)]
    assert maps_of(alone) == []


def test_a_study_of_two_numbers_ends_with_its_map(tmp_path: Path) -> None:
    """Assert that the command says where the map is, that it shows something, and that plot draws it again."""
    swept = {
        **SWEPT,
        "sweep": {"over": {"masses.count": [4, 6], "scaling": [{"kind": "lazy", "scale": s} for s in (1.0, 2.0)]}},
    }
    path, out = write_study(tmp_path, swept), tmp_path / "out"
    code, said, _ = spoken("run", str(path), "--out", str(out), "--workers", "0")
    assert code == 0 and f"figure: {out / 'map.png'}" in said.splitlines()
    picture = (out / "map.png").read_bytes()
    assert imread(out / "map.png").std() > 0.05
    (out / "map.png").unlink()
    code, said, _ = spoken("plot", str(out))
    assert code == 0 and said.split() == [str(out / "curves.png"), str(out / "map.png")]
    assert (out / "map.png").read_bytes() == picture


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """Assert that a missing folder and numbers beyond the largest are sentences."""
    with pytest.raises(
        Refusal, match=r"nowhere/map\.png cannot be written \(No such file or directory\): name another"
    ):
        draw_map(grid(), tmp_path / "nowhere" / "map.png", "title")
