"""The rows of a data file as a data set: numbers stay numbers, labels are one-hot, foreign ones have their place."""

from typing import Any

import numpy as np
import pytest

from runs.studyfile.data.rows import Rows, listed
from runs.system.refusal import Refusal

X = np.ones((3, 2))


def rows(targets: Any, **given: Any) -> Rows:
    """Three rows of lines 2, 3 and 5."""
    return Rows("The data file d.csv", X, np.array(targets), [2, 3, 5], "line", ("a", "b"), **given)


def test_numbers_are_numbers_unless_they_name_classes() -> None:
    """Assert that whole numbers become classes where that is said, in rising order or as listed."""
    whole = rows([[4.0], [2.0], [4.0]], target_names=("k",))
    plain, risen, given = whole.data(False), whole.data(True), whole.data([4, 2, 0])
    assert plain.targets.tolist() == [[4.0], [2.0], [4.0]] and plain.classes is None and plain.target_names == ("k",)
    assert risen.classes == (2, 4) and risen.targets.tolist() == [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    assert given.classes == (4, 2, 0) and given.targets.argmax(dim=1).tolist() == [0, 1, 0]
    assert plain.input_names == risen.input_names == ("a", "b") and type(risen.classes[0]) is int


def test_text_names_classes() -> None:
    """Assert that it does without being asked, and that those of the training data are kept."""
    text = rows([["x"], ["y"], ["x"]])
    assert text.data(False).classes == ("x", "y") and text.data(False, ("y", "x", "z")).classes == ("y", "x", "z")


@pytest.mark.parametrize(
    ("targets", "classes", "known", "sentence"),
    [
        (
            [["x"], ["y"], ["z"]],
            ["x", "y"],
            None,
            "file d.csv, line 5, column 'k', holds 'z', which is none of .* 'x', 'y'",
        ),
        ([["x"], ["y"], ["z"]], False, ("x", "y"), "line 5, column 'k', holds 'z', which is none of the classes"),
        (
            [[1.0], [0.5], [2.0]],
            True,
            None,
            "line 3, column 'k', holds 0.5, but classes are whole numbers or text: leave",
        ),
        ([[1.0], [1e300], [2.0]], True, None, r"line 3, .* holds 1e\+300, but"),
        ([["x"], ["x"], ["x"]], True, None, r"does not do: The classes are \['x'\], but two or more"),
        ([[1.0, 2.0]] * 3, True, None, "has 2 columns of targets, but classes stand in one"),
        ([["x", "y"]] * 3, False, None, "has 2 columns of targets, but classes stand in one"),
    ],
)
def test_labels_that_name_no_class_are_refused(targets: Any, classes: Any, known: Any, sentence: str) -> None:
    """Assert that the file, the line and the column are told."""
    with pytest.raises(Refusal, match=sentence):
        rows(targets, target_names=("k",)).data(classes, known)


def test_long_lists_are_cut() -> None:
    """Assert that eight names are told, escapes written out."""
    assert listed(map(str, range(9))) == "0, 1, 2, 3, 4, 5, 6, 7, ..." and listed(["a\x1b", "b"]) == r"a\x1b, b"
