"""The table [data]: which keys go together, and that old studies keep their runs."""

from typing import Any

import pytest

from runs.studyfile.model.config import RunConfig, digest_of
from runs.studyfile.model.datatable import DataTable
from runs.studyfile.model.sections import validated
from runs.system.refusal import Refusal
from tests.runs.studyfile.small.studies import config, values


def test_runs_of_old_studies_keep_their_folders() -> None:
    """Assert that keys of [data] that only some files need are part of a run's identity where given, and only there."""
    old = {"source": None, "file": "data.npz", "rows": None, "seed": 10}
    old_run = config()
    assert old_run.identity()["data"] == old and digest_of(old_run.identity(), whole=True) == "fd54f2846568"
    given = {"target": "y", "inputs": ["a"], "test_file": "t.csv", "classes": True}
    changed = config({f"data.{key}": value for key, value in given.items()})
    assert changed.identity()["data"] == {**old, **given} and changed.digest != config().digest
    assert RunConfig.model_validate(changed.identity()).digest == changed.digest


def test_files_and_targets_are_listed() -> None:
    """Assert that a table names its files and its target columns, whether one is given or several."""
    one = DataTable(file="a.csv", target="y", test_file="b.csv")
    assert (one.files, one.targets) == (["a.csv", "b.csv"], ["y"])
    assert DataTable(file="a.csv", target=["y", "z"]).targets == ["y", "z"]
    assert (DataTable(source="diabetes").files, DataTable(source="diabetes").targets) == ([], [])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data": {"source": "diabetis"}}, "Unknown source of .data. 'diabetis'.*did you mean 'diabetes'"),
        ({"data": {}}, "needs source = "),
        ({"data": {"source": "diabetes", "target": "y"}}, r"\[data\] gives target, which is said of a file"),
        ({"data.classes": ["a", "a"]}, r"classes of \[data\] is \['a', 'a'\], but two or more different names"),
        ({"data.classes": "a"}, "The value 'a' does not do for data.classes"),
        ({"data.target": []}, "does not do for data.target"),
        ({"data.seed": 3}, r"The seed of \[data\] splits a data set of ours"),
    ],
)
def test_bad_tables_are_refused(changes: dict[str, Any], sentence: str) -> None:
    """Assert that every slip has its sentence."""
    with pytest.raises(Refusal, match=sentence):
        validated(RunConfig, values(changes))
