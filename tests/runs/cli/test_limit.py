"""The command `limit`: its options, and what is refused beside them."""

import pytest

from runs.cli.limit import COUPLINGS
from runs.limit.files.network import COUPLINGS as KNOWN
from tests.runs.study.smoke import spoken


def test_help_names_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the help says what a tolerance is and names all couplings there are."""
    monkeypatch.setenv("COLUMNS", "200")
    code, said, _ = spoken("limit", "--help")
    assert code == 0 and COUPLINGS == KNOWN and ", ".join(KNOWN) in said
    for word in (
        "--tolerance",
        "--absolute",
        "--widest",
        "--first-width",
        "--confidence",
        "--seed",
        "--workers",
        "--out",
    ):
        assert word in said, word
    assert "0.01 for 1 %" in said


def test_a_file_that_is_not_there_is_a_sentence() -> None:
    """Assert that the file is named, with exit code 2."""
    code, said, told = spoken("limit", "nowhere.toml")
    assert (code, said) == (2, "") and "nowhere.toml cannot be read" in told


def test_torchrun_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that ranks are told to leave the limit to processes."""
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    from typer.main import get_command

    from runs.cli.commands import app
    from runs.system.refusal import Refusal

    class Two:
        count = 2

    with pytest.raises(Refusal, match="torchrun is for `meanfield run STUDY.toml`"):
        get_command(app).main(args=["limit", "a.toml"], prog_name="meanfield", standalone_mode=False, obj=Two())
