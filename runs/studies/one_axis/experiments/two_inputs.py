"""Figure 6: students of a teacher with four directions in the plane; what few, many and noisy particles find."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flows import evolve
from limits.theorems import Result, Statement, as_published, from_above, from_below, in_order
from particles import ParticleCloud
from runs.batch.jobs import Report
from runs.figures.palette import MOST_COLOURS
from runs.studies.one_axis.config import Config
from runs.studies.one_axis.experiments.two_input_pictures import Film, shown_particles
from runs.studies.one_axis.teacher import (
    NOISY,
    PLAIN,
    RIDGED,
    Kind,
    Students,
    angle,
    apart,
    clean_data,
    clean_error,
    fractions,
)
from runs.study.experiment import Case, Experiment
from runs.study.panels import Line, Panel
from runs.study.table import Curve, Row, Table

SOURCE = "Fang, Dong and Zhang 2020, Fig. 6"
#: Steps between reports, steps that are looked at, and kinds of the widest student.
EVERY, LOOKS, KINDS = 100, 24, (RIDGED, NOISY)
#: What the errors of the paper's widths are at most at the end, and at least for four particles; bounds of our own.
LEAST, MOST = 3e-3, {8: 6e-4, 40: 3e-4}
#: Degrees between particles that found something and the nearest direction, at most.
DEGREES = {RIDGED.name: 1.0, NOISY.name: 6.0}
#: Where u of these lies in the figure, and to what it can be read.
OUTPUT, READING = 1.45, 0.15
FILE = "teacher.png"


def curve_of(count: int, kind: Kind) -> str:
    """How a student is called."""
    return f"m = {count}" if kind == PLAIN else f"m = {count}, {kind.name}"


@dataclass(frozen=True)
class TwoInputs(Experiment):
    """The mean of (f - F4)^2 against steps, and of the widest students what their particles have become.

    `wasted` is the fraction of |u| < .1, `found` that of u >= 1, `output` the median u and `angle` the median angle to
    the nearest theta* of these, in degrees. Differences are those of noise and none, seed by seed.
    """

    name = "E4.5"
    title = "A teacher of two inputs"
    figure = "Fig. 6"

    def about(self, config: Config) -> str:
        """Sizes."""
        return f"batches of {config.teacher_batch}, {config.teacher_steps} steps"

    def cases(self, config: Config) -> list[Case]:
        """One a number of particles, with all seeds; of the widest one a kind and seed."""
        batch, seeds = config.teacher_batch, tuple(range(config.teacher_seeds))
        small = [
            Case(f"m{count}", 0, config.teacher_steps, Students(PLAIN, count, seeds, batch))
            for count in config.teacher_counts
        ]
        pairs = [(kind, seed) for seed in range(config.teacher_wide_seeds) for kind in KINDS]
        wide = [
            Case(
                f"m{config.teacher_wide}-{kind.name.replace(' + ', '-')}-seed{seed}",
                seed,
                config.teacher_steps,
                Students(kind, config.teacher_wide, (seed,), batch),
            )
            for kind, seed in pairs
        ]
        return [*wide, *small]

    def measured(self, config: Config, case: Case, folder: Path, report: Report) -> Iterator[Row]:
        """Errors of every student along its run, and its particles at the end."""
        students: Students = case.what
        risk, curve = students.risk.on(clean_data()), curve_of(students.count, students.kind)
        looks, rows = steps_of(config), []
        films = config.teacher_films and students.count == config.teacher_wide and case.seed == 0
        with Film.of(folder, students.kind, case.seed, films) as film:

            def look(step: int, time: float, cloud: ParticleCloud) -> None:
                film(step, cloud)
                if step % EVERY == 0:
                    report(min(step, config.teacher_steps - 1))
                if step in looks:
                    for seed, one in zip(students.seeds, apart(cloud), strict=True):
                        rows.append(Row(self.name, "error", curve, seed, float(step), clean_error(risk, one)))

            until = config.teacher_steps * students.step
            end = evolve(
                students.flow, students.start(), students.descent, until=until, observers=[look], seed=case.seed
            )
        yield from rows
        if students.count == config.teacher_wide:
            yield from self._found(students, end)

    def _found(self, students: Students, end: ParticleCloud) -> Iterator[Row]:
        """What the particles of the widest students have become."""
        for seed, cloud in zip(students.seeds, apart(end), strict=True):
            u = cloud.positions[:, -1]
            numbers = fractions(cloud) | {"angle": angle(students.risk, cloud), "output": float(u[u >= 1.0].median())}
            for quantity, value in numbers.items():
                yield Row(self.name, quantity, students.kind.name, seed, float(students.count), value)

    def claims(self, config: Config, table: Table) -> Iterator[Result]:
        """More particles find more, noise wastes fewer, and what is found points to the teacher."""
        ends = {count: table.at(self.name, "error", curve_of(count, PLAIN)) for count in config.teacher_counts}
        for name, place in (("1,000 steps", 1000.0), ("all steps", float(config.teacher_steps))):
            means, errors = zip(*(_at(curve, place) for curve in ends.values()), strict=True)
            words = f"E (f - F4)^2 falls with m after {name}, m = {', '.join(map(str, ends))}"
            yield in_order(_said(words), (), means, errors, increasing=False)
        for count, curve in ends.items():
            mean, error = _at(curve, float(config.teacher_steps))
            if count in MOST:
                yield from_above(
                    _ours(f"m = {count}: E (f - F4)^2 < {MOST[count]:g}"), (), MOST[count], mean, error=error
                )
            elif count == 4:
                yield from_below(_ours(f"m = 4: E (f - F4)^2 > {LEAST:g}, a bad minimum"), (), LEAST, mean, error=error)
        wasted = [table.at(self.name, "wasted", kind.name) for kind in (RIDGED, NOISY)]
        fewer, error = _mean(wasted[1].last - wasted[0].last)
        words = "noise on theta leaves fewer particles at |u| < .1 (difference < 0)"
        yield from_above(_said(words), (), 0.0, fewer, error=error)
        for kind in (RIDGED, NOISY):
            found = {name: _mean(table.at(self.name, name, kind.name).last) for name in ("angle", "output")}
            most = DEGREES[kind.name]
            words = f"{kind.name}: particles of u >= 1 point to a theta*, median angle < {most:g} degrees"
            yield from_above(_ours(words), (), most, found["angle"][0], error=found["angle"][1])
            words = f"{kind.name}: u of these is {OUTPUT:g}, the right hump of the histogram"
            yield as_published(_said(words), (), OUTPUT, READING, *found["output"])

    def panels(self, config: Config, table: Table) -> list[Panel]:
        """Errors against steps; theta and u of the widest students, where they were kept."""
        names = [curve_of(count, PLAIN) for count in config.teacher_counts]
        names += [curve_of(config.teacher_wide, kind) for kind in (RIDGED, NOISY)]
        lines = tuple(
            Line.of(name, colour, table.at(self.name, "error", name), "line")
            for name, colour in zip(names, MOST_COLOURS, strict=False)
        )
        errors = Panel(FILE, "Error, mean over seeds", "steps", lines, r"${\rm E}\,(f-F_4)^2$")
        return [errors, *shown_particles(FILE, config.out, (RIDGED, NOISY))]


def steps_of(config: Config) -> set[int]:
    """The steps after which errors are looked at: 1,000, the last, and others evenly on a logarithmic axis."""
    spread = np.geomspace(1.0, config.teacher_steps, LOOKS).round().astype(int).tolist()
    return {*spread, min(1000, config.teacher_steps), config.teacher_steps}


def _said(words: str) -> Statement:
    return Statement(words, SOURCE, proven=False)


def _ours(words: str) -> Statement:
    return Statement(words, "ours, beside Fig. 6", proven=False)


def _at(curve: Curve, place: float) -> tuple[float, float]:
    """The mean over seeds at the last x that is no larger, and its standard error."""
    here = int(np.argmax(np.where(curve.x <= place, curve.x, -np.inf)))
    return float(curve.mean[here]), float(curve.uncertain[here])


def _mean(values: np.ndarray) -> tuple[float, float]:
    """The mean of numbers [seeds] and its standard error."""
    one = Curve(np.zeros(1), values[None], np.full((1, len(values)), np.nan), tuple(range(len(values))))
    return float(one.mean[0]), float(one.uncertain[0])
