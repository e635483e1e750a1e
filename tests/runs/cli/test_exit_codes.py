"""Exit codes, and the end by Ctrl-C."""

import signal

import pytest

from runs.cli.exit_codes import BAD_INPUT, FAILED, INTERRUPTED, VIOLATED, interrupted


def test_codes_tell_ends_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that no two ends have one code, and that Ctrl-C has that of a shell and says what is kept."""
    assert len({0, FAILED, BAD_INPUT, VIOLATED, INTERRUPTED}) == 5
    assert interrupted().exit_code == INTERRUPTED == 128 + signal.SIGINT
    assert capsys.readouterr().err.startswith("Interrupted: everything written so far is kept")
