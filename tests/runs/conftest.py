"""One smoke study for all tests that look at its results, run through the command line."""

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from runs.__main__ import main


@dataclass(frozen=True)
class Smoke:
    """Where the study put its files, its exit code, and what it said on standard output and standard error."""

    folder: Path
    code: int
    said: str
    progress: str


def spoken(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run asymmetric-scaling --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("study") / "smoke"
    return Smoke(folder, *spoken("run", "asymmetric-scaling", "--scale", "smoke", "--out", str(folder)))
