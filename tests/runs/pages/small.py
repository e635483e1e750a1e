"""A small page of every kind of content, with texts that would do harm if they were not escaped."""

from pathlib import Path

import numpy as np

from limits.theorems import Assumption, Result, Verdict
from particles import Trajectory
from runs.figures.palette import COLOURS
from runs.pages.curves import figure_of
from runs.pages.films import film_of
from runs.pages.html import Page, html_of
from runs.pages.part import Part, Sheet
from runs.study.claims import Claim
from runs.study.panels import Heat, Line, Panel
from tests.runs.inspect.recorded import recorded

#: A name that is a script where it is not escaped, and ends scripts, attributes and comments.
HOSTILE = "</script><script>window.harmed = true</script><img src=x onerror='window.harmed=1'>\"'<!-- ${x} {{x}} %{x}"


def claim(experiment: str, margin: float, verdict: Verdict, statement: str = "a statement") -> Claim:
    """What an experiment found."""
    failing = (Assumption("an assumption", False),) if verdict is Verdict.ASSUMPTION_FAILS else ()
    return Claim(experiment, Result(statement, HOSTILE, failing, 1.0, 1.0 - margin, verdict, margin, 0.1))


CLAIMS = (
    claim("E1", 0.5, Verdict.HOLDS),
    claim("E10", -2.0, Verdict.VIOLATED, HOSTILE),
    claim("E2", 10.0, Verdict.HOLDS),
    claim("E3", float("nan"), Verdict.ASSUMPTION_FAILS),
    claim("E4", float("inf"), Verdict.HOLDS),
)


def panel(label: str = HOSTILE) -> Panel:
    """Two curves of two seeds each."""
    x, values = np.array([1.0, 10.0, 100.0]), np.array([[1.0, 2.0], [3.0, 4.0], [20.0, 30.0]])
    lines = Line(label, COLOURS[0], x, values, "band"), Line("other", "#000000", x, 2.0 * values, "dots")
    return Panel("x.png", f"Title {label}", "x", lines, r"$\lambda_j$")


def part(folder: Path, title: str = HOSTILE) -> Part:
    """Claims, a table, curves, a map, particles of a file in the folder, and all texts besides."""
    heat = Heat(
        file="h.png",
        title=title,
        x_label=title,
        y_label="y",
        columns=("1", title),
        rows=("3", "4"),
        values=np.array([[1.0, 2.0], [3.0, 4.0]]),
    )
    with Trajectory.open(recorded(folder / "run.h5", dim=3)) as trajectory:
        film = film_of(trajectory, title, str(folder / "run.h5"))
    assert film is not None
    return Part(
        title=title,
        kicker=title,
        about=(title,),
        settings=((title, title),),
        claims=CLAIMS,
        sheets=(Sheet(title, (title, "b"), ((title, "1"), ("x", "2")), title),),
        figures=(figure_of(title, [panel(title)], remark=title), figure_of("map", [heat])),
        films=(film,),
        films_said=title,
        provenance=((title, title),),
        commands=(title,),
        links=(str(folder / "a <b>&'\".csv"),),
    )


def written(folder: Path, *parts: Part) -> Path:
    """The page of these parts in the folder, by default of one with hostile texts."""
    page = Page(HOSTILE, parts or (part(folder),), "2026-01-01T00:00:00+00:00", "0.1.0")
    path = folder / "report.html"
    path.write_text(html_of(page, folder), encoding="utf-8")
    return path
