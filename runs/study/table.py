"""Rows of numbers, measured and predicted: one tidy table for every study, and the curves in it."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy

from limits.chaos import Slope
from runs.system.files import opened_text, replacing
from runs.system.refusal import Refusal

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One number: of which experiment, quantity and curve, for which seed, at which x, with its standard error.

    seed: None where the number is predicted. error: NaN where there is none.
    """

    experiment: str
    quantity: str
    curve: str
    seed: int | None
    x: float
    value: float
    error: float = math.nan


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, eq=False)
class Curve:
    """The numbers of one curve: places [x], values and standard errors [x, seeds]; NaN where a seed has no number."""

    x: Array
    values: Array
    errors: Array
    seeds: tuple[int | None, ...]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> "Curve":
        """The curve of these rows; places and seeds in the order in which they come."""
        places = {x: number for number, x in enumerate(dict.fromkeys(row.x for row in rows))}
        seeds = {seed: number for number, seed in enumerate(dict.fromkeys(row.seed for row in rows))}
        values, errors = np.full((2, len(places), len(seeds)), math.nan)
        for row in rows:
            where = places[row.x], seeds[row.seed]
            values[where], errors[where] = row.value, row.error
        return cls(np.array(list(places), dtype=np.float64), values, errors, tuple(seeds))

    @property
    def mean(self) -> Array:
        """Means over seeds [x]."""
        return np.asarray(np.nanmean(self.values, axis=1)) if self.values.size else self.x

    @property
    def last(self) -> Array:
        """The values at the last place [seeds]."""
        return np.asarray(self.values[-1]) if self.values.size else self.x

    @property
    def uncertain(self) -> Array:
        """Standard errors of the means [x], those of the rows where there is one seed; NaN where none is known.

        From few seeds they are so much larger that two of them reach to the end of Student's interval of 95 %.
        """
        count = self.values.shape[1]
        if count < 2:
            return np.asarray(self.errors.reshape(-1))
        return np.asarray(student_reach(count) * self.values.std(axis=1, ddof=1) / math.sqrt(count))

    @property
    def slope(self) -> Slope:
        """Of log value against log x over all seeds."""
        return log_slope(self.x, self.values)


def student_reach(count: int, together: int = 1) -> float:
    """Half of the standard errors of a mean of `count` numbers that reach to the end of Student's interval of 95 %.

    The interval is that of `together` means at once (Bonferroni).
    """
    return float(scipy.special.stdtrit(count - 1, 1.0 - 0.025 / together)) / 2.0


def log_slope(places: Sequence[float] | Array, values: Array) -> Slope:
    """Slope of log values [places, repeats] against log places by least squares, with Student's interval of 95 %.

    The ends are NaN where nothing is left over.
    """
    across = np.log(np.repeat(np.asarray(places, dtype=np.float64), values.shape[1]))
    fit = scipy.stats.linregress(across, np.log(values.flatten()))
    half = float(scipy.stats.t.ppf(0.975, len(across) - 2) * fit.stderr)
    return Slope(float(fit.slope), float(fit.slope) - half, float(fit.slope) + half)


@dataclass(frozen=True)
class Table:
    """Rows of a study, the sentences of the cases that failed, and where the files are."""

    rows: tuple[Row, ...] = ()
    failures: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def at(self, experiment: str, quantity: str, curve: str, *, predicted: bool = False) -> Curve:
        """The measured numbers of a curve, or the predicted ones; an empty curve where there are none."""
        wanted = (experiment, quantity, curve, predicted)
        return Curve.of([r for r in self.rows if (r.experiment, r.quantity, r.curve, r.seed is None) == wanted])

    def of(self, experiment: str) -> "Table":
        """The rows of one experiment."""
        return Table(tuple(row for row in self.rows if row.experiment == experiment))

    @classmethod
    def merged(cls, tables: Iterable["Table"]) -> "Table":
        """All rows, one table after the other."""
        return cls(tuple(row for table in tables for row in table.rows))

    def write(self, path: Path) -> None:
        """Write the rows as a CSV file, whole or not at all; no seed and no error are empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows:
            *cells, error = astuple(row)
            writer.writerow([*cells, "" if math.isnan(error) else error])
        with replacing(path) as unfinished:
            unfinished.write_text(text.getvalue(), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Table":
        """The rows of a file. Raises Refusal for one of another layout, or that is damaged."""
        with opened_text(path) as file:
            reader = csv.reader(file)
            head = next(reader, [])
            if tuple(head) != COLUMNS:
                raise Refusal(
                    f"{path} has the columns {', '.join(head) or 'of no table'}, but those of a study's table are "
                    f"{', '.join(COLUMNS)}: name another folder, or remove the file."
                )
            try:
                return cls(tuple(_row(cells) for cells in reader))
            except (ValueError, csv.Error) as error:
                raise Refusal(f"{path} is damaged at line {reader.line_num} ({error}): remove the file.") from error


def _row(cells: list[str]) -> Row:
    experiment, quantity, curve, seed, x, value, error = cells
    return Row(
        experiment,
        quantity,
        curve,
        int(seed) if seed else None,
        float(x),
        float(value),
        float(error) if error else math.nan,
    )
