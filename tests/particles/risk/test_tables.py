"""Arrays, frames and lists of others become the tensors that they say, labels become one-hot, and nothing else does."""

import decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from particles.risk.tables import are_labels, array_of, check_aligned, class_names, column_names, numbers, one_hot

X = np.random.default_rng(3).normal(size=(4, 2))
FRAME = pd.DataFrame(X, columns=["length [m]", "b"])


def read(values: object) -> torch.Tensor:
    """The numbers of something, called Inputs."""
    return numbers(array_of(values, "Inputs"), "Inputs")


@pytest.mark.parametrize(
    "values",
    [
        X,
        X[::-1][::-1],
        np.asfortranarray(X),
        X.astype(">f8"),
        X.astype(np.longdouble),
        X.tolist(),
        tuple(map(tuple, X)),
        [torch.from_numpy(row) for row in X],
        torch.from_numpy(X),
        FRAME,
        X.astype(object),
        np.ma.masked_array(X, np.zeros_like(X)),
    ],
    ids=["array", "view", "columns", "swapped", "long", "list", "tuple", "tensors", "tensor", "frame", "obj", "masked"],
)
def test_numbers_of_every_container_are_float64(values: object) -> None:
    """Assert that every value is kept whatever holds it."""
    assert torch.equal(read(values), torch.from_numpy(X))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (X.astype("f4"), torch.float32),
        (torch.ones(2).float(), torch.float32),
        (X.astype("f2"), torch.float64),
        (torch.ones(2).half(), torch.float64),
        (np.arange(3), torch.float64),
        (torch.arange(3), torch.float64),
        (np.ones(2, dtype=bool), torch.float64),
        (pd.DataFrame({"a": np.float32([1, 2]), "b": [1, 2]}), torch.float64),
        (pd.DataFrame({"a": np.float32([1, 2]), "b": np.float32([1, 2])}), torch.float32),
        (pd.DataFrame({"a": [0.5, 2.0], "b": [True, False]}), torch.float64),
        (pd.DataFrame({"a": pd.array([1, 2], dtype="Int64"), "b": [0.5, 1.0]}), torch.float64),
        ([decimal.Decimal("0.5")], torch.float64),
    ],
)
def test_float32_stays_and_all_others_widen(values: Any, dtype: torch.dtype) -> None:
    """Assert that float32 is kept by itself, and widened beside others and from other kinds, with its values."""
    found = read(values)
    assert found.dtype == dtype
    flat = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values).astype(float)
    np.testing.assert_array_equal(found.numpy(), flat)


def test_arrays_are_copied() -> None:
    """Assert that what is written into an array later does not reach the tensor."""
    array = X.copy()
    found = read(array)
    array[0, 0] = 9.0
    assert float(found[0, 0]) == X[0, 0]


