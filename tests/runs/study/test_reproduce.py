"""All papers, one after the other, with one table of what they state."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from runs.study.claims import read_claims
from runs.study.reproduce import reproduce
from tests.runs.study.toy import STUDY


def test_claims_of_all_studies_are_in_one_table(tmp_path: Path) -> None:
    """Assert that each study has its folder, claims carry its name, and failures are told with it."""
    other = replace(STUDY, name="other")
    console = Console(file=io.StringIO())
    found = reproduce([STUDY, other], tmp_path / "all", console, scale="smoke")
    assert [claim.experiment for claim in found.claims] == ["toy E1.1", "other E1.1"]
    assert read_claims(found.file) == found.claims and found.file == tmp_path / "all" / "claims.csv"
    assert found.failures == () and (tmp_path / "all" / "toy" / "cases" / "E1.2-seed0.csv").exists()
    failed = reproduce([STUDY], tmp_path / "some", console, scale="smoke", wrong=(0,))
    assert failed.failures == ("toy: E1.1-seed0: ValueError: seed 0 is wrong",) and failed.claims == ()
