"""Limits of infinite width as a part: rows of limit.csv, and levels with their limit."""

from pathlib import Path

import pytest

from runs.pages.found import parts_of
from runs.pages.limit_part import limit_part
from runs.system.refusal import Refusal

LIMIT = """scaling.scale,quantity,entry,time,value,standard_error,bias,low,high,verdict
1,risk,,1.0,0.5,0.1,0,0.3,0.7,converged
1,risk,,2.0,0.25,0.1,0,0.1,0.4,converged
4,risk,,2.0,0.75,0.1,0,0.6,0.9,not converged
"""
LEVELS = """scaling.scale,quantity,entry,time,width,samples,value,standard_error
1,risk,,1.0,16,10,0.6,0.01
1,risk,,2.0,16,10,0.375,0.01
1,risk,,2.0,32,10,0.3125,0.02
4,risk,,2.0,16,10,0.8125,0.01
4,risk,,2.0,32,10,0.78125,
"""


def written(folder: Path, limit: str = LIMIT, levels: str | None = LEVELS) -> Path:
    """A folder of limits."""
    folder.mkdir()
    (folder / "limit.csv").write_text(limit)
    if levels is not None:
        (folder / "levels.csv").write_text(levels)
    return folder


def test_levels_are_drawn_with_their_limits(tmp_path: Path) -> None:
    """Assert that each point has its means at the last time with bars, and its limit dashed, in one colour."""
    (part,) = parts_of([written(tmp_path / "a")])
    assert part.about == ("What networks of infinitely many particles do: 3 limits, 2 converged, 1 not converged.",)
    (plot,) = part.figures[0].plots
    assert (plot.title, plot.formula) == ("risk", "time 2")
    one, first, four, second = plot.data
    assert one["x"] == [16.0, 32.0] and one["y"] == [0.375, 0.3125] and one["error_y"]["array"] == [0.02, 0.04]
    assert first["y"] == [0.25, 0.25] and second["y"] == [0.75, 0.75] and four["error_y"]["array"] == [0.02, None]
    assert one["line"]["color"] == first["line"]["color"] != four["line"]["color"]
    assert [key.label for key in plot.keys] == ["scale 1", "scale 4"]


def test_the_table_has_a_row_a_limit(tmp_path: Path) -> None:
    """Assert that settings come first, columns without anything are left out, and files are linked."""
    part = limit_part(written(tmp_path / "a"), {"neuron": {"kind": "x"}})
    (sheet,) = part.sheets
    assert sheet.heads[:5] == ("scaling.scale", "quantity", "time", "value", "standard error")
    assert sheet.rows[0][:5] == ("1", "risk", "1", "0.5", "0.1")
    assert [Path(link).name for link in part.links] == ["limit.csv", "levels.csv"]
    assert part.settings == [("neuron › kind", "x")]


def test_limits_alone_are_a_table(tmp_path: Path) -> None:
    """Assert that without levels there is no figure, and without a row nothing but the words."""
    assert limit_part(written(tmp_path / "a", levels=None), {}).figures == ()
    empty = limit_part(written(tmp_path / "b", LIMIT.splitlines()[0] + "\n", None), {})
    assert empty.sheets[0].rows == ()


@pytest.mark.parametrize("text", ["a,b\n1,2\n", LIMIT + "1,risk\n", LIMIT + "1,2,3,4,5,6,7,8,9,10,11\n"])
def test_a_damaged_table_is_refused(tmp_path: Path, text: str) -> None:
    """Assert that other columns, and rows that are cut or too long, are one sentence."""
    with pytest.raises(Refusal, match=r"limit\.csv is damaged: estimate the limits again"):
        limit_part(written(tmp_path / "a", text), {})
