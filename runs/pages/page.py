"""The page itself: parts in one HTML file, with plotly's script, our own and all numbers inside."""

import base64
import hashlib
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from limits.theorems import Verdict
from particles.trajectory.content.provenance import distribution_version, utc_now
from runs.figures.palette import SCALE
from runs.pages.formulas import marked
from runs.pages.found import parts_of
from runs.pages.part import Film, Part, Plot
from runs.pages.words import moment
from runs.study.claims import Claim, cells_of
from runs.system.files import replacing
from runs.system.refusal import Refusal

#: The page's name in a folder, and what says that a file is one of ours.
PAGE, GENERATOR = "report.html", "meanfield report"
TEMPLATE = Path(__file__).parent / "template"
#: Bytes at the beginning of a page in which its generator stands.
HEAD = 1000
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
        return tuple(
            replace(claim, experiment=f"{part.title} {claim.experiment}")
            for part in self.parts
            for claim in part.claims
        )


def write_page(paths: Path | Sequence[Path], out: Path | None = None) -> Path:
    """Write one HTML file on studies' folders, study files' folders and trajectories, and return its path.

    It holds everything it needs and asks nothing of the network. By default it is report.html in the folder, beside a
    single file NAME-report.html, and else report.html. Of the same files the same page is written, but for its date.
    Raises Refusal where there is nothing to show, a file cannot be read, or the page cannot be written; nothing but
    such a page is replaced.
    """
    given = [paths] if isinstance(paths, Path) else list(paths)
    if not given:
        raise Refusal("No folder and no file was given: name the folder of a study, or trajectories.")
    target = _target(given) if out is None else out
    _check_target(target)
    parts = parts_of(given)
    title = parts[0].title if len(parts) == 1 else _title(given)
    page = Page(title, parts, utc_now(), distribution_version())
    text = html_of(page, target.resolve().parent)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as unfinished:
            unfinished.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Refusal(f"The page {target} cannot be written ({error.strerror}): name another file.") from error
    return target


def html_of(page: Page, folder: Path) -> str:
    """The text of a page that is to lie in a folder. Texts are escaped by the template, numbers are JSON in the page."""
    plots = [plot for part in page.parts for figure in part.figures for plot in figure.plots]
    films = [film for part in page.parts for film in part.films]
    places = {id(each): place for group in (plots, films) for place, each in enumerate(group)}
    scripts = (get_plotlyjs(), (TEMPLATE / "page.js").read_text(encoding="utf-8"))

    def number(each: Plot | Film) -> int:
        return places[id(each)]

    def address(path: str) -> str:
        return quote(_beside(path, folder))

    surroundings = Environment(
        loader=FileSystemLoader(TEMPLATE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    surroundings.filters |= {"number": number, "address": address, "beside": lambda path: _beside(path, folder)}
    surroundings.filters |= {
        "marked": marked,
        "moment": moment,
        "hashes": hashes,
        "counts": counts,
        "cells": _cells,
        "rank": _rank,
    }
    surroundings.filters |= {"slug": lambda text: str(text).replace(" ", "-"), "key": _key, "short": _short}
    surroundings.filters |= {"ink": lambda colour: "currentColor" if colour == "#000000" else colour}
    return surroundings.get_template("page.html").render(
        page=page,
        generator=GENERATOR,
        style=(TEMPLATE / "page.css").read_text(encoding="utf-8"),
        scripts=scripts,
        numbers=embedded(
            {
                "plots": [{"data": list(plot.data), "layout": dict(plot.layout)} for plot in plots],
                "films": [dict(film.numbers) for film in films],
            }
        ),
        gradient=", ".join(SCALE),
    )


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


def _target(given: Sequence[Path]) -> Path:
    if len(given) > 1:
        return Path(PAGE)
    return given[0] / PAGE if given[0].is_dir() else given[0].with_name(f"{given[0].stem}-{PAGE}")


def _check_target(target: Path) -> None:
    """Raise Refusal for a file that is there and is no page."""
    if target.is_dir():
        raise Refusal(f"{target} is a folder, but a file is written: name one that ends in .html with --out.")
    try:
        with target.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return
    if f'content="{GENERATOR}"'.encode() not in head:
        raise Refusal(f"{target} is there and is no page of ours: name another file with --out, or remove it.")


def _title(given: Sequence[Path]) -> str:
    return given[0].resolve().name if len(given) == 1 else f"{given[0].name} and {len(given) - 1} more"


def _beside(path: str, folder: Path) -> str:
    """A path as seen from the folder of the page."""
    return Path(os.path.relpath(Path(path).resolve(), folder)).as_posix()


def _cells(claim: Claim) -> tuple[str, str, str]:
    return cells_of(claim.result)[:3]


def _rank(claim: Claim) -> int:
    return ORDER.index(claim.result.verdict)


def _key(value: float) -> str:
    """What a number is sorted by; nothing where there is none."""
    return repr(float(value)) if math.isfinite(value) else ""


def _short(value: float) -> str:
    return f"{value:.4g}"
