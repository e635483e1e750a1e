"""A CSV table as the data of a study: columns by name, whoever wrote the lines, and a place for whatever is wrong."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs.studyfile.data import csvfile
from runs.studyfile.data.csvfile import read_csv
from runs.studyfile.data.rows import Rows
from runs.system.refusal import Refusal

#: A table with a unit, a quoted comma, a sign, exponents and a blank line.
LINES = ['speed [m/s],"x, y",α', "1,-2.5,3e-3", "", '"4", 5 ,+6', "7,8,9"]
NUMBERS = np.array([[1.0, -2.5, 3e-3], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])


def read(
    folder: Path, content: str | bytes, *targets: str, inputs: list[str] | None = None, labels: bool = False
) -> Rows:
    """The rows of a table with this content."""
    path = folder / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv(path, targets, inputs, labels=labels)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("last", [True, False], ids=["ended", "open"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "mac"])
def test_tables_of_every_system_are_one_table(tmp_path: Path, end: str, last: bool, mark: bytes) -> None:
    """Assert that line ends, a byte order mark and blank lines change neither names, numbers nor their order."""
    rows = read(tmp_path, mark + (end.join(LINES) + end * last).encode(), "α")
    assert rows.input_names == ("speed [m/s]", "x, y") and rows.target_names == ("α",)
    np.testing.assert_array_equal(rows.inputs, NUMBERS[:, :2])
    np.testing.assert_array_equal(rows.targets, NUMBERS[:, 2:])
    assert [*rows.lines] == [2, 4, 5]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_stands_between_cells_is_seen(tmp_path: Path, delimiter: str) -> None:
    """Assert that what Python writes with each delimiter, quotes and line breaks in names included, comes back."""
    names, table = ['a "b" [m;s]', "c,d\te", "f\ng"], np.random.default_rng(0).normal(size=(50, 3))
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([names, *table.tolist()])
    rows = read(tmp_path, file.getvalue(), names[1])
    assert rows.input_names == (names[0], names[2])
    np.testing.assert_array_equal(rows.inputs, table[:, [0, 2]])
    np.testing.assert_array_equal(rows.targets, table[:, [1]])


def test_columns_are_those_named_in_their_order(tmp_path: Path) -> None:
    """Assert that several targets, and some of the inputs, are taken in the order asked for, whatever else is there."""
    rows = read(tmp_path, "id,a,b,c,d\nx,1,2,3,4\n", "d", "a", inputs=["c", "b"])
    assert (rows.inputs.tolist(), rows.targets.tolist()) == ([[3.0, 2.0]], [[4.0, 1.0]])
    assert (rows.input_names, rows.target_names) == (("c", "b"), ("d", "a"))


def test_text_of_one_target_is_kept(tmp_path: Path) -> None:
    """Assert that text in all lines is, and beside numbers where labels are asked for; numbers alone are numbers."""
    assert read(tmp_path, "a,k\n1, x y\n2,z\n", "k").targets.tolist() == [["x y"], ["z"]]
    assert read(tmp_path, "a,k\n1,x\n2,3\n", "k", labels=True).targets.tolist() == [["x"], ["3"]]
    assert read(tmp_path, "a,k\n1,4\n2,3\n", "k", labels=True).targets.tolist() == [[4.0], [3.0]]


@pytest.mark.parametrize(
    ("content", "targets", "inputs", "sentence"),
    [
        ("a,b\n1,2\n", (), None, r'say which column is the target, by target = "..." in \[data\], of a, b'),
        ("speed [m/s],y\n1,2\n", ("y",), ["speed"], r"no column 'speed': .*; did you mean 'speed \[m/s\]'\?"),
        ("a,b\n1,2\n", ("zzz",), None, "has no column 'zzz': it has a, b."),
        ("a,b\n1,2\n", ("b",), ["b"], "names the column 'b' twice"),
        ("a,b\n1,2\n", ("b", "b"), None, "names the column 'b' twice"),
        ("a,b\n1,2\n", ("a", "b"), None, "has no column beside the targets"),
        ("a,b\n", ("b",), None, "has a header and no data: add a line for each datum"),
        ("1,2\n3,4\n", ("b",), None, "has no header, its first line holds numbers: write the names"),
        ("a,a,b\n1,2,3\n", ("b",), None, "has two columns 'a'"),
        (",a,b\n0,1,2\n", ("b",), None, r"has no name for column 1: .* \(pandas writes its index so, unless index=Fa"),
        ("a,b\n1,2\n3\n", ("b",), None, "line 3, has 1 cells, but the header names 2 columns"),
        ("a,b\n1,2\n3,4,5\n", ("b",), None, "line 3, has 3 cells, but"),
        ("a,b\n1,2\n,4\n", ("b",), None, "line 3, column 'a', is empty, but a finite number is needed: fill it"),
        ("a,b\n1,2\n3,\n", ("b",), None, "line 3, column 'b', is empty, but a target is needed"),
        ("a,b\r\n1,2\r\nx,4\r\n", ("b",), None, "line 3, column 'a', holds 'x', but a finite number"),
        ("a;b\n1,5;2\n", ("b",), None, "holds '1,5', but a finite number is needed: write a point for the comma"),
        ("a,b\n1_0,2\n", ("b",), None, "holds '1_0', but"),
        ("a,b\nnan,2\n", ("b",), None, "holds 'nan', but"),
        ("a,b\n1e999,2\n", ("b",), None, "holds '1e999', but"),
        ("a,b\n1,inf\n2,3\n", ("b",), None, r"holds 'inf', but a finite number as in other lines, or classes = true"),
        ("a,b\n1,2\n2,n/a\n", ("b",), None, "line 3, column 'b', holds 'n/a', but a finite number as in other lines"),
        ("a,b,c\n1,x,y\n", ("b", "c"), None, r"holds 'x', but a finite number \(classes stand in one column\)"),
        ('a,b\n1,"2\n3,4', ("b",), None, r"line 3, is no CSV \(unexpected end of data\): mend it"),
        ("a,b\n" + "9" * 200000 + ",1\n", ("b",), None, r"line 2, is no CSV \(field larger than"),
        ("a,b\n1,2\né,1\n".encode("latin-1"), ("b",), None, r"not UTF-8 text \(byte 0xe9 in line 3\): save it"),
        ("a\x1b[2J,b\n1,2\n", ("c",), None, r"it has a\\x1b\[2J, b"),
    ],
)  # fmt: skip
def test_what_does_not_do_is_refused_with_its_place(
    tmp_path: Path, content: str | bytes, targets: tuple[str, ...], inputs: Any, sentence: str
) -> None:
    """Assert that one sentence says the file, the line and the column, what is there and what is needed."""
    with pytest.raises(Refusal, match=sentence) as caught:
        read(tmp_path, content, *targets, inputs=inputs)
    said = str(caught.value)
    assert "\n" not in said and len(said) < 500 and said.isprintable()
    assert "data.csv" in said or "[data]" in said


def test_tables_that_do_not_fit_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Assert that a table beyond this machine's memory is a sentence."""
    monkeypatch.setattr(csvfile, "total_memory", lambda: 100.0)
    with pytest.raises(Refusal, match="GB, more than fit: give fewer rows"):
        read(tmp_path, "a,b\n1,2\n3,4\n", "b")
