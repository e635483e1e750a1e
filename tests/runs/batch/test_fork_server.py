"""The server that workers are forked from: whose environment they have, and where it finds modules."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runs.batch import fork_server
from runs.batch.fork_server import PLATFORM, begin, forked_or_spawned
from runs.batch.standing_processes import standing_processes

on_linux = pytest.mark.skipif(sys.platform != PLATFORM, reason="only there is a process forked")

PROGRAM = """
import os, sys
sys.dont_write_bytecode = True
from runs.batch.fork_server import begin, forked_or_spawned

def told():
    import runs
    print(os.path.dirname(runs.__file__), "runs.batch.jobs" in loaded, flush=True)

loaded = set(sys.modules)  # a process has the server's before it reads this file
if __name__ == "__main__":
    begin()
    process = forked_or_spawned().Process(target=told)
    process.start()
    process.join()
"""


def seen(name: str) -> tuple[str | None, str | None, int]:
    """What a process has under a name in its environment, whether its path is safe, and its parent."""
    return os.environ.get(name), os.environ.get("PYTHONSAFEPATH"), os.getppid()


@on_linux
def test_processes_have_the_environment_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that what was set after the server began is known to its processes, and what served to start it is not."""
    begin()
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.setenv("MEANFIELD_LATER", "set")
    with standing_processes(1) as spread:
        ((later, safe, parent),) = spread(seen, ["MEANFIELD_LATER"])
    assert (later, safe) == ("set", None) and parent != os.getpid()
    monkeypatch.delenv("MEANFIELD_LATER")
    with standing_processes(1) as spread:
        ((gone, _, server),) = spread(seen, ["MEANFIELD_LATER"])
    assert gone is None and server == parent


@on_linux
def test_modules_are_found_where_the_parent_finds_them(tmp_path: Path) -> None:
    """Assert that the server has our modules before a process is forked, whatever lies in the folder it starts in."""
    (tmp_path / "here" / "runs").mkdir(parents=True)
    (tmp_path / "here" / "runs" / "__init__.py").write_text("raise SystemExit('a stranger was imported')\n")
    program, root = tmp_path / "program.py", Path(fork_server.__file__).parents[2]
    program.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, str(program)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path / "here", env=environment, check=False)
    assert (done.stdout, done.stderr) == (f"{root / 'runs'} True\n", "")


def test_elsewhere_processes_are_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that no server is begun on a system where processes must not be forked."""
    monkeypatch.setattr(fork_server, "PLATFORM", "another")
    monkeypatch.setattr(fork_server.forkserver, "ensure_running", lambda: pytest.fail("a server was begun"))
    begin()
    assert forked_or_spawned().get_start_method() == "spawn"


def test_the_environment_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a variable that was there is as it was after the server began, and one that was not is gone."""
    monkeypatch.setenv("PYTHONPATH", "before")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    seen: list[str] = []
    monkeypatch.setattr(fork_server, "PLATFORM", sys.platform)
    monkeypatch.setattr(
        fork_server.forkserver, "ensure_running", lambda: seen.extend(map(os.getenv, ("PYTHONPATH", "PYTHONSAFEPATH")))
    )
    begin()
    assert sys.path[-1] in seen[0] and seen[1] == "1"
    assert (os.environ["PYTHONPATH"], "PYTHONSAFEPATH" in os.environ) == ("before", False)
