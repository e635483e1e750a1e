"""An npz file as the data of a study: what is read of it, and one sentence for whatever is not such a file."""

import io
import pickle
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from particles import Dataset
from runs.studyfile.data import npzfile
from runs.studyfile.data.datafile import read_data
from runs.studyfile.model.datatable import DataTable
from runs.system.refusal import Refusal

X = np.random.default_rng(0).normal(size=(30, 3))
Y = X[:, 0] - X[:, 1]


def npz(**arrays: object) -> bytes:
    """An npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    """An npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def archive(**members: bytes) -> bytes:
    """An archive of files that may be anything, beside good targets."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in {"targets": npy(Y), **members}.items():
            written.writestr(f"{name}.npy", content)
    return file.getvalue()


def headed(shape: str, descr: str = "'<f8'", content: bytes = X.tobytes()) -> bytes:
    """An npy file whose header says what one wants."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


WHOLE = npz(inputs=X, targets=Y)


def read(path: Path) -> tuple[Dataset, Dataset | None]:
    """The data of a file."""
    return read_data(DataTable(file=path.name), path.parent)


@pytest.mark.parametrize(
    "beside",
    [{}, {"names": np.array(["length [m]", "b"])}, {"anything": np.array([{}], dtype=object)}],
    ids=["alone", "text", "objects"],
)
def test_numbers_are_read_whatever_lies_beside_them(tmp_path: Path, beside: dict[str, np.ndarray]) -> None:
    """Assert that inputs and targets are those of the file, and arrays of other names are never looked at."""
    path = tmp_path / "data.npz"
    path.write_bytes(npz(inputs=X, targets=Y, **beside))
    train, test = read(path)
    assert test is None and train.inputs.dtype is torch.float64
    np.testing.assert_array_equal(train.inputs, X)
    np.testing.assert_array_equal(train.targets[:, 0], Y)


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", ">f4", "i8", ">i2", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_kind_of_real_number_is_read(tmp_path: Path, dtype: str, order: str) -> None:
    """Assert that the values are those of the array in every byte order and storage; float32 stays, others widen."""
    values = np.array(np.round(8 * np.abs(X)).astype(dtype), order=order)  # type: ignore[call-overload]
    path = tmp_path / "data.npz"
    np.savez_compressed(path, inputs=values, targets=values, test_inputs=values[:4], test_targets=values[:4])
    train, test = read(path)
    assert train.inputs.dtype is (torch.float32 if dtype.endswith("f4") else torch.float64)
    np.testing.assert_array_equal(train.targets, values.astype("f8"))
    assert test is not None
    np.testing.assert_array_equal(test.inputs, values[:4].astype("f8"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (npz(), r"has no inputs and no targets \(it holds nothing\)"),
        (npz(X=X, y=Y), r"no targets \(it has X, y\): an npz file needs inputs and targets, .* test_inputs and"),
        (npz(inputs=X), "has no targets"),
        (npz(inputs=X, targets=Y, test_inputs=X), r"has no test_targets \(it has inputs, targets, test_inputs\): an"),
        (npz(inputs=X, targets=Y, test_targets=Y), "has no test_inputs"),
        (npz(inputs=X[:0], targets=Y[:0]), r"inputs of .* has shape \[0, 3\], without a number"),
        (npz(inputs=X, targets=X[:, :0]), r"targets of .* has shape \[30, 0\], without a number"),
        (npz(inputs=Y, targets=Y), r"has shape \[30\], but \[data, inputs\] is needed"),
        (npz(inputs=X[None], targets=Y), r"has shape \[1, 30, 3\], but \[data, inputs\] is needed"),
        (npz(inputs=X, targets=1.0), r"has shape \[\], but \[data, outputs\] is needed"),
        (npz(inputs=X, targets=Y[:-1]), "has 30 rows in inputs but 29 in targets: give as many of both"),
        (npz(inputs=X, targets=Y, test_inputs=X[:, :2], test_targets=Y), "has 2 columns of inputs, but 3 were"),
        (npz(inputs=X, targets=np.where(Y == Y[7], np.nan, Y)), r"1 values .* \(NaN or infinite\), the first in row 7"),
        (npz(inputs=X, targets=np.full(30, -np.inf)), "30 values that are not finite"),
        (npz(inputs=X.astype("f4"), targets=1e300 * Y), "is too large for the float32 of inputs"),
        (npz(inputs=X + 0j, targets=Y), "is complex128, but real numbers are needed: save them by .astype"),
        (npz(inputs=X.astype(str), targets=Y), "is <U32, but real numbers are needed"),
        (npz(inputs=np.zeros(30, "M8[s]"), targets=Y), r"is datetime64\[s\], but real numbers"),
        (npz(inputs=np.array(X, dtype=object), targets=Y), "holds Python objects, which are never loaded"),
        (archive(inputs=headed("(2,)", "'|O'", pickle.dumps(X))), "holds Python objects, which are never loaded"),
        (archive(inputs=b"no array"), "is damaged or cut: copy it again"),
        (archive(inputs=headed("(1000000000000, 3)")), "is damaged or cut"),
        (archive(inputs=headed("(-30, -3)")), "is damaged or cut"),
        (archive(inputs=headed("(20, 3)")), "is damaged or cut"),
        (archive(inputs=headed("(30, 3)", "__import__('os')")), "is damaged or cut"),
        (archive(inputs=headed("(30, 3)", "'<f8'" + " " * 20000)), "is damaged or cut"),
        (archive(inputs=b"\x93NUMPY\x09\x00" + npy(X)[8:]), "is damaged or cut"),
    ],
)  # fmt: skip
def test_whatever_is_no_such_file_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Assert that the sentence names the file and says what is wrong, and never how to load what runs code."""
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(Refusal, match=sentence) as caught:
        read(path)
    said = str(caught.value)
    assert "data.npz" in said and "\n" not in said and "allow_pickle" not in said and "header_size" not in said


def test_damage_of_any_kind_is_refused_or_harmless(tmp_path: Path) -> None:
    """Assert that of 600 files with bytes changed, taken out or cut off each is refused or gives the whole numbers."""
    draw, refused, path = random.Random(0), 0, tmp_path / "data.npz"
    for whole in (WHOLE, npz(inputs=X, targets=Y, test_inputs=X, test_targets=Y, names=np.array(["a"]))):
        for _ in range(300):
            content, place = bytearray(whole), draw.randrange(len(whole))
            kind = draw.randrange(3)
            if kind == 0:
                content[place] ^= 1 << draw.randrange(8)
            else:
                del content[place : None if kind == 1 else place + draw.randrange(1, 50)]
            path.write_bytes(content)
            try:
                train, _ = read(path)
            except Refusal as error:
                refused += "data.npz" in str(error)
            else:
                np.testing.assert_array_equal(train.inputs, X)
                np.testing.assert_array_equal(train.targets[:, 0], Y)
                refused += 1
    assert refused == 600


def test_arrays_that_do_not_fit_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that an array of more bytes than this machine has is a sentence."""
    path = tmp_path / "data.npz"
    np.savez_compressed(path, inputs=np.zeros((1000, 100)), targets=np.zeros(1000))
    monkeypatch.setattr(npzfile, "total_memory", lambda: 1e6)
    with pytest.raises(Refusal, match=r"inputs of .* takes 0\.0008 GB, more than fit: give fewer rows"):
        read(path)


@pytest.mark.parametrize("text", [np.array(["b", "a"] * 15), np.array([["b"], ["a"]] * 15)], ids=["flat", "column"])
def test_text_names_classes(tmp_path: Path, text: np.ndarray) -> None:
    """Assert that targets of text are one-hot, and the test data have the columns of the training data."""
    path = tmp_path / "data.npz"
    np.savez(path, inputs=X, targets=text, test_inputs=X[:2], test_targets=text[:1].repeat(2, axis=0))
    train, test = read(path)
    assert test is not None and train.classes == test.classes == ("a", "b")
    assert train.targets[:2].tolist() == [[0.0, 1.0], [1.0, 0.0]] and test.targets.tolist() == [[0.0, 1.0]] * 2


def test_workbooks_are_refused(tmp_path: Path) -> None:
    """Assert that a spreadsheet, an archive as well, is told from an npz file."""
    with zipfile.ZipFile(tmp_path / "data.npz", "w") as written:
        written.writestr("[Content_Types].xml", "")
    with pytest.raises(Refusal, match="is a workbook of a spreadsheet program: save the sheet as CSV"):
        read(tmp_path / "data.npz")
