"""A trace as a labelled dataset of xarray and as a table of pandas, which are imported when one is asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from particles.trajectory.content.labels import STEP, TIME, without_unit
from particles.trajectory.pictures import entry_name

if TYPE_CHECKING:
    import pandas
    import xarray

#: Names of what is there beside the observables.
OWN_NAMES = ("time", "step")
Values = Mapping[str, np.ndarray]


def dataset(
    times: np.ndarray, steps: np.ndarray, values: Values, words: Mapping[str, Mapping[str, str]]
) -> "xarray.Dataset":
    """Values [times, ...] by name as a dataset with the words of trajectory files.

    Raises ImportError where xarray is missing, ValueError for an observable that has the name of something else.
    """
    try:
        import xarray
    except ImportError as error:
        raise ImportError(_missing("xarray", "labelled datasets")) from error
    variables: dict[str, Any] = {}
    for name, array in values.items():
        variables[name] = (("time", *inner_axes(name, array)), array, without_unit(words[name]))
    taken = [*OWN_NAMES, *values, *(axis for name, array in values.items() for axis in inner_axes(name, array))]
    _refuse_twice(taken)
    coordinates = {"time": ("time", times, without_unit(TIME)), "step": ("time", steps, without_unit(STEP))}
    return xarray.Dataset(variables, coordinates)


def frame(times: np.ndarray, steps: np.ndarray, values: Values) -> "pandas.DataFrame":
    """Values [times, ...] by name as a table: a row for each time, a column for each number, such as gram[0,1].

    Raises ImportError where pandas is missing, ValueError for an observable that has the name of something else.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError(_missing("pandas", "tables")) from error
    _refuse_twice([*OWN_NAMES, *values])
    columns: dict[str, np.ndarray] = {"step": steps, "time": times}
    for name, array in values.items():
        for entry in np.ndindex(array.shape[1:]):
            columns[entry_name(name, entry)] = array[(slice(None), *entry)]
    return pandas.DataFrame(columns)


def inner_axes(name: str, array: np.ndarray) -> tuple[str, ...]:
    """The names of the axes of an observable beside the time."""
    return tuple(f"{name}_component{axis or ''}" for axis in range(array.ndim - 1))


def _missing(library: str, made: str) -> str:
    return (
        f"{library} is not installed, but {made} are made of it; install it with pip install {library}, or with the "
        "extra xarray of meanfield-particles."
    )


def _refuse_twice(names: list[str]) -> None:
    twice = next((name for number, name in enumerate(names) if name in names[:number]), None)
    if twice is not None:
        raise ValueError(
            f"An observable has, or needs, the name {twice!r} of something else in the table; record it under another."
        )
