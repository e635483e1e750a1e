"""How much is said: by the choice of one command, and never by that of the one before."""

import pytest

from runs.system.verbosity import (
    Verbosity,
    detail,
    is_quiet,
    is_verbose,
    one_command,
    progress_console,
    remark,
    say,
    trace,
)


@pytest.mark.parametrize(
    ("much", "said"),
    [
        (Verbosity.QUIET, []),
        (Verbosity.USUAL, ["progress", "remark"]),
        (Verbosity.VERBOSE, ["progress", "remark", "detail", "ValueError: fault"]),
    ],
)
def test_each_choice_says_its_part(much: Verbosity, said: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that progress and remarks are silent where quiet, and details and tracebacks are said where verbose."""
    with one_command():
        say(much)
        assert (is_quiet(), is_verbose()) == (much is Verbosity.QUIET, much is Verbosity.VERBOSE)
        progress_console().print("progress")
        remark("remark")
        detail("detail")
        trace(ValueError("fault"))
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines() == said


def test_choice_ends_with_its_command() -> None:
    """Assert that the next command begins as usual, also where one ended by an error, and that they may be nested."""
    with pytest.raises(KeyboardInterrupt, match="stop"), one_command():
        say(Verbosity.QUIET)
        with one_command():
            assert not is_quiet()
        assert is_quiet()
        raise KeyboardInterrupt("stop")
    assert not is_quiet() and not is_verbose()
