"""What experiments state beside what was measured: claims.csv, read and written, and its table for the terminal."""

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from limits.theorems import Assumption, Result, Verdict
from limits.theorems.base import ROUNDING
from runs.study.statements import Shown, fitted
from runs.system.files import opened_text, replacing
from runs.system.printable import printable
from runs.system.refusal import Refusal

CLAIMS = "claims.csv"
#: `bound` is the stated value of a statement that has no bound; the assumptions are JSON, each with whether it holds.
COLUMNS = (
    *("experiment", "statement", "source", "proven", "bound", "measured", "error", "verdict", "margin"),
    "assumptions",
)
#: Columns of numbers, which are empty where there is none.
NUMBERS = ("bound", "measured", "error", "margin")
#: How the three numbers of a claim are called where they are shown.
NAMES = ("stated", "measured", "margin")
#: How each verdict is shown.
COLOURS = {
    Verdict.HOLDS: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.UNDECIDED: "cyan",
    Verdict.VACUOUS: "yellow",
    Verdict.ASSUMPTION_FAILS: "dim",
}


@dataclass(frozen=True)
class Claim:
    """What an experiment found of a statement."""

    experiment: str
    result: Result


def write_claims(path: Path, claims: Iterable[Claim]) -> None:
    """Write a claims.csv, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for claim in claims:
        result = claim.result
        row = {"experiment": claim.experiment} | {name: getattr(result, name) for name in COLUMNS[1:-1]}
        row |= {name: "" if math.isnan(row[name]) else row[name] for name in NUMBERS}
        assumptions = [[each.text, each.holds] for each in result.assumptions]
        writer.writerow(row | {"assumptions": json.dumps(assumptions, ensure_ascii=False)})
    with replacing(path) as unfinished:
        unfinished.write_text(text.getvalue(), encoding="utf-8")


def read_claims(path: Path) -> tuple[Claim, ...]:
    """The claims of a file. Raises Refusal for one that cannot be read, has other columns, or is damaged."""
    try:
        with opened_text(path) as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise Refusal(f"{path} has no columns {', '.join(COLUMNS)}: name the folder of a study's results.")
            return tuple(map(_claim, reader))
    except OSError as error:
        raise Refusal(f"{path} cannot be read ({error.strerror}): name the folder of a study's results.") from error
    except (csv.Error, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(f"{path} is damaged at line {reader.line_num}: run the study again, which writes it.") from error


def claims_in(folder: Path) -> tuple[Claim, ...]:
    """The claims of a folder's claims.csv or, where it has none, of all below, with their folders before experiments.

    Nothing is looked for below a folder that has one. Raises Refusal where there is none, or one cannot be read.
    """
    if not folder.is_dir():
        raise Refusal(f"{folder} is no folder: name the folder of a study's results.")
    found: list[Claim] = []
    files = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        if CLAIMS in names:
            folders.clear()
            files += 1
            below = Path(place).relative_to(folder).parts
            for claim in read_claims(Path(place) / CLAIMS):
                found.append(replace(claim, experiment=" ".join(("/".join(below), claim.experiment)).lstrip()))
    if not files:
        raise Refusal(f"There is no {CLAIMS} in {folder} nor below: name the folder of a study's results.")
    return tuple(found)


def is_violated(claims: Iterable[Claim]) -> bool:
    """Whether a proven theorem is; what is empirical may be violated, which is a finding."""
    return any(claim.result.proven and claim.result.verdict is Verdict.VIOLATED for claim in claims)


def claims_table(claims: Sequence[Claim]) -> Table:
    """One row per claim: experiment, statement and source, what is stated, what was measured, margin and verdict."""
    verdicts = [claim.result.verdict for claim in claims]
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in Verdict if verdict in verdicts]
    caption = f"{len(claims)} claim{'s' * (len(claims) != 1)}: {', '.join(counts)}" if claims else "nothing is stated"
    shown = Table(box=SIMPLE_HEAD, caption=caption, caption_justify="left")
    shown.add_column("experiment", overflow="fold")
    shown.add_column("statement", overflow="fold")
    for name in NAMES:
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("verdict", overflow="fold")
    for row in map(_shown, claims):
        experiment, *statement = row.texts
        shown.add_row(experiment, "\n".join(statement), *row.numbers, row.verdict)
    return shown


def fitted_claims(claims: Sequence[Claim], width: int) -> RenderableType:
    """The table of claims, or a block for each where lines of `width` letters are too short for it."""
    return fitted(claims_table(claims), list(map(_shown, claims)), NAMES, width)


def _shown(claim: Claim) -> Shown:
    kind = "" if claim.result.proven else " (empirical)"
    texts = (claim.experiment, claim.result.statement, f"{claim.result.source}{kind}")
    stated, measured, margin, verdict = cells_of(claim.result)
    return Shown(tuple(map(_plain, texts)), (stated, measured, margin), verdict)


def cells_of(result: Result) -> tuple[str, str, str, str]:
    """What is stated, what was measured with its standard error, the margin, and the verdict with its reason."""
    error = "" if math.isnan(result.error) else f" ± {result.error:.2g}"
    why = f": {'; '.join(result.failing)}" if result.failing else ""
    verdict = f"[{COLOURS[result.verdict]}]{result.verdict}[/]{_plain(why)}"
    bound = 0.0 if abs(result.bound) < ROUNDING * result.error else result.bound
    return number(bound), number(result.measured) + error, number(result.margin), verdict


def number(value: float) -> str:
    """A number in three digits, a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.3g}"


def _plain(text: str) -> str:
    """A text that steers neither the terminal nor the table."""
    return escape("\n".join(map(printable, text.splitlines())))


def _claim(row: dict[str, str]) -> Claim:
    """The claim of a row; raises TypeError or ValueError for one that is damaged."""
    if None in row or row["proven"] not in ("True", "False"):
        raise ValueError("other cells than those of a claim")
    numbers = {name: float(row[name]) if row[name] != "" else math.nan for name in NUMBERS}
    result = Result(
        statement=row["statement"],
        source=row["source"],
        assumptions=tuple(Assumption(str(text), bool(holds)) for text, holds in json.loads(row["assumptions"])),
        verdict=Verdict(row["verdict"]),
        proven=row["proven"] == "True",
        **numbers,
    )
    return Claim(row["experiment"], result)
