"""Reading of a CSV table as a data file: named columns, some of them targets; refusals name the wrong cell."""

import csv
import io
import math
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from runs.studyfile.data.rows import Rows, listed
from runs.system.memory import total_memory
from runs.system.printable import printable
from runs.system.refusal import Refusal

#: Possible delimiters; the one that gives the first line most columns is used.
DELIMITERS = (",", ";", "\t")
#: Bytes of memory that one byte of the file may need while it is read.
PER_BYTE = 16


def read_csv(path: Path, targets: Sequence[str], inputs: Sequence[str] | None, *, labels: bool) -> Rows:
    """The rows of a table in UTF-8 whose first line has the names of its columns; line ends may be of any kind.

    Columns are named as in the header, with units. Without `inputs` every column that is not a target is an input.
    Inputs are numbers. Targets are numbers, or text in one column; with `labels` that column may mix text and numbers.
    Raises Refusal with file, line and column for anything else.
    """
    lines = _Lines(path)
    columns = _checked_columns(lines, targets, inputs)
    inside, outside = ([lines.header.index(name) for name in names] for names in (columns, targets))
    numbers, held, places = array("d"), list[list[str]](), array("q")
    for line, cells in lines.rows():
        numbers.extend(lines.number(line, cells, column) for column in inside)
        held.append([cells[column].strip() for column in outside])
        places.append(line)
    if not places:
        raise Refusal(f"The data file {path} has a header and no data: add a line for each datum.")
    table = np.array(numbers).reshape(len(places), len(inside))
    found = _targets(lines, held, places, outside, labels)
    return Rows(f"The data file {path}", table, found, places, "line", tuple(columns), tuple(targets))


@dataclass(frozen=True, eq=False, init=False)
class _Lines:
    """The lines of a file, cut into cells: the header and the rows below it."""

    path: Path
    text: str
    delimiter: str
    header: list[str]

    def __init__(self, path: Path) -> None:
        text = _text(path)
        delimiter = max(DELIMITERS, key=lambda mark: _width(text, mark))
        _, header = next(_cut(text, delimiter, path), (0, []))
        given = {"path": path, "text": text, "delimiter": delimiter, "header": [name.strip() for name in header]}
        for name, value in given.items():
            object.__setattr__(self, name, value)
        self._check_header()

    def _check_header(self) -> None:
        names = [name for name in self.header if name]
        if not names:
            raise Refusal(f"The data file {self.path} is empty: a header with the names of the columns is needed.")
        if all(_is_number(name) for name in names):
            raise Refusal(
                f"The data file {self.path} has no header, its first line holds numbers: write the names of the "
                "columns above them."
            )
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise Refusal(f"The data file {self.path} has two columns {printable(repr(twice))}: give each its name.")

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The line number and the cells of every row below the header; empty rows are skipped."""
        every = _cut(self.text, self.delimiter, self.path)
        next(every)
        for line, cells in every:
            if len(cells) != len(self.header):
                raise Refusal(
                    f"The data file {self.path}, line {line}, has {len(cells)} cells, but the header names "
                    f"{len(self.header)} columns: give one cell for each."
                )
            yield line, cells

    def number(self, line: int, cells: Sequence[str], column: int) -> float:
        """The number in a cell; raises Refusal where there is no finite number."""
        cell = cells[column]
        try:
            found = float(cell)
        except ValueError:
            found = math.nan
        if math.isfinite(found) and "_" not in cell:
            return found
        raise self.refused(line, column, cell.strip(), "a finite number is")

    def refused(self, line: int, column: int, cell: str, needed: str) -> Refusal:
        """The Refusal for a wrong cell, with its line and column and what is needed."""
        if not cell:
            held, advice = "is empty", "fill it, or leave that line out"
        else:
            held = f"holds {printable(repr(cell[:40]))}"
            comma = re.fullmatch(r"[+-]?\d+,\d+", cell) is not None
            advice = "write a point for the comma" if comma else "mend it, or leave that line or column out"
        place = f"line {line}, column {printable(repr(self.header[column]))}"
        return Refusal(f"The data file {self.path}, {place}, {held}, but {needed} needed: {advice}.")


def _text(path: Path) -> str:
    """The text of the file without a byte order mark; raises Refusal for a file that is too large or not UTF-8."""
    if PER_BYTE * path.stat().st_size > total_memory():
        raise Refusal(f"The data file {path} has {path.stat().st_size / 1e9:.3g} GB, more than fit: give fewer rows.")
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        said = f"byte {content[error.start]:#04x} in line {line}"
        raise Refusal(f"The data file {path} is not UTF-8 text ({said}): save it as UTF-8.") from error


def _width(text: str, delimiter: str) -> int:
    """The number of cells of the first line that is not empty."""
    reader = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        return len(next(reader, []))
    except csv.Error:
        return 0


def _cut(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The line number and the cells of every line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Refusal(f"The data file {path}, line {reader.line_num}, is no CSV ({error}): mend it.") from error
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _checked_columns(lines: _Lines, targets: Sequence[str], inputs: Sequence[str] | None) -> list[str]:
    """The names of the input columns; raises Refusal for columns that do not exist or are named twice."""
    path, header = lines.path, lines.header
    if not targets:
        raise Refusal(
            f'The data file {path} is a CSV table: say which column is the target, by target = "..." in [data], of '
            f"{listed(header)}."
        )
    for name in (*targets, *(inputs or ())):
        if name not in header:
            nearest = get_close_matches(name, header, n=1, cutoff=0.4)
            hint = f"; did you mean {printable(repr(nearest[0]))}?" if nearest else "."
            raise Refusal(f"The data file {path} has no column {printable(repr(name))}: it has {listed(header)}{hint}")
    named = [name for name in header if name not in targets] if inputs is None else [*inputs]
    every = [*targets, *named]
    both = next((name for name in every if name and every.count(name) > 1), None)
    if both is not None:
        raise Refusal(f"[data] names the column {both!r} twice: a column is an input or a target, once.")
    if not named:
        raise Refusal(f"The data file {path} has no column beside the targets: inputs are needed.")
    if "" in named:
        raise Refusal(
            f"The data file {path} has no name for column {header.index('') + 1}: name it, leave it out (pandas writes "
            "its index so, unless index=False), or list the inputs in [data]."
        )
    return named


def _targets(
    lines: _Lines, held: list[list[str]], places: Sequence[int], columns: Sequence[int], labels: bool
) -> np.ndarray:
    """Targets [rows, outputs] as numbers, or as text where a single column holds labels."""
    for line, cells in zip(places, held, strict=True):
        for column, cell in zip(columns, cells, strict=True):
            if not cell:
                raise lines.refused(line, column, cell, "a target is")
    are_text = [not all(map(_is_number, cells)) for cells in held]
    if any(are_text) and len(columns) == 1 and (labels or all(are_text)):
        return np.array(held)
    several = "a finite number (classes stand in one column) is"
    needed = "a finite number as in other lines, or classes = true in [data], is" if len(columns) == 1 else several
    for line, cells in zip(places, held, strict=True):
        for column, cell in zip(columns, cells, strict=True):
            if not _is_number(cell):
                raise lines.refused(line, column, cell, needed)
    return np.array([[*map(float, cells)] for cells in held])


def _is_number(cell: str) -> bool:
    """Whether a cell is a finite number; underscores, which Python allows in numbers, are refused."""
    try:
        return math.isfinite(float(cell)) and "_" not in cell
    except ValueError:
        return False
