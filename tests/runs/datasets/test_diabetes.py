"""The diabetes table of scikit-learn."""

import sys

import pytest

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