def test_missing_and_masked_numbers_are_not_numbers() -> None:
    """Assert that None, pandas.NA and masked entries become NaN, in their places only."""
    masked = read(np.ma.masked_array([1.0, 2.0], [False, True]))
    nullable = read(pd.Series(pd.array([1, None], dtype="Int64")))
    for found in (masked, nullable, read([1.0, None])):
        assert found.isnan().tolist() == [False, True] and float(found[0]) == 1.0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ("text", "Inputs are 'text', but a tensor, a NumPy array, a frame or a list of real numbers is needed"),
        (FRAME.assign(city="Rome"), "Inputs hold 'Rome' in row 0, column 'city', but real numbers"),
        (FRAME.assign(day=pd.Timestamp("2020")), "Inputs hold a Timestamp in row 0, column 'day'"),
        (np.array([[1, "a"]], dtype=object), "Inputs hold 'a' in row 0, column 1, but"),
        ([[1.0], [2.0, 3.0]], "a list whose entries have different lengths; give rows of one length"),
        (X * 1j, r"Inputs are a NumPy array \[4, 2\] of complex128, but real numbers"),
        (torch.ones(2) * 1j, "Inputs are torch.complex64, but real numbers are needed"),
        (["a", "b"], "of <U1, but real numbers are needed; turn texts"),
        (pd.Series(["a", None]), "Inputs have no value in row 1; fill it, or leave that row out"),
        (np.array(["a", np.nan], dtype=object), "Inputs have no value in row 1"),
    ],
)
def test_what_is_no_number_is_refused_with_its_place(values: object, sentence: str) -> None:
    """Assert that the sentence says what came and where."""
    with pytest.raises((TypeError, ValueError), match=sentence):
        read(values)


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (np.array([2, 0, 7, 2]), (0, 2, 7)),
        ([True, False, True, True], (False, True)),
        (torch.tensor([[5], [4], [5], [5]]), (4, 5)),
        (["b", "a", "c", "a"], ("a", "b", "c")),
        (pd.Series(["b", "a", "b", "a"], dtype="category"), ("a", "b")),
        (pd.Series(pd.array([3, 1, 3, 1], dtype="Int64")), (1, 3)),
    ],
)
def test_labels_become_one_hot(values: Any, classes: tuple[object, ...]) -> None:
    """Assert that each row has a single one, in the column of its label, and classes are in rising order."""
    array = array_of(values, "Targets")
    assert are_labels(array)
    hot, names = one_hot(array, None)
    assert names == classes and hot.dtype == torch.float64
    given = np.asarray(values).reshape(-1).tolist()
    assert [names[place] for place in hot.argmax(dim=1)] == given
    assert torch.equal(hot.sum(dim=1), torch.ones(4, dtype=torch.float64)) and set(hot.flatten().tolist()) == {0.0, 1.0}


def test_floats_and_several_columns_are_no_labels() -> None:
    """Assert that numbers stay numbers, and that whole ones in several columns are such."""
    for values in (X, X[:, 0], np.arange(4).reshape(2, 2), torch.ones(3), np.array(1), np.ones((2, 1, 1), dtype=int)):
        assert not are_labels(values)


def test_given_classes_are_the_columns_in_their_order() -> None:
    """Assert that a class without data has its column, and that whole floats are the labels they equal."""
    hot, names = one_hot(np.array([0.0, 2.0]), (2, 1, 0))
    assert names == (2, 1, 0) and hot.tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert class_names(np.array(["a", "b"])) == class_names(pd.Series(["a", "b"])) == ("a", "b")


@pytest.mark.parametrize(
    ("labels", "classes", "sentence"),
    [
        ([1, 1], None, r"The classes are \[1\], but two or more different ones are needed"),
        ([0, 1], (0, 0, 1), r"The classes are \[0, 0, 1\], but two or more different"),
        ([0, 1, 3], (0, 1), r"A target is 3, but the classes are \[0, 1\]; name the class of every one"),
        (range(60), None, "which name classes, but 60 data have 60 different ones; give numbers as floats"),
    ],
)
def test_impossible_classes_are_refused(labels: Any, classes: tuple[int, ...] | None, sentence: str) -> None:
    """Assert that one class, a repeated one, a foreign label and a class for every datum are told."""
    with pytest.raises(ValueError, match=sentence):
        one_hot(np.array(labels), classes)


def test_names_of_classes_are_texts_or_numbers() -> None:
    """Assert that anything else is refused."""
    with pytest.raises(TypeError, match=r"Classes are named \(1, 2\) among others, but texts or numbers are needed"):
        class_names([(1, 2)])


def test_columns_have_the_names_of_the_frame() -> None:
    """Assert that frames and columns name themselves and arrays do not."""
    assert column_names(FRAME) == ("length [m]", "b") and column_names(FRAME["b"]) == ("b",)
    assert column_names(X) is column_names(pd.Series([1.0])) is column_names([1.0]) is None


def test_rows_in_another_order_are_refused() -> None:
    """Assert that a shuffled column is not joined by place, and that what has no index is."""
    check_aligned(FRAME, FRAME["b"])
    check_aligned(FRAME, [1.0, 2.0])
    with pytest.raises(ValueError, match="different indices, so their rows may not belong together; select both"):
        check_aligned(FRAME, FRAME["b"].iloc[::-1])
