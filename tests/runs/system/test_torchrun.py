"""Commands under torchrun: the first rank speaks, all of them end alike."""

import io
import os
import socket
import subprocess
import sys
from contextlib import nullcontext, redirect_stderr
from functools import partial
from pathlib import Path

import pytest

from particles import RankLost, Ranks
from runs.__main__ import code_of, main
from runs.system.torchrun import TOLD, done_together, launched
from tests.house.source import ROOT
from tests.ranks import needs_fork, on_ranks

#: What says how many threads, where the project is, and nothing of ranks.
PLAIN = {name: value for name, value in os.environ.items() if name not in TOLD} | {"PYTHONPATH": str(ROOT)}


def alone() -> dict[str, str]:
    """What torchrun tells the only process that it starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}


def torchrun(count: int, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`torchrun --nproc-per-node COUNT -m runs ...` in a folder."""
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", str(count), "--master-port", alone()["MASTER_PORT"]]
    command = [sys.executable, *launcher, "-m", "runs", *arguments]
    return subprocess.run(command, cwd=folder, env=PLAIN, capture_output=True, text=True, timeout=120, check=False)


def test_a_launcher_is_known_by_what_it_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that a process is one of several only where all is told that it needs to find the others."""
    for name in TOLD:
        monkeypatch.delenv(name, raising=False)
    assert not launched()
    for name, value in alone().items():
        assert not launched()
        monkeypatch.setenv(name, value)
    assert launched()


def test_an_act_of_ranks_ends_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that the code is the act's, that its words are heard, and that a lost rank is one sentence and code 1."""
    for name, value in alone().items():
        monkeypatch.setenv(name, value)

    def act(ranks: Ranks) -> int:
        print(f"rank {ranks.rank} of {ranks.count}")
        return 7

    def lost(ranks: Ranks) -> int:
        raise RankLost("Rank 1 is gone.")

    assert done_together(act) == 7
    monkeypatch.setenv("MASTER_PORT", alone()["MASTER_PORT"])
    assert main(["run", "nothing"]) == 2
    monkeypatch.setenv("MASTER_PORT", alone()["MASTER_PORT"])
    assert done_together(lost) == 1
    said, told = capsys.readouterr()
    assert said == "rank 0 of 1\n" and told.startswith("meanfield: Unknown study 'nothing'")
    assert told.endswith("meanfield: Rank 1 is gone.\n")


@needs_fork
def test_the_first_rank_speaks_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that two ranks refuse what one process does in one sentence of the first one, both with code 2."""

    def refused(ranks: Ranks) -> tuple[list[int], str]:
        monkeypatch.setattr(Ranks, "joined", lambda: nullcontext(ranks))
        heard = io.StringIO()
        with redirect_stderr(heard):
            codes = [done_together(partial(code_of, list(words))) for words in (("run", "dropout"), ("list",))]
        return codes, heard.getvalue()

    first, second = on_ranks(2, refused, tmp_path)
    sentence = (
        "meanfield: torchrun is for `meanfield run STUDY.toml`, whose runs are shared by ranks: leave it out here.\n"
    )
    assert first == ([2, 2], 2 * sentence) and second == ([2, 2], "")
