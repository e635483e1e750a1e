"""The data sets of a study from its data file, which is an npz archive or a CSV table."""

import zipfile
from pathlib import Path

from particles import Dataset
from particles.trajectory.files.regular_file import NotAFile, check_regular
from runs.studyfile.data.csvfile import read_csv
from runs.studyfile.data.npzfile import read_npz
from runs.studyfile.data.rows import Rows
from runs.studyfile.model.datatable import DataTable
from runs.system.refusal import Refusal

ADVICE = "save a CSV table, or an npz file by numpy.savez('data.npz', inputs=..., targets=...)"
#: The first bytes of files of other kinds.
OTHERS = {
    b"\x93NUMPY": "a single NumPy array (npy)",
    b"\x89HDF": "an HDF5 file",
    b"\x89PNG": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"MATLAB": "a MATLAB file",
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "a pickle, which is never loaded"),
    **dict.fromkeys((b"\xff\xfe", b"\xfe\xff"), "text in UTF-16"),
    b"PK": "cut or damaged",
}


def read_data(table: DataTable, folder: Path) -> tuple[Dataset, Dataset | None]:
    """The training data of the file that [data] names, and test data of the same file or of `test_file`, or None.

    Raises Refusal, with one sentence that names the file, for any other file. Only regular files are opened, and
    nothing is unpickled.
    """
    path = folder / str(table.file)
    train, test = _read(path, table)
    if table.test_file is not None:
        if test is not None:
            raise Refusal(f"The data file {path} holds test data, and test_file names others: leave one of them out.")
        other = folder / table.test_file
        named = table.model_copy(update={"inputs": train.input_names and [*train.input_names]})
        test, more = _read(other, named)
        if more is not None:
            raise Refusal(f"The test file {other} holds test data beside its own: leave them out there.")
    if test is not None:
        _check_same(test, train)
    data = train.data(table.classes)
    return data, None if test is None else test.data(table.classes, data.classes)


def _read(path: Path, table: DataTable) -> tuple[Rows, Rows | None]:
    """The training rows of one file, and its test rows or None."""
    _check_regular(path)
    try:
        with path.open("rb") as file:
            is_archive = zipfile.is_zipfile(file)
            file.seek(0)
            start = file.read(4096)
    except OSError as error:
        raise Refusal(f"The data file {path} cannot be read ({error.strerror}): check its rights.") from error
    if not is_archive:
        _check_table(path, start)
        return read_csv(path, table.targets, table.inputs, labels=table.classes is not False), None
    for name in ("target", "inputs"):
        if getattr(table, name) is not None:
            raise Refusal(
                f"[data] gives {name}, which names columns of a CSV table, but {path} is an npz file: leave it out, "
                "its arrays are called inputs and targets."
            )
    return read_npz(path)


def _check_regular(path: Path) -> None:
    """Raise Refusal where there is no regular file; opening a pipe or a device could wait for ever."""
    try:
        check_regular(path)
    except NotAFile as error:
        raise Refusal(
            f"The data file {path} is {error.strerror}, but an npz or a CSV file is needed: {ADVICE}."
        ) from error
    except OSError as error:
        raise Refusal(f"The data file {path} cannot be read ({error.strerror}): check its name.") from error


def _check_table(path: Path, start: bytes) -> None:
    """Raise Refusal where the first bytes of a file show that it is not a table."""
    kind = next((kind for magic, kind in OTHERS.items() if start.startswith(magic)), None)
    if not start.strip():
        kind = "empty"
    elif kind is None and b"\0" in start:
        kind = "of an unknown kind"
    if kind is not None:
        raise Refusal(f"The data file {path} is {kind}, but an npz or a CSV file is needed: {ADVICE}.")


def _check_same(test: Rows, train: Rows) -> None:
    """Raise Refusal where test rows have other numbers of columns, or other kinds of targets, than training rows."""
    for what in ("inputs", "targets"):
        found, wanted = getattr(test, what).shape[1], getattr(train, what).shape[1]
        if found != wanted:
            raise Refusal(f"{test.source} has {found} columns of {what}, but {wanted} were trained on: give the same.")
    kinds = ["text" if rows.targets.dtype.kind == "U" else "numbers" for rows in (test, train)]
    if kinds[0] != kinds[1]:
        raise Refusal(f"{test.source} has {kinds[0]} as targets, but the training data have {kinds[1]}: give the same.")
