"""The command `reproduce`: its table, its file and its exit codes."""

from pathlib import Path

import pytest

from runs.cli import reproduce
from runs.study.claims import read_claims
from tests.runs.study import toy
from tests.runs.study.smoke import spoken


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry has the toy study alone."""
    monkeypatch.setattr(reproduce, "STUDIES", {"toy": "tests.runs.study.toy"})
    monkeypatch.setattr(reproduce, "named", lambda name: toy.STUDY)


def test_all_studies_are_done_with_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that without a name every study is done, with all experiments, and that table and file hold its claims."""
    monkeypatch.chdir(tmp_path)
    code, said, _ = spoken("reproduce", "--scale", "smoke")
    assert code == 0 and "toy E1.1" in said and "1 claim: 1 holds" in said
    folder = tmp_path / "results" / "reproduced-smoke"
    assert len(read_claims(folder / "claims.csv")) == 1 and (folder / "toy" / "cases" / "E1.2-seed1.csv").exists()


def test_exit_code_tells_violated_theorems_and_failed_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a proven statement that is violated ends with 3, the same one empirical with 0, a failure with 1."""
    code, said, _ = spoken("reproduce", "toy", "--scale", "laptop", "--out", str(tmp_path / "a"))
    assert code == 0, said
    code, said, _ = spoken("reproduce", "toy", "--scale", "paper", "--out", str(tmp_path / "b"))
    assert code == 3 and "violated" in said
    monkeypatch.setattr(toy, "PROVEN", False)
    code, said, _ = spoken("reproduce", "toy", "--scale", "paper", "--out", str(tmp_path / "c"))
    assert code == 0 and "violated" in said
    monkeypatch.setattr(toy.Plain, "measured", toy.failing)
    code, _, err = spoken("reproduce", "toy", "--scale", "smoke", "--out", str(tmp_path / "d"))
    assert code == 1 and "Failed: toy: E1.2-seed0: ValueError: nothing to measure" in err
