"""Numbers and class labels of other libraries as tensors: arrays of NumPy, frames and columns as of pandas, lists."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from particles.arguments.advice import shown
from particles.shapes import AnyFloat, Outputs

#: What a class may be called.
Label = str | int | float | bool
#: Labels with more classes than these, and than a quarter of the data, are numbers given as integers by mistake.
MANY_CLASSES = 20
#: Kinds of NumPy dtypes that are real numbers, and those of which one column is class labels.
NUMBERS, LABELS = "biuf", "biuU"
NEEDED = "a tensor, a NumPy array, a frame or a list of real numbers is needed"


def array_of(values: object, what: str) -> np.ndarray | Tensor:
    """The values as a tensor without history or as an array of plain numbers or text.

    Whatever has `to_numpy`, as frames and columns of pandas and polars, gives that; masked and missing entries become
    NaN. `what` names the values in sentences. Raises TypeError or ValueError for what is neither numbers nor text.
    """
    if isinstance(values, Tensor):
        return values.detach()
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, np.ndarray):
        array = values
    elif hasattr(values, "to_numpy") and not isinstance(values, type):
        array = np.asarray(values.to_numpy())
    elif isinstance(values, list | tuple):
        array = _of_list(values, what)
    else:
        raise TypeError(f"{what} are {shown(values)}, but {NEEDED}; give one.")
    return _plain(array, values, what) if array.dtype.hasobject else array


def numbers(values: np.ndarray | Tensor, what: str) -> AnyFloat:
    """Real numbers as a tensor: float32 as it is, every other kind of them (integers, truth values) as float64."""
    if isinstance(values, Tensor):
        if values.is_complex():
            raise TypeError(f"{what} are {values.dtype}, but real numbers are needed; give their real parts.")
        return values if values.dtype in (torch.float32, torch.float64) else values.double()
    if values.dtype.kind not in NUMBERS:
        raise TypeError(
            f"{what} are a NumPy array {list(values.shape)} of {values.dtype}, but real numbers are needed; "
            "turn texts, dates and complex numbers into real ones first."
        )
    single = values.dtype.kind == "f" and values.dtype.itemsize == 4
    return torch.from_numpy(np.array(values, dtype=np.float32 if single else np.float64, order="C"))


def are_labels(values: np.ndarray | Tensor) -> bool:
    """Whether this is one column of integers, truth values or text, which name classes."""
    if values.ndim == 0 or values.ndim > 2 or values.ndim == 2 and values.shape[1] != 1:
        return False
    if isinstance(values, Tensor):
        return not (values.is_floating_point() or values.is_complex())
    return values.dtype.kind in LABELS


def one_hot(values: np.ndarray | Tensor, classes: tuple[Label, ...] | None) -> tuple[Outputs, tuple[Label, ...]]:
    """Targets [data, classes] with a one where the label is the class, and the names of the classes.

    These are all labels in rising order unless given. Raises ValueError for labels beyond the given classes, for
    fewer than two classes, and where nearly every datum has a class of its own.
    """
    labels = [*(values.cpu().numpy() if isinstance(values, Tensor) else values).reshape(-1).tolist()]
    names = sorted(set(labels)) if classes is None else classes
    if classes is None and len(names) > max(MANY_CLASSES, len(labels) / 4):
        raise ValueError(
            f"Targets are integers or text, which name classes, but {len(labels)} data have {len(names)} different "
            "ones; give numbers as floats, or name all classes with classes=[...]."
        )
    places = {name: place for place, name in enumerate(names)}
    foreign = next((label for label in labels if label not in places), None)
    if foreign is not None:
        raise ValueError(f"A target is {foreign!r}, but the classes are {_listed(names)}; name the class of every one.")
    if len(places) < 2 or len(places) < len(names):
        raise ValueError(f"The classes are {_listed(names)}, but two or more different ones are needed; name them all.")
    hot = torch.eye(len(names), dtype=torch.float64)[
        torch.tensor([places[label] for label in labels], dtype=torch.int64)
    ]
    return hot, tuple(names)


def class_names(values: object) -> tuple[Label, ...]:
    """The names of classes in their order, given as a list or as an array. Raises TypeError for what names nothing."""
    entries = [*values] if isinstance(values, list | tuple) else array_of(values, "Classes").reshape(-1).tolist()
    names = [entry.item() if isinstance(entry, np.generic) else entry for entry in entries]
    wrong = next((name for name in names if not isinstance(name, Label)), None)
    if wrong is not None:
        raise TypeError(f"Classes are named {shown(wrong)} among others, but texts or numbers are needed; give a list.")
    return tuple(names)


def column_names(values: object) -> tuple[str, ...] | None:
    """The names of the columns of a frame or of one column, None for what has none."""
    columns = getattr(values, "columns", None) if hasattr(values, "to_numpy") else None
    if columns is not None:
        return tuple(map(str, columns))
    name = getattr(values, "name", None) if hasattr(values, "to_numpy") else None
    return None if name is None else (str(name),)


def check_aligned(inputs: object, targets: object) -> None:
    """Raise ValueError where both have an index, as frames of pandas, and these name other rows."""
    first, second = (getattr(values, "index", None) for values in (inputs, targets))
    both = hasattr(first, "equals") and hasattr(second, "equals")
    if both and not first.equals(second):  # type: ignore[union-attr]
        raise ValueError(
            "Inputs and targets have different indices, so their rows may not belong together; select both with one "
            "index, or reset_index(drop=True) on both if their order is right."
        )


def _of_list(values: list[Any] | tuple[Any, ...], what: str) -> np.ndarray:
    try:
        return np.asarray([value.detach().cpu() if isinstance(value, Tensor) else value for value in values])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} are a list whose entries have different lengths; give rows of one length.") from error


def _plain(array: np.ndarray, source: object, what: str) -> np.ndarray:
    """An array of Python objects as text, as whole numbers, or as float64 with NaN for what is missing."""
    entries = array.reshape(-1).tolist()
    if entries and all(isinstance(entry, str) for entry in entries):
        return array.astype(str)
    for kind in (bool, int):
        if entries and all(type(entry) is kind for entry in entries) and max(map(abs, entries)) < 2**63:
            return array.astype(kind)
    is_text = all(isinstance(entry, str) or _is_missing(entry) for entry in entries)
    is_wrong = _is_missing if is_text and any(isinstance(entry, str) for entry in entries) else _is_no_number
    wrong = next((place for place, entry in enumerate(entries) if is_wrong(entry)), None)
    if wrong is not None:
        raise _culprit(array, wrong, source, what)
    plain = [np.nan if _is_missing(entry) else float(entry) for entry in entries]
    return np.array(plain, dtype=np.float64).reshape(array.shape)


def _culprit(array: np.ndarray, place: int, source: object, what: str) -> Exception:
    """What to raise for the entry that is no number, with its row and column."""
    entry = array.reshape(-1)[place]
    names, where = column_names(source), f"row {place // max(array.shape[-1] if array.ndim > 1 else 1, 1)}"
    if array.ndim == 2:
        column = place % array.shape[1]
        where += f", column {names[column]!r}" if names and len(names) == array.shape[1] else f", column {column}"
    if _is_missing(entry):
        return ValueError(f"{what} have no value in {where}; fill it, or leave that row out.")
    return TypeError(
        f"{what} hold {shown(entry)} in {where}, but real numbers are needed; leave the column out, or turn it into "
        "numbers (pandas.get_dummies)."
    )


def _is_missing(entry: object) -> bool:
    return entry is None or type(entry).__name__ == "NAType" or isinstance(entry, float) and math.isnan(entry)


def _is_no_number(entry: object) -> bool:
    """Whether something is there that is no real number."""
    is_number = hasattr(type(entry), "__float__") and not isinstance(entry, complex | np.ndarray | str)
    return not is_number and not _is_missing(entry)


def _listed(names: Sequence[Label]) -> str:
    text = ", ".join(map(repr, names[:8]))
    return f"[{text}, ...]" if len(names) > 8 else f"[{text}]"
