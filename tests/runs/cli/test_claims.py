"""`meanfield claims FOLDER`: the table, exit code 3 for a violated theorem, and a sentence for what holds no claims."""

from pathlib import Path

import pytest
import torch

from limits.theorems import Statement, from_above
from runs.study.claims import CLAIMS, Claim, write_claims
from tests.runs.study.smoke import spoken


@pytest.mark.parametrize(("proven", "code"), [(True, 3), (False, 0)])
def test_violated_theorem_is_an_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proven: bool, code: int
) -> None:
    """Assert that a violated theorem ends with 3, a violated finding with 0, and both stand in the table."""
    monkeypatch.setenv("COLUMNS", "200")
    said = Statement("risk falls", "somebody, figure 1", proven)
    result = from_above(said, (), torch.tensor(1.0), torch.tensor(2.0))
    write_claims(tmp_path / CLAIMS, [Claim("E0.1", result)])
    found, out, err = spoken("claims", str(tmp_path))
    assert (found, err) == (code, "")
    assert "risk falls" in out and "violated" in out and "1 claim: 1 violated" in out


def test_folder_without_claims_is_a_sentence(tmp_path: Path) -> None:
    """Assert that nothing to print is exit code 2 and one line."""
    code, out, err = spoken("claims", str(tmp_path))
    assert (code, out) == (2, "")
    assert err == f"meanfield: There is no claims.csv in {tmp_path} nor below: name the folder of a study's results.\n"
