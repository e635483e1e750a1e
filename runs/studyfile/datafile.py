"""The data file of a study: an npz file of numbers, of which four arrays are read and nothing is unpickled."""

import errno
import math
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO

import numpy as np
import torch
from numpy.lib import format as npy

from particles import Dataset
from particles.trajectory.regular import NotAFile, check_regular
from runs.memory import total_memory
from runs.printable import printable
from runs.refusal import Refusal

#: The arrays that are read; any other may stand beside them.
TRAINING, TEST = ("inputs", "targets"), ("test_inputs", "test_targets")
ADVICE = "save one with numpy.savez('data.npz', inputs=..., targets=...)"

#: How files of other kinds begin.
OTHERS = {
    b"\x93NUMPY": "a single NumPy array (npy)",
    b"\x89HDF": "an HDF5 file",
    b"\x89PNG": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"MATLAB": "a MATLAB file",
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "a pickle, which is never loaded"),
    b"PK": "cut or damaged",
}
#: What reading a damaged archive may raise.
DAMAGE = (EOFError, LookupError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)

#: Copies of an array that are held at once while it is read.
COPIES = 3


def read_data(path: Path) -> tuple[Dataset, Dataset | None]:
    """Training data of a file, and test data where there are any.

    inputs [data, inputs] and targets [data] or [data, outputs], and the same for test_inputs and test_targets, are real
    numbers; integers and truth values become float64. Raises Refusal, with one sentence that names the file, for
    whatever is not such a file; nothing but a regular file is opened.
    """
    _check_regular(path)
    arrays = _arrays(path)
    train = _dataset(path, arrays, TRAINING)
    if TEST[0] not in arrays:
        return train, None
    test = _dataset(path, arrays, TEST)
    for name, wanted, found in zip(TEST, (train.inputs, train.targets), (test.inputs, test.targets), strict=True):
        if wanted.shape[1] != found.shape[1]:
            said = f"{found.shape[1]} columns in {name}, but {wanted.shape[1]} in {name.removeprefix('test_')}"
            raise Refusal(f"The data file {path} has {said}: give both the same.")
    return train, test


def _check_regular(path: Path) -> None:
    """Raise Refusal where there is no file; a pipe or a device is not opened, which could wait for ever."""
    try:
        check_regular(path)
    except NotAFile as error:
        raise Refusal(f"The data file {path} is {error.strerror}, but an npz file is needed: {ADVICE}.") from error
    except OSError as error:
        raise Refusal(f"The data file {path} cannot be read ({error.strerror}): check its name.") from error


def _arrays(path: Path) -> dict[str, torch.Tensor]:
    """Those of the four arrays that are there, by name."""
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                raise Refusal(f"The data file {path} is {_kind(file.read(4096))}, but an npz file is needed: {ADVICE}.")
            with zipfile.ZipFile(file) as archive:
                there = {name.removesuffix(".npy"): archive.getinfo(name) for name in archive.namelist()}
                _check_names(path, there)
                return {name: _member(path, archive, there[name], name) for name in (*TRAINING, *TEST) if name in there}
    except Refusal:
        raise
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # a cut archive has places below 0
            raise Refusal(f"The data file {path} cannot be read ({error.strerror}): check its rights.") from error
        raise Refusal(f"The data file {path} is damaged or cut: copy it again, or {ADVICE}.") from error


def _kind(start: bytes) -> str:
    """What a file that is no archive is, by its beginning."""
    if not start:
        return "empty"
    known = next((kind for magic, kind in OTHERS.items() if start.startswith(magic)), None)
    if known is None:
        return "of an unknown kind" if b"\0" in start else "a text, a CSV table perhaps"
    return known


def _check_names(path: Path, there: Collection[str]) -> None:
    """Raise Refusal where an array is missing that is needed, or that the one beside it needs."""
    needed = [*TRAINING, *(TEST if any(name in there for name in TEST) else ())]
    missing = [name for name in needed if name not in there]
    if missing:
        held = f"it has {printable(', '.join(sorted(there)[:8]))}" if there else "it holds nothing"
        raise Refusal(f"The data file {path} has no {' and no '.join(missing)} ({held}): add them with numpy.savez.")


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> torch.Tensor:
    """An array of the archive, once its header says numbers that are all there and fit into memory."""
    with archive.open(info) as file:
        shape, fortran, dtype = _header(file)
        _check_numbers(path, name, dtype)
        size = math.prod(shape) * dtype.itemsize
        if size != info.file_size - file.tell():
            raise ValueError("The header promises more or less than there is.")
        if COPIES * size > total_memory():
            raise Refusal(f"The array {name} of {path} takes {size / 1e9:.3g} GB, more than fit: give fewer rows.")
        values = np.frombuffer(file.read(), dtype=dtype).reshape(shape, order="F" if fortran else "C")
    kept = dtype.kind == "f" and dtype.itemsize in (4, 8)
    return torch.from_numpy(values.astype(f"f{dtype.itemsize}" if kept else "f8", order="C"))


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order of storage and dtype of an array in the npy format; raises ValueError for what is none."""
    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
    shape, fortran, dtype = read(file)
    return shape, fortran, dtype


def _check_numbers(path: Path, name: str, dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise Refusal(
            f"The array {name} of {path} holds Python objects, which are never loaded since that runs what is in them: "
            "save numbers, by .astype(float)."
        )
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise Refusal(
            f"The array {name} of {path} is {dtype}, but real numbers are needed: save them by .astype(float)."
        )


def _dataset(path: Path, arrays: Mapping[str, torch.Tensor], names: tuple[str, str]) -> Dataset:
    """The data of two arrays, once they have the shapes of data and every number is finite."""
    inputs, targets = (arrays[name] for name in names)
    targets = targets[:, None] if targets.ndim == 1 else targets
    for name, values, meant in zip(names, (inputs, targets), ("[data, inputs]", "[data, outputs]"), strict=True):
        shape = list(arrays[name].shape)
        if values.ndim != 2:
            raise Refusal(f"The array {name} of {path} has shape {shape}, but {meant} is needed: reshape it.")
        if values.numel() == 0:
            raise Refusal(f"The array {name} of {path} has shape {shape}, without a number: give one row or more.")
    if len(inputs) != len(targets):
        said = f"{len(inputs)} rows in {names[0]} but {len(targets)} in {names[1]}"
        raise Refusal(f"The data file {path} has {said}: give as many of both.")
    for name, values in zip(names, (inputs, targets), strict=True):
        broken = ~torch.isfinite(values)
        if bool(broken.any()):
            row = int(broken.any(dim=1).nonzero()[0])
            said = f"{int(broken.sum())} values that are not finite (NaN or infinite), the first in row {row}"
            raise Refusal(f"The array {name} of {path} holds {said}: remove or fill them first.")
    if not bool(torch.isfinite(targets.to(inputs)).all()):
        raise Refusal(
            f"The array {names[1]} of {path} is too large for the float32 of {names[0]}: save both as float64."
        )
    return Dataset(inputs, targets)
