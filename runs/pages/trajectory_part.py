"""The part of a page on trajectory files: their observables, spectra, particles, parameters and provenance."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from particles import Trajectory, TrajectoryError
from particles.trajectory import TrajectoryReader
from runs.figures.palette import ColourScale, sorted_names
from runs.inspect.plot import curve_panels
from runs.pages.curves import budgeted, evenly, figure_of, panel_of
from runs.pages.films import film_of
from runs.pages.part import Figure, Film, Part
from runs.pages.provenance import commands_of, rows_of
from runs.pages.words import counted, in_words
from runs.recorded.curve_groups import names_of, settings_of
from runs.recorded.origins import told_apart
from runs.study.panels import Line, Panel
from runs.system.files import check_open
from runs.system.refusal import Refusal

#: Most components of an observable of many numbers, and most files whose components are drawn.
COMPONENTS, SPECTRA = 8, 3


def trajectories_part(files: Sequence[Path], films: int) -> Part:
    """What files hold, theirs or older ones; raises Refusal, with the sentence of the reader, where one cannot be read.

    films: of how many files particles are shown at most.
    """
    check_open(len(files), "show fewer files at once")
    try:
        with ExitStack() as opened:
            trajectories = {file: opened.enter_context(Trajectory.open(file)) for file in dict.fromkeys(files)}
            return _part(trajectories, films)
    except TrajectoryError as error:
        raise Refusal(str(error)) from error


def films_of(trajectories: Mapping[Path, TrajectoryReader], most: int) -> tuple[tuple[Film, ...], str]:
    """The particles of the first file of every setting, as many as may be, and a sentence on those left out."""
    groups = settings_of(told_apart({file: trajectory.parameters for file, trajectory in trajectories.items()}))
    labels = sorted_names(groups)
    chosen = [(labels[place], groups[labels[place]]) for place in evenly(len(labels), most)]
    names = names_of(list(trajectories))
    films = []
    for label, members in chosen:
        found = film_of(trajectories[members[0]], label or names[members[0]], str(members[0]))
        films += [] if found is None else [found]
    left = len(trajectories) - len(films)
    said = f"Shown are {len(films)} of {len(trajectories)} files, of different settings." if left and films else ""
    return tuple(films), said


def _part(trajectories: Mapping[Path, TrajectoryReader], films: int) -> Part:
    first_path, first = next(iter(trajectories.items()))
    single = len(trajectories) == 1
    shown, said = films_of(trajectories, films)
    notes = [trajectory.provenance for trajectory in trajectories.values()]
    return Part(
        title=first_path.name if single else counted(len(trajectories), "trajectory", "trajectories"),
        kicker=" ".join(first.titles.get("title", "").split()) if single else "",
        about=tuple(_about(trajectories)),
        settings=in_words(first.parameters),
        figures=tuple(_figures(trajectories)),
        films=shown,
        films_said=said,
        provenance=rows_of(notes, "file"),
        commands=commands_of(notes),
        links=tuple(str(file) for file in trajectories),
    )


def _about(trajectories: Mapping[Path, TrajectoryReader]) -> Iterator[str]:
    """A sentence for each file, of the first few."""
    names = names_of(list(trajectories))
    for file in [list(trajectories)[place] for place in range(min(len(trajectories), COMPONENTS))]:
        trajectory = trajectories[file]
        state = "complete" if trajectory.is_complete else "not complete"
        if not len(trajectory):
            yield f"{names[file]}: {state}, no frame yet."
            continue
        cloud, times = trajectory[-1], trajectory.times
        yield (
            f"{names[file]}: {counted(cloud.count, 'particle')} of {counted(cloud.dim, 'coordinate')}, "
            f"{counted(len(times), 'frame')} from time {times[0]:.4g} to {times[-1]:.4g}, {state}."
        )
    if len(trajectories) > COMPONENTS:
        yield f"And {counted(len(trajectories) - COMPONENTS, 'file')} more, listed below."


def _figures(trajectories: Mapping[Path, TrajectoryReader]) -> Iterator[Figure]:
    """Numbers against time, and the components of observables that are many numbers."""
    panels = [panel_of(panel) for panel in curve_panels(dict(trajectories))]
    spectra = [each for file in list(trajectories)[:SPECTRA] for each in _spectra(file, trajectories[file])]
    most = budgeted([*panels, *(panel for panel, *_ in spectra)])
    if panels:
        yield figure_of("Observables", panels, most=most)
    for panel, scale, remark in spectra:
        yield figure_of(panel.title, [panel], most=most, scale=scale, remark=remark)


def _spectra(file: Path, trajectory: TrajectoryReader) -> Iterator[tuple[Panel, ColourScale, str]]:
    """A panel for each observable of several numbers, such as the eigenvalues of a Gram matrix, against time."""
    for name, series in trajectory.observables.items():
        if series.values.ndim < 2 or not len(series.times) or not series.values[0].size:
            continue
        values = series.values.reshape(len(series.times), -1).astype(np.float64)
        chosen = evenly(values.shape[1], COMPONENTS)
        scale = ColourScale("number", 1.0, float(values.shape[1]), log=values.shape[1] >= 10)
        lines = tuple(
            Line(f"number {place + 1}", scale.colour(place + 1.0), series.times, values[:, place, None], "line")
            for place in chosen
        )
        positive = bool((values[:, chosen] > 0.0).all())
        left = f"{len(chosen)} of {values.shape[1]} numbers are drawn." if len(chosen) < values.shape[1] else ""
        title = f"{name.replace('_', ' ')}, {file.name}"
        yield Panel("", title, "flow time", lines, "", log_x=True, log_y=positive), scale, left
