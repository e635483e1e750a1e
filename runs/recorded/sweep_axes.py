"""The axes of a sweep: the parameters over which a set of runs varies, and the place of each run on their grid."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod

import numpy as np
import numpy.typing as npt

from runs.recorded.flat_parameters import Scalar, array, ordered

#: Largest number of axes.
LARGEST_GRID = 6

Array = npt.NDArray[np.generic]
#: For each run the number of a parameter's value among its distinct values in order.
Numbers = Sequence[int]


@dataclass(frozen=True, eq=False)
class Axes:
    """The axes of a sweep: values [size] by the name of each axis, and the place of each run.

    `companions` are all other parameters that vary, by name: the fewest axes that determine the parameter, and its
    values on these axes [*sizes].
    """

    values: Mapping[str, Array]
    places: tuple[tuple[int, ...], ...]
    companions: Mapping[str, tuple[tuple[str, ...], Array]]

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values on each axis."""
        return tuple(len(values) for values in self.values.values())


@dataclass(frozen=True)
class Varied:
    """The parameters that a study says it varies: dotted names in its order, and whether in every combination."""

    names: tuple[str, ...] = ()
    product: bool = False


def swept(runs: Sequence[Mapping[str, Scalar]], taken: Sequence[str] = (), varied: Varied | None = None) -> Axes:
    """The axes of a sweep, found from its runs: a smallest grid on which every run has a place of its own.

    Parameters with one value in all runs give no axis. Parameters that always change together share an axis, which is
    named by the first of them, numbers before text. So a product of two lists gives two axes, while lists that are
    zipped or drawn at random give one. If no parameters tell the runs apart, the axis is `run`, counted from 0. Every
    other parameter that varies is a companion of the axes that determine it. An axis has the last part of the
    parameter's dotted name, or the whole name if that part is not unique or is among the names `taken`.

    The parameters that a study says it has `varied` come first. If it varies them in every combination, they are the
    axes, even if some runs are missing, and their names do not depend on other parameters.
    """
    said = Varied() if varied is None else varied
    names = list(dict.fromkeys(name for run in runs for name in run))
    columns = {name: [run.get(name) for run in runs] for name in names}
    numbered = {name: _numbered(column) for name, column in columns.items()}
    varying = {name: numbered[name] for name in names if max(numbered[name]) and not _repeats(name, columns)}
    shown = _short(list(varying), taken, said.names)
    texts = {name for name in varying if array(columns[name]).dtype.kind == "U"}
    chosen = _grid_said(varying, said, texts) or _smallest_grid(varying, said, texts, len(runs))
    if chosen is None:
        alongside = {shown[name]: (("run",), array(columns[name])) for name in varying}
        return Axes({"run": np.arange(len(runs))}, tuple((number,) for number in range(len(runs))), alongside)
    values = {shown[name]: _along([name], columns[name], varying) for name in chosen}
    companions = {
        shown[name]: (tuple(shown[axis] for axis in along), _along(along, columns[name], varying))
        for name, along in _deciding(varying, chosen)
    }
    places = zip(*(varying[name] for name in chosen), strict=True) if chosen else ((),) * len(runs)
    return Axes(values, tuple(places), companions)


def _repeats(name: str, columns: Mapping[str, Sequence[Scalar]]) -> bool:
    """Whether a parameter of a study's configuration repeats a parameter outside of it, as the seed does."""
    table, _, last = name.partition(".")
    return table == "config" and columns.get(last) == columns[name]


def _numbered(column: Sequence[Scalar]) -> list[int]:
    """The number of each value among the distinct values in order."""
    keys = [ordered(value) for value in column]
    order = {key: number for number, key in enumerate(sorted(set(keys)))}
    return [order[key] for key in keys]


def _partition(numbers: Sequence[object]) -> tuple[int, ...]:
    """The number of the first run with the same value, for each run; equal for two columns that change together."""
    first: dict[object, int] = {}
    return tuple(first.setdefault(number, run) for run, number in enumerate(numbers))


