"""A page as text: the template filled in, with plotly's script, our own and all numbers inside."""

import base64
import hashlib
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from plotly.offline import get_plotlyjs

from limits.theorems import Verdict
from runs.figures.palette import SCALE
from runs.pages.formulas import marked
from runs.pages.part import Film, Part, Plot
from runs.pages.words import moment
from runs.study.claims import Claim, cells_of

#: What says that a file is one of our pages.
GENERATOR = "meanfield report"
TEMPLATE = Path(__file__).parent / "template"
#: Verdicts as they are sorted, what is wrong first.
ORDER = (Verdict.VIOLATED, Verdict.UNDECIDED, Verdict.VACUOUS, Verdict.ASSUMPTION_FAILS, Verdict.HOLDS)


@dataclass(frozen=True, eq=False)
class Page:
    """A title, the parts, and when and by which version it was written."""

    title: str
    parts: tuple[Part, ...]
    written: str
    version: str

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of all parts, each experiment with the name of its part."""
        named = ((part.title, claim) for part in self.parts for claim in part.claims)
        return tuple(replace(claim, experiment=f"{title} {claim.experiment}") for title, claim in named)


def html_of(page: Page, folder: Path) -> str:
    """The text of a page that is to lie in a folder.

    Texts of runs are escaped by the template. Numbers are JSON, and only the scripts that are inside may run.
    """
    plots = [plot for part in page.parts for figure in part.figures for plot in figure.plots]
    films = [film for part in page.parts for film in part.films]
    scripts = (get_plotlyjs(), (TEMPLATE / "page.js").read_text(encoding="utf-8"))
    held = {
        "plots": [{"data": list(plot.data), "layout": dict(plot.layout)} for plot in plots],
        "films": [dict(film.numbers) for film in films],
    }
    return _template(plots, films, folder).render(
        page=page,
        generator=GENERATOR,
        style=(TEMPLATE / "page.css").read_text(encoding="utf-8"),
        scripts=scripts,
        numbers=embedded(held),
        gradient=", ".join(SCALE),
    )


def _template(plots: Sequence[Plot], films: Sequence[Film], folder: Path) -> Template:
    """The template, which escapes what is filled in, with what it asks of values."""
    places = {id(each): place for group in (plots, films) for place, each in enumerate(group)}

    def beside(path: str) -> str:
        return Path(os.path.relpath(Path(path).resolve(), folder)).as_posix()

    surroundings = Environment(
        loader=FileSystemLoader(TEMPLATE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    surroundings.filters |= {
        "number": lambda each: places[id(each)],
        "beside": beside,
        "address": lambda path: quote(beside(path)),
        "marked": marked,
        "moment": moment,
        "hashes": hashes,
        "counts": counts,
        "cells": lambda claim: cells_of(claim.result)[:3],
        "rank": lambda claim: ORDER.index(claim.result.verdict),
        "slug": lambda text: str(text).replace(" ", "-"),
        "key": lambda value: "" if math.isnan(value) else repr(float(value)).replace("inf", "Infinity"),
        "short": lambda value: f"{value:.4g}",
        "ink": lambda colour: "currentColor" if colour == "#000000" else colour,
    }
    return surroundings.get_template("page.html")


def embedded(value: object) -> str:
    """JSON that no text in it can end or comment out, for a script element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def hashes(scripts: Iterable[str]) -> str:
    """The scripts that a browser may run, by their SHA-256; it runs no other."""
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def counts(claims: Sequence[Claim]) -> list[tuple[str, int]]:
    """How often each verdict was given."""
    found = [claim.result.verdict for claim in claims]
    return [(str(verdict), found.count(verdict)) for verdict in Verdict if verdict in found]
