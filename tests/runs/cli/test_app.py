"""What every command has: -h, --quiet and --verbose, before it and behind it; and that light commands stay light."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.main import get_command

from runs.cli.app import choose_verbosity, own_version
from runs.cli.commands import app
from runs.system.refusal import Refusal
from tests.runs.inspect.recorded import recorded
from tests.runs.study.smoke import spoken

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
#: Packages that take long to import, and what no light command needs.
HEAVY = ("torch", "numpy", "scipy", "h5py", "matplotlib", "ot", "sklearn", "particles", "flows", "limits")
#: Modules in a process at most that has only listed studies and shown help; with torch there are thousands.
MODULES = 800


def test_version_is_that_of_the_package() -> None:
    """Assert that --version prints one line, with the installed version, and ends with 0."""
    assert own_version() == version("meanfield-particles")
    assert spoken("--version") == (0, f"meanfield {version('meanfield-particles')}\n", "")


@pytest.mark.parametrize("width", ["60", "80", "200"])
def test_every_command_has_help_in_every_width(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    """Assert that -h and --help say the same of each command, with --quiet and --verbose, in lines that fit."""
    monkeypatch.setenv("COLUMNS", width)
    for command in ((), *((name,) for name in COMMANDS)):
        code, said, _ = spoken(*command, "-h")
        assert code == 0 and said == spoken(*command, "--help")[1], command
        assert "--quiet" in said and "--verbose" in said, command
        assert all(len(line) <= int(width) for line in said.splitlines()), command


def test_paragraphs_of_help_end_where_the_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that lines of a docstring are no lines of the help: in a wide terminal a paragraph is one."""
    monkeypatch.setenv("COLUMNS", "900")
    lines = [line.strip() for line in spoken("status", "-h")[1].splitlines()]
    (states,) = (line for line in lines if line.startswith("States are finished, running"))
    assert states.endswith("changed (seconds since it was written) and failure.")


def test_quiet_leaves_the_result_alone(tmp_path: Path) -> None:
    """Assert that remarks are not said with --quiet, before the command or behind it, while paths still are."""
    file = str(recorded(tmp_path / "a.h5"))
    words = ("plot", file, "--time", "0.6", "--force", "--out", str(tmp_path / "figures"))
    code, result, remarks = spoken(*words)
    assert code == 0 and "There is no frame at time 0.6: the nearest is shown, at time 0.5." in remarks
    for quiet in (("-q", *words), (*words, "--quiet")):
        assert spoken(*quiet) == (0, result, "")
    code, result, error = spoken("-q", "info", str(tmp_path / "none.h5"))
    assert (code, result) == (2, "") and "There is no file" in error


def test_verbose_says_versions_times_and_where_an_error_came_from(tmp_path: Path) -> None:
    """Assert that --verbose adds to standard error alone, and that a refusal has its traceback then only."""
    file = str(recorded(tmp_path / "a.h5"))
    usual = spoken("info", file)
    for words in (("--verbose", "info", file), ("info", file, "-v")):
        code, result, told = spoken(*words)
        assert (code, result) == usual[:2]
        for said in (f"meanfield {own_version()}", f"torch {version('torch')}", "info in", " MB at the most"):
            assert said in told
    bad = ("export", file, "--to", "pdf")
    assert "Traceback" not in spoken(*bad)[2]
    code, _, told = spoken(*bad, "--verbose")
    assert code == 2 and "Traceback (most recent call last)" in told
    assert told.splitlines()[-1].startswith("meanfield: Unknown format 'pdf'")
    assert "Traceback" not in spoken(*bad)[2]  # it is forgotten with the command


def test_quiet_and_verbose_exclude_each_other() -> None:
    """Assert that both together are refused, wherever they stand, as they are for one's own command."""
    with pytest.raises(Refusal, match="--quiet and --verbose were both given"):
        choose_verbosity(quiet=True, verbose=True)
    code, _, told = spoken("list", "-q", "-v")
    assert code == 2 and "--quiet and --verbose were both given: leave one of them out." in told


def test_light_commands_import_no_torch() -> None:
    """Assert that version, help, list and what completes run need few modules, and neither torch nor numpy."""
    lines = (
        "import contextlib, io, json, sys",
        "from runs.__main__ import main",
        "from runs.cli.study_words import words_of",
        "with contextlib.redirect_stdout(io.StringIO()):",
        "    codes = [main([word]) for word in ('--version', 'list', '--help')]",
        "    codes += [main(words) for words in (['list', '--json'], ['info', '-h'], ['status', '-h'], ['run', '-h'])]",
        "assert words_of('one-axis').experiments",
        f"print(json.dumps([codes, sorted(set({HEAVY!r}) & set(sys.modules)), len(sys.modules)]))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    codes, heavy, modules = json.loads(done.stdout)
    assert codes == [0] * 7 and heavy == []
    assert modules < MODULES
