"""The data file of a study: which kind it is of, its test data, and what is refused before it is read."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from particles import Dataset
from runs.studyfile.data.datafile import read_data
from runs.studyfile.model.datatable import DataTable
from runs.system.refusal import Refusal
from tests.runs.study.smoke import spoken
from tests.runs.studyfile.data.test_npzfile import WHOLE, X, Y, npy, npz
from tests.runs.studyfile.small.studies import write_study

TABLE = "a [m],kind,b\r\n1,x,2\r\n3,y,4\r\n5,x,6\r\n"


def read(folder: Path, content: str | bytes, **given: Any) -> tuple[Dataset, Dataset | None]:
    """The data of a file with this content."""
    (folder / "data.any").write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_data(DataTable(file="data.any", **given), folder)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty, but an npz or a CSV file is needed: save a CSV table, or an npz file by numpy.savez"),
        (b" \r\n", "is empty, but"),
        (WHOLE[:-400], "is cut or damaged, but an npz or a CSV file is needed"),
        (npy(X), r"is a single NumPy array \(npy\), but"),
        (npy(np.array([{}], dtype=object)), r"is a single NumPy array \(npy\), but"),
        (pickle.dumps({"inputs": X}), "is a pickle, which is never loaded, but"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "is an HDF5 file, but"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "is a picture, but"),
        ("1,2\n".encode("utf-16"), "is text in UTF-16, but"),
        (b"a,b\n1,\x002\n", "is of an unknown kind, but"),
        (b"a,b\n1,2\n", r'is a CSV table: say which column is the target, by target = "..." in \[data\], of a, b'),
    ],
)
def test_what_is_neither_archive_nor_table_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Assert that the sentence names the file and says what it is instead, whatever its ending."""
    with pytest.raises(Refusal, match=sentence) as caught:
        read(tmp_path, content)
    assert "data.any" in str(caught.value) and "\n" not in str(caught.value)


def test_a_test_file_has_the_columns_and_classes_of_the_training_file(tmp_path: Path) -> None:
    """Assert that columns go by name, others are passed over, and a class without test data keeps its place."""
    (tmp_path / "test.csv").write_text("more,b,kind,a [m]\n0,9,y,8\n")
    train, test = read(tmp_path, TABLE, target="kind", test_file="test.csv")
    assert test is not None and train.classes == test.classes == ("x", "y")
    assert train.inputs.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]] and test.inputs.tolist() == [[8.0, 9.0]]
    assert train.targets.tolist() == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]] and test.targets.tolist() == [[0.0, 1.0]]
    assert train.input_names == test.input_names == ("a [m]", "b")


@pytest.mark.parametrize(
    ("test", "given", "sentence"),
    [
        ("a [m],b,kind\n1,2,z\n", {"target": "kind"}, r"test\.csv, line 2, column 'kind', holds 'z', which is none of"),
        (
            "a [m],b,kind\n1,2,7\n",
            {"target": "kind"},
            r"test\.csv has numbers as targets, but the training data have te",
        ),
        ("a [m],kind\n1,x\n", {"target": "kind"}, r"test\.csv has no column 'b': it has a \[m\], kind"),
        ("a [m],b\n1,x\n", {"target": "b", "inputs": ["a [m]"]}, r"test\.csv has text as targets, but"),
    ],
)
def test_test_files_that_differ_are_refused(tmp_path: Path, test: str, given: Any, sentence: str) -> None:
    """Assert that other classes, kinds and columns are told of the test file."""
    (tmp_path / "test.csv").write_text(test)
    with pytest.raises(Refusal, match=sentence):
        read(tmp_path, TABLE, test_file="test.csv", **given)


def test_archives_hold_their_own_test_data_or_have_a_file_of_them(tmp_path: Path) -> None:
    """Assert that an npz file may be the test file of another, that nothing is given twice, and no column named."""
    np.savez(tmp_path / "test.npz", inputs=X[:2], targets=Y[:2])
    _, test = read(tmp_path, WHOLE, test_file="test.npz")
    assert test is not None and test.count == 2
    both = npz(inputs=X, targets=Y, test_inputs=X, test_targets=Y)
    with pytest.raises(Refusal, match="holds test data, and test_file names others: leave one of them out"):
        read(tmp_path, both, test_file="test.npz")
    (tmp_path / "test.npz").write_bytes(both)
    with pytest.raises(Refusal, match="holds test data beside its own"):
        read(tmp_path, WHOLE, test_file="test.npz")
    with pytest.raises(Refusal, match=r"gives target, which names columns of a CSV table, but .* is an npz file"):
        read(tmp_path, WHOLE, target="y")


def test_places_that_hold_no_file_are_refused_and_not_opened(tmp_path: Path) -> None:
    """Assert that nothing, a folder and a pipe nobody writes to are a sentence each, at once."""
    os.mkfifo(tmp_path / "pipe.npz")
    for name, sentence in (
        ("none.npz", r"none\.npz cannot be read \(No such file"),
        (".", "is a folder, but an npz or a CSV file is needed"),
        ("pipe.npz", "is a pipe or a device, but"),
    ):
        with pytest.raises(Refusal, match=sentence):
            read_data(DataTable(file=name), tmp_path)


def test_command_says_it_in_one_line(tmp_path: Path) -> None:
    """Assert that a plan with such a file says the sentence, without a traceback, and exits with 1."""
    study = write_study(tmp_path)
    (tmp_path / "data.npz").write_bytes(WHOLE[:-400])
    code, out, err = spoken("run", str(study), "--dry-run")
    assert code == 1 and err == ""
    assert out.splitlines()[-1].strip().startswith("cannot begin: The data file") and "cut or damaged" in out


def test_a_table_is_trained_on_like_its_archive(tmp_path: Path) -> None:
    """Assert that a run on a CSV of classes, with a test file, records accuracies and keeps the names in its file."""
    (tmp_path / "test.csv").write_text(TABLE)
    changes = {
        "data": {"file": "table.csv", "target": "kind", "test_file": "test.csv"},
        "loss": "cross-entropy",
        "observables": ["accuracy", "test_accuracy"],
    }
    study = write_study(tmp_path, changes)
    (tmp_path / "table.csv").write_text(TABLE)
    code, out, err = spoken("run", str(study), "--out", str(tmp_path / "out"), "--workers", "0")
    assert code == 0, out + err
    (file,) = (tmp_path / "out").glob("*/run.h5")
    code, out, _ = spoken("info", str(file))
    shown = [" ".join(line.split()) for line in out.splitlines()]
    assert "classes x y" in shown and "input_names a [m] b" in shown and "target kind" in shown
    assert [line.split()[0] for line in shown if "accuracy" in line and "records" in line] == [
        "accuracy",
        "test_accuracy",
    ]
    assert any("test.csv" in line for line in shown) and any("table.csv" in line for line in shown)
