"""Statements beside what was measured, for the terminal: a table where there is room, and else a block for each."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

#: Letters that are left to a statement at least where there is a table, and of a verdict where it is folded.
LEAST, VERDICT = 40, 24
#: Letters between two columns.
GAP = 2
#: Letters of a line that no terminal shows, unless the environment variable COLUMNS says how many.
UNSEEN = 120


@dataclass(frozen=True)
class Shown:
    """A statement for the terminal, in rich's markup.

    texts: lines on what it is, where it stands and what it says; numbers: what is stated, measured, and the margin.
    """

    texts: tuple[str, ...]
    numbers: tuple[str, str, str]
    verdict: str


def result_console() -> Console:
    """The console on standard output: as wide as the terminal, or, where there is none, `UNSEEN` letters."""
    console = Console()
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = UNSEEN
    return console


def fitted(table: Table, rows: Sequence[Shown], names: Sequence[str], width: int) -> RenderableType:
    """The table where its statements have room in lines of `width` letters, and else blocks below one another.

    names: of the three numbers.
    """
    widest = [max((_length(row.numbers[place]) for row in rows), default=0) for place in range(3)]
    verdict = min(VERDICT, max((_length(row.verdict) for row in rows), default=0))
    columns = len(table.columns)
    left = width - sum(map(max, widest, map(len, names))) - verdict - GAP * columns
    if left >= LEAST:
        return table
    blocks = [block for row in rows for block in _block(row, names)]
    caption = [] if table.caption is None else [Padding(table.caption, (1, 0, 0, 0), expand=False)]
    return Group(*blocks, *caption)


def _block(row: Shown, names: Sequence[str]) -> list[RenderableType]:
    """What is stated, over all of the line, and below it the numbers and the verdict, a little to the right."""
    found = [f"{name} {number}" for name, number in zip(names, row.numbers, strict=True) if number != "-"]
    numbers = Text.from_markup("   ".join([*(part.replace("\n", ", ") for part in found), row.verdict]))
    texts = [Text.from_markup(text) for text in row.texts]
    return [*texts[:1], *(Padding(text, (0, 0, 0, 2), expand=False) for text in [*texts[1:], numbers]), Text("")]


def _length(markup: str) -> int:
    return max((line.cell_len for line in Text.from_markup(markup).split()), default=0)
