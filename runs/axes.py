"""Which parameters a set of runs was swept over, and where each run lies among their values."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np
import numpy.typing as npt

#: What a parameter of a file may be once nested names are joined by dots.
Scalar = None | bool | int | float | str

#: So many parameters at most span the axes.
LARGEST_GRID = 6


@dataclass(frozen=True, eq=False)
class Axes:
    """Axes of a sweep: values [size] by name of the axis, the place of each run, and the parameters that go along.

    `companions` are parameters that change with an axis and with no other: name -> (axis, values [size]).
    """

    values: Mapping[str, npt.NDArray[np.generic]]
    places: tuple[tuple[int, ...], ...]
    companions: Mapping[str, tuple[str, npt.NDArray[np.generic]]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values on each axis."""
        return tuple(len(values) for values in self.values.values())


def flat(parameters: Mapping[str, object], prefix: str = "") -> dict[str, Scalar]:
    """Nested parameters by names joined with dots; lists become JSON text."""
    found: dict[str, Scalar] = {}
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif value is None or isinstance(value, bool | int | float | str):
            found[f"{prefix}{name}"] = value
        else:
            found[f"{prefix}{name}"] = json.dumps(value)
    return found


def swept(runs: Sequence[Mapping[str, Scalar]], taken: Sequence[str] = ()) -> Axes:
    """The axes of a sweep, read off its runs: a smallest grid on which every run has a place of its own.

    Parameters that are the same in all runs span nothing; those that take their values together share an axis, named by
    the first of them, numbers before text. So a product of two lists gives two axes, the same lists zipped or drawn at
    random give one. Where parameters do not tell the runs apart the axis is `run`, counted from 0. An axis is named by
    the last part of the parameter's dotted name, by all of it where that is not enough or is among the names `taken`.
    """
    names = list(dict.fromkeys(name for run in runs for name in run))
    columns = {name: [run.get(name) for run in runs] for name in names}
    numbered = {name: _numbered(column) for name, column in columns.items()}
    varying = [name for name in names if len(set(numbered[name])) > 1 and not _repeats(name, columns)]
    shown = _short(varying, taken)
    groups: dict[tuple[int, ...], list[str]] = {}
    for name in varying:
        groups.setdefault(_partition(numbered[name]), []).append(name)
    chosen = _smallest_grid(list(groups), len(runs))
    if chosen is None:
        places = tuple((number,) for number in range(len(runs)))
        alongside = {shown[name]: ("run", _array(columns[name])) for name in varying}
        return Axes({"run": np.arange(len(runs))}, places, alongside)
    values: dict[str, npt.NDArray[np.generic]] = {}
    companions: dict[str, tuple[str, npt.NDArray[np.generic]]] = {}
    lead = []
    for group in chosen:
        first, *others = sorted(groups[group], key=lambda name: _array(columns[name]).dtype.kind == "U")
        lead.append(numbered[first])
        order = numbered[first]
        at = [order.index(number) for number in range(len(set(order)))]
        values[shown[first]] = _array([columns[first][run] for run in at])
        companions |= {shown[name]: (shown[first], _array([columns[name][run] for run in at])) for name in others}
    return Axes(values, tuple(zip(*lead, strict=True)) if lead else ((),) * len(runs), companions)


def _repeats(name: str, columns: Mapping[str, Sequence[Scalar]]) -> bool:
    """Whether a parameter says again what another one of the same last name and fewer dots says."""
    last = name.rsplit(".", 1)[-1]
    return name != last and columns.get(last) == columns[name]


def _numbered(column: Sequence[Scalar]) -> list[int]:
    """Which of its distinct values, in their order, each entry is; numbers before text, None last."""
    keys = [_key(value) for value in column]
    order = {key: number for number, key in enumerate(sorted(set(keys)))}
    return [order[key] for key in keys]


def _key(value: Scalar) -> tuple[int, float, str]:
    if value is None:
        return 2, 0.0, ""
    return (1, 0.0, value) if isinstance(value, str) else (0, float(value), "")


def _partition(numbers: Sequence[int]) -> tuple[int, ...]:
    """The same for two columns that take their values together: number of the first run with the same value."""
    return tuple(numbers.index(number) for number in numbers)


def _smallest_grid(groups: Sequence[tuple[int, ...]], count: int) -> tuple[tuple[int, ...], ...] | None:
    """Groups whose values together tell all runs apart, with the fewest cells; of equals, the one with most axes."""
    best: tuple[tuple[int, ...], ...] | None = () if count == 1 else None
    least = (1.0 if count == 1 else float("inf"), 0)
    for size in range(1, min(LARGEST_GRID, len(groups)) + 1):
        for some in combinations(groups, size):
            cost = (float(prod(len(set(group)) for group in some)), -size)
            if cost < least and len(set(zip(*some, strict=True))) == count:
                best, least = some, cost
    return best


def _short(names: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """The last part of each name where that is enough to tell it from the others and from what is taken."""
    uses = Counter(name.rsplit(".", 1)[-1] for name in names)
    last = {name: name.rsplit(".", 1)[-1] for name in names}
    return {name: part if uses[part] == 1 and part not in taken else name for name, part in last.items()}


def _array(values: Sequence[Scalar]) -> npt.NDArray[np.generic]:
    """Numbers with NaN for None, or text."""
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else str(value) for value in values])
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return np.array(values, dtype=np.int64)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
