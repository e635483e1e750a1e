"""The diabetes table of scikit-learn."""

import sys
from typing import Any

import pytest
import torch
from sklearn import datasets

from runs.datasets import diabetes
from runs.datasets.diabetes import CHECKSUM, load_diabetes
from runs.system.refusal import Refusal


def test_diabetes_has_the_published_shape() -> None:
    """Assert that 442 patients with 10 inputs come as 176, 176 and 90 rows."""
    data = load_diabetes(10)
    assert [part.inputs.shape for part in (data.train, data.validation, data.test)] == [(176, 10), (176, 10), (90, 10)]
    assert data.name == "diabetes" and "Efron" in data.citation


def test_diabetes_is_the_unscaled_table() -> None:
    """Assert that the numbers are the pinned ones, by their checksum."""
    assert load_diabetes(10).checksum == load_diabetes(11).checksum == CHECKSUM


def test_missing_scikit_learn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that without scikit-learn one sentence says what to install."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(Refusal, match=r"comes with scikit-learn, which is not installed: run 'pip install"):
        load_diabetes(10)


def test_the_package_is_asked_where_its_files_are_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that files and package give the same numbers, and that the files are read without it."""
    asked: list[bool] = []
    package = datasets.load_diabetes

    def noted(**given: Any) -> Any:
        asked.append(True)
        return package(**given)

    monkeypatch.setattr(datasets, "load_diabetes", noted)
    by_files = load_diabetes(10)
    assert not asked
    monkeypatch.setattr(diabetes, "FILES", ("elsewhere", "elsewhere"))
    by_package = load_diabetes(10)
    assert asked and torch.equal(by_files.train.inputs, by_package.train.inputs)
    assert torch.equal(by_files.test.targets, by_package.test.targets)
