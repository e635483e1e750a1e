"""The map of a study that varies two numbers, each value of one with each of the other: last values as cells."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from runs.figures.figures import drawing
from runs.figures.heat_maps import HeatMap, draw_heat_maps
from runs.recorded.curve_groups import short_names, value_text
from runs.studyfile.results.finished_runs import Setting, distinguishing
from runs.system.printable import printable
from runs.system.refusal import Refusal

MAP_FILE = "map.png"
#: Values that each of the two keys has at least.
LEAST = 2


def draw_map(settings: Sequence[Setting], path: Path, title: str) -> Path | None:
    """Draw the last value of every scalar observable, its mean over complete runs; returns the path.

    The key that varies first goes down, the other across. None where the settings are no such grid, or nothing is
    complete. Raises Refusal where numbers are too large to draw or the folder cannot be written.
    """
    maps = maps_of(settings)
    if not maps:
        return None
    try:
        with drawing(f"The figure {path}", "cannot be drawn", "do without, with --no-summary"):
            draw_heat_maps(maps, path, f"{title}, at the end")
    except OSError as error:
        raise Refusal(f"The figure {path} cannot be written ({error.strerror}): name another folder.") from error
    return path


def maps_of(settings: Sequence[Setting]) -> list[HeatMap]:
    """A map for each observable, none where the settings are no grid of two numbers."""
    keys = distinguishing(settings)
    if len(keys) != 2:
        return []
    down, across = ([setting.values.get(key) for setting in settings] for key in keys)
    if not all(type(value) in (int, float) for value in (*down, *across)):
        return []
    rows, columns = (sorted(set(values)) for values in (down, across))  # type: ignore[type-var]
    places = [(rows.index(one), columns.index(other)) for one, other in zip(down, across, strict=True)]
    whole = len(settings) == len(set(places)) == len(rows) * len(columns)
    if not whole or min(len(rows), len(columns)) < LEAST:
        return []
    words = short_names(keys)
    named = [
        tuple(value_text(key, value) for value in values) for key, values in zip(keys, (rows, columns), strict=True)
    ]
    maps = []
    for name in dict.fromkeys(name for setting in settings for run in setting.runs for name in run.series):
        values = np.full((len(rows), len(columns)), np.nan)
        for place, setting in zip(places, settings, strict=True):
            ends = setting.ends(name)
            values[place] = float(np.mean(ends)) if ends else np.nan
        if np.isfinite(values).any():
            labels = (printable(words[keys[1]]), printable(words[keys[0]]))
            maps.append(HeatMap(name.replace("_", " "), *labels, named[1], named[0], values))
    return maps
