"""The figure of a study: every observable against time, with a colour for each setting, from the files of its runs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from runs.figures.figures import Curve, CurvePanel, draw_curves, drawing
from runs.figures.palette import MOST_COLOURS, ColourScale, colours_of
from runs.recorded.curve_groups import short_names, value_text
from runs.studyfile.results.finished_runs import Numbers, Setting, distinguishing
from runs.system.printable import printable
from runs.system.refusal import Refusal

FIGURE_FILE = "curves.png"
#: Largest number of settings that are drawn; they are chosen evenly.
MOST_DRAWN = 100


def draw_study(settings: Sequence[Setting], path: Path, title: str) -> Path | None:
    """Draw every scalar observable that was recorded after time zero; returns the path, or None if there is none.

    Each observable has a panel, against time on a log axis. Runs of a setting that recorded at the same times are drawn
    as their mean, with a band from the smallest to the largest value. Up to eight settings have a legend. More settings
    have a colour bar for the first number that they vary; if they vary no number, seven have colours and the others are
    grey, with their names beside the curves where there is room. Raises Refusal where numbers are too large to draw or
    the folder cannot be written.
    """
    panels, scale, drawn = curve_panels(settings)
    if drawn < len(settings):
        title = f"{title}: {drawn} of {len(settings)} settings"
    if not panels:
        return None
    try:
        with drawing(f"The figure {path}", "cannot be drawn", "do without, with --no-summary"):
            columns = min(3, len(panels))
            draw_curves(panels, path, title=title, time_label="flow time", columns=columns, scale=scale)
    except OSError as error:
        raise Refusal(f"The figure {path} cannot be written ({error.strerror}): name another folder.") from error
    return path


def curve_panels(settings: Sequence[Setting]) -> tuple[list[CurvePanel], ColourScale | None, int]:
    """A panel for each observable, the scale of the colours or None for a legend, and how many settings are drawn."""
    chosen = [settings[number] for number in _evenly(len(settings))]
    colours, scale = _colours(chosen)
    return _panels(chosen, colours), scale, len(chosen)


def _evenly(count: int) -> list[int]:
    return list(dict.fromkeys(np.linspace(0, count - 1, min(count, MOST_DRAWN)).round().astype(int).tolist()))


def _colours(settings: Sequence[Setting]) -> tuple[list[tuple[str, str]], ColourScale | None]:
    """The label and the colour of each setting, and the scale of the colours, or None."""
    keys = distinguishing(settings)
    words = short_names(keys)
    labels = [
        printable(", ".join(f"{words[key]} {value_text(key, setting.values.get(key))}" for key in keys)) or "all runs"
        for setting in settings
    ]
    if len(settings) > len(MOST_COLOURS):
        for key in keys:
            column = [setting.values.get(key) for setting in settings]
            numbers = [float(value) for value in column if type(value) in (int, float)]  # type: ignore[arg-type]
            if len(numbers) == len(column) and len(set(numbers)) > 2:
                scale = ColourScale.of(printable(words[key]), numbers)
                return [(label, scale.colour(number)) for label, number in zip(labels, numbers, strict=True)], scale
    colours = colours_of(labels)
    return [(label, colours[label]) for label in labels], None


def _panels(settings: Sequence[Setting], colours: Sequence[tuple[str, str]]) -> list[CurvePanel]:
    names = list(dict.fromkeys(name for setting in settings for run in setting.runs for name in run.series))
    panels = []
    for name in names:
        curves = tuple(
            Curve(label, colour, times, values)
            for setting, (label, colour) in zip(settings, colours, strict=True)
            for times, values in _curves(setting, name)
        )
        if curves:
            positive = all(bool((curve.values > 0.0).all()) for curve in curves)
            panels.append(CurvePanel(name.replace("_", " "), "", curves, log_values=positive))
    return panels


def _curves(setting: Setting, name: str) -> list[tuple[Numbers, Numbers]]:
    """Times [records] and values [runs, records] after time zero, one pair for runs that recorded at the same times."""
    groups: dict[bytes, tuple[Numbers, list[Numbers]]] = {}
    for run in setting.runs:
        times, values = run.series.get(name, (np.zeros(0), np.zeros(0)))
        drawn = (times > 0.0) & np.isfinite(values)
        if drawn.any():
            groups.setdefault(times[drawn].tobytes(), (times[drawn], []))[1].append(values[drawn])
    return [(times, np.stack(values)) for times, values in groups.values()]
