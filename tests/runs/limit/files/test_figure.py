"""The figures of limits: error bars, the band, a panel each quantity, and curves over time."""

from dataclasses import replace
from pathlib import Path

import matplotlib.axes
import numpy as np
import pytest

from limits import InfiniteWidth
from runs.limit.files.figure import FIGURE_FILE, TIMES_FILE, draw_limits
from runs.system.refusal import Refusal
from tests.runs.limit.files.found import found


def test_every_quantity_is_drawn_with_its_band(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that of three quantities and two points the numbers drawn are those found, against width and time."""
    bars, bands, fills = list[tuple[object, ...]](), list[tuple[float, float]](), list[tuple[object, ...]]()
    for name, seen in (("errorbar", bars), ("axhspan", bands), ("fill_between", fills)):
        plain = getattr(matplotlib.axes.Axes, name)

        def noted(axis, *given, plain=plain, seen=seen, **style):  # type: ignore[no-untyped-def]
            seen.append(given)
            return plain(axis, *given, **style)

        monkeypatch.setattr(matplotlib.axes.Axes, name, noted)
    shown = [found(rate=0.5), found(rate=2.0)]
    assert draw_limits(shown, tmp_path, "a_study$") == [tmp_path / FIGURE_FILE, tmp_path / TIMES_FILE]
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in (FIGURE_FILE, TIMES_FILE))
    assert len(bars) == len(bands) == len(fills) == 6
    value = shown[0].limit["risk at 2"]
    assert bands[0] == (value.low, value.high)
    widths, means, errors = (np.asarray(part) for part in bars[0])
    assert widths.tolist() == [4.0, 8.0, 16.0] and means.tolist() == shown[0].means[:, 3].tolist()
    assert errors.tolist() == shown[0].errors[:, 3].tolist()
    times, low, _ = (np.asarray(part) for part in fills[0])
    assert times.tolist() == [0.5, 1.0, 2.0] and low[-1] == value.low


def test_one_time_is_no_curve(tmp_path: Path) -> None:
    """Assert that the end alone is one figure, without a legend for one point."""
    assert draw_limits([found(times=1)], tmp_path, "study") == [tmp_path / FIGURE_FILE]


def test_an_interval_without_ends_is_a_sentence(tmp_path: Path) -> None:
    """Assert that where nothing is known of the limit nothing is drawn, and no file is left."""
    one = found(times=1)
    values = tuple(replace(value, low=-np.inf, high=np.inf) for value in one.limit.values)
    limit: InfiniteWidth = replace(one.limit, values=values)
    with pytest.raises(Refusal, match="The limit of risk has no finite interval, so its band cannot be drawn"):
        draw_limits([replace(one, limit=limit)], tmp_path, "study")
    assert list(tmp_path.iterdir()) == []
