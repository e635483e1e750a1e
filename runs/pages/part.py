"""What a page is made of: parts, one for each study or set of files, with everything that is shown of it as data.

A link is the path of a file; the page makes an address of it, as seen from where it lies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.figures.palette import ColourScale
from runs.study.claims import Claim

#: Names and values, one a row.
Rows = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Key:
    """A curve in the legend of plots: its text as HTML, its colour, how its line is drawn, and its group of traces."""

    label: str
    colour: str
    dash: str
    group: str


@dataclass(frozen=True, eq=False)
class Plot:
    """One pair of axes: title and formula as HTML, traces and layout for plotly, and whether its axes may be log."""

    title: str
    formula: str
    spoken: str
    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    keys: tuple[Key, ...] = ()
    may_log: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, eq=False)
class Figure:
    """Plots under one title, with the picture of the same in a file beside the page, if there is one."""

    title: str
    plots: tuple[Plot, ...]
    keys: tuple[Key, ...] = ()
    spread: bool = False
    link: str = ""
    scale: ColourScale | None = None
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Film:
    """Particles over time: a title, sentences on what is left out, and the numbers that a browser decodes."""

    title: str
    remarks: tuple[str, ...]
    numbers: Mapping[str, Any]
    link: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table: a title, the heads of its columns, and its cells as text."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """What a page shows of one study, one study file or some trajectories; whatever is empty is left out."""

    title: str
    kicker: str = ""
    about: tuple[str, ...] = ()
    settings: Rows = ()
    claims: tuple[Claim, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    figures: tuple[Figure, ...] = ()
    films: tuple[Film, ...] = ()
    films_said: str = ""
    provenance: Rows = ()
    commands: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