def _grid_said(varying: Mapping[str, Numbers], varied: Varied, texts: set[str]) -> list[str] | None:
    """One parameter for each key that a study varies in every combination; None where they do not form a grid."""
    chosen = []
    for key in (*varied.names, "seed") if varied.product else ():
        deeper = [other for other in varied.names if other.startswith(f"{key}.")]
        own = [name for name in varying if f"{name}.".startswith(f"{key}.") and name not in deeper]
        together = _partition(list(zip(*(varying[name] for name in own), strict=True)))
        leads = [name for name in sorted(own, key=texts.__contains__) if _partition(varying[name]) == together]
        if own and not leads:
            return None
        chosen += leads[:1]
    places = list(zip(*(varying[name] for name in chosen), strict=True))
    return chosen if len(set(places)) == len(places) else None


def _smallest_grid(varying: Mapping[str, Numbers], varied: Varied, texts: set[str], count: int) -> list[str] | None:
    """The parameters that together tell all runs apart on the smallest grid; of equal grids the one with most axes.

    Of parameters that change together only one is used, first those said to be varied, then numbers before text. None
    where no grid exists.
    """
    rank = {name: number for number, name in enumerate(varied.names)}
    leads: dict[tuple[int, ...], str] = {}
    for name in sorted(varying, key=lambda name: (rank.get(name, len(rank)), name in texts)):
        leads.setdefault(_partition(varying[name]), name)
    names = [leads[partition] for partition in dict.fromkeys(map(_partition, varying.values()))]
    best: list[str] | None = [] if count == 1 else None
    least = (1.0 if count == 1 else float("inf"), 0)
    for size in range(1, min(LARGEST_GRID, len(names)) + 1):
        for some in combinations(names, size):
            cost = (float(prod(max(varying[name]) + 1 for name in some)), -size)
            if cost < least and len(set(zip(*(varying[name] for name in some), strict=True))) == count:
                best = list(some)
                least = cost
    return best


def _deciding(varying: Mapping[str, Numbers], axes: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The parameters that are not axes, each with the fewest axes that determine its value."""
    found = []
    for name in varying.keys() - set(axes):
        sizes = range(1, len(axes) + 1)
        along = (some for size in sizes for some in combinations(axes, size) if _decides(some, name, varying))
        found.append((name, next(along)))
    return sorted(found, key=lambda pair: list(varying).index(pair[0]))


def _decides(axes: Sequence[str], name: str, varying: Mapping[str, Numbers]) -> bool:
    held: dict[tuple[int, ...], int] = {}
    places = zip(*(varying[axis] for axis in axes), strict=True)
    return all(held.setdefault(place, number) == number for place, number in zip(places, varying[name], strict=True))


def _along(axes: Sequence[str], column: Sequence[Scalar], varying: Mapping[str, Numbers]) -> Array:
    """The values of a parameter on the grid of some axes [*sizes], with None for cells without a run."""
    held = dict(zip(zip(*(varying[axis] for axis in axes), strict=True), column, strict=True))
    sizes = [max(varying[axis]) + 1 for axis in axes]
    return array([held.get(place) for place in product(*map(range, sizes))]).reshape(sizes)


def _short(names: Sequence[str], taken: Sequence[str], first: Sequence[str]) -> dict[str, str]:
    """The last part of each name if it is unique and not among the names `taken`; otherwise the whole name.

    The names in `first` and the seed get their short names before the others.
    """
    shown: dict[str, str] = {}
    leading = [*dict.fromkeys((*first, "seed"))] if first else []
    for some in (leading, [name for name in names if name not in leading]):
        last = {name: name.rsplit(".", 1)[-1] for name in some}
        uses = Counter([*last.values(), *shown.values(), *taken])
        free = {name: part if uses[part] == 1 else name for name, part in last.items()}
        shown |= {name: f"parameters.{part}" if part in taken else part for name, part in free.items()}
    return shown
