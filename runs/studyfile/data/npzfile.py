"""Reading of an npz file as a data file: four arrays of the archive are read, and nothing is unpickled."""

import errno
import math
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from runs.studyfile.data.rows import Rows
from runs.system.memory import total_memory
from runs.system.printable import printable
from runs.system.refusal import Refusal

#: The names of the arrays that are read; other arrays are ignored.
TRAINING, TEST = ("inputs", "targets"), ("test_inputs", "test_targets")
#: A member of every workbook of a spreadsheet program, which is an archive too.
WORKBOOK = "[Content_Types].xml"

#: Errors that reading a damaged archive may raise.
DAMAGE = (EOFError, LookupError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)

#: Number of copies of an array that are in memory while it is read.
COPIES = 3


def read_npz(path: Path) -> tuple[Rows, Rows | None]:
    """The training rows of a file, and its test rows or None.

    The arrays inputs and test_inputs [data, inputs] hold real numbers. The arrays targets and test_targets, [data] or
    [data, outputs], hold real numbers or, in one column, text. Integers and truth values become float64. Raises
    Refusal, with one sentence that names the file, for any other file.
    """
    arrays = _arrays(path)
    train = _rows(path, arrays, TRAINING)
    if TEST[0] not in arrays:
        return train, None
    return train, _rows(path, arrays, TEST)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays among the four that the archive holds, by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            there = {name.removesuffix(".npy"): archive.getinfo(name) for name in archive.namelist()}
            _check_names(path, there)
            return {name: _member(path, archive, there[name], name) for name in (*TRAINING, *TEST) if name in there}
    except Refusal:
        raise
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # of a cut archive
            raise Refusal(f"The data file {path} cannot be read ({error.strerror}): check its rights.") from error
        raise Refusal(
            f"The data file {path} is damaged or cut: copy it again, or save it anew with numpy.savez."
        ) from error


def _check_names(path: Path, there: Collection[str]) -> None:
    """Raise Refusal where inputs or targets are missing, or one of the two test arrays."""
    if WORKBOOK in there:
        raise Refusal(f"The data file {path} is a workbook of a spreadsheet program: save the sheet as CSV.")
    needed = [*TRAINING, *(TEST if any(name in there for name in TEST) else ())]
    missing = [name for name in needed if name not in there]
    if missing:
        held = f"it has {printable(', '.join(sorted(there)[:8]))}" if there else "it holds nothing"
        raise Refusal(
            f"The data file {path} has no {' and no '.join(missing)} ({held}): an npz file needs inputs and targets, "
            "and for test data test_inputs and test_targets; name them so, numpy.savez('data.npz', inputs=x, "
            "targets=y)."
        )


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> np.ndarray:
    """An array of the archive, after a check that its header is right and that it fits into memory."""
    with archive.open(info) as file:
        shape, fortran, dtype = _header(file)
        _check_numbers(path, name, dtype)
        size = math.prod(shape) * dtype.itemsize
        if size != info.file_size - file.tell():
            raise ValueError("The header promises more or less than there is.")
        if COPIES * size > total_memory():
            raise Refusal(f"The array {name} of {path} takes {size / 1e9:.3g} GB, more than fit: give fewer rows.")
        values = np.frombuffer(file.read(), dtype=dtype).reshape(shape, order="F" if fortran else "C")
    if dtype.kind == "U":
        return values.astype(f"U{dtype.itemsize // 4}")
    kept = dtype.kind == "f" and dtype.itemsize in (4, 8)
    return values.astype(f"f{dtype.itemsize}" if kept else "f8", order="C")


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order of storage and dtype of an array in the npy format; raises ValueError for another format."""
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
    shape, fortran, dtype = read(file)
    return shape, fortran, dtype


def _check_numbers(path: Path, name: str, dtype: np.dtype) -> None:
    """Raise Refusal for an array that does not hold real numbers, or text as targets."""
    if dtype.hasobject:
        raise Refusal(
            f"The array {name} of {path} holds Python objects, which are never loaded since that runs what is in them: "
            "save numbers, by .astype(float)."
        )
    if dtype.kind == "U" and name in (TRAINING[1], TEST[1]):
        return
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise Refusal(
            f"The array {name} of {path} is {dtype}, but real numbers are needed: save them by .astype(float)."
        )


def _rows(path: Path, arrays: Mapping[str, np.ndarray], names: tuple[str, str]) -> Rows:
    """The rows of two arrays, after a check of their shapes and that every number is finite."""
    inputs, targets = (arrays[name] for name in names)
    targets = targets[:, None] if targets.ndim == 1 else targets
    for name, values, meant in zip(names, (inputs, targets), ("[data, inputs]", "[data, outputs]"), strict=True):
        shape = list(arrays[name].shape)
        if values.ndim != 2:
            raise Refusal(f"The array {name} of {path} has shape {shape}, but {meant} is needed: reshape it.")
        if values.size == 0:
            raise Refusal(f"The array {name} of {path} has shape {shape}, without a number: give one row or more.")
    if len(inputs) != len(targets):
        said = f"{len(inputs)} rows in {names[0]} but {len(targets)} in {names[1]}"
        raise Refusal(f"The data file {path} has {said}: give as many of both.")
    for name, values in zip(names, (inputs, targets), strict=True):
        broken = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(values.shape, dtype=bool)
        if broken.any():
            row = int(broken.any(axis=1).argmax())
            said = f"{int(broken.sum())} values that are not finite (NaN or infinite), the first in row {row}"
            raise Refusal(f"The array {name} of {path} holds {said}: remove or fill them first.")
    if targets.dtype == np.float64 and inputs.dtype == np.float32 and abs(targets).max() > np.finfo(np.float32).max:
        raise Refusal(
            f"The array {names[1]} of {path} is too large for the float32 of {names[0]}: save both as float64."
        )
    return Rows(f"The array {names[1]} of {path}", inputs, targets, range(len(inputs)))
