"""The README: its Python example, executed from the page, its test command, and its length."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.docs.printed import blocks
from tests.house.source import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_python_example_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that the one block of Python is about ten lines, runs, lowers the risk and moves the particles."""
    monkeypatch.chdir(tmp_path)
    (block,) = blocks(TEXT)
    assert len(block.split("\n\n", 2)[-1].splitlines()) <= 10
    exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - our own page
    first, last, moved = map(float, re.findall(r"\d+\.\d+", capsys.readouterr().out))
    assert last < 0.5 * first
    assert moved > 0.1


def test_every_test_is_in_one_of_the_two_commands() -> None:
    """Assert that the README's command leaves out what the one of CONTRIBUTING runs, and nothing else."""
    pages = TEXT + (ROOT / "docs/CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(r"<!-- command: ((?:long )?tests) -->\n```bash\n(.*?)\n```", pages, flags=re.DOTALL)
    last = {name: block.split(" && ")[-1] for name, block in found}
    assert last == {"tests": "pytest -n auto", "long tests": "pytest -n auto -m validation"}
    options = ConfigParser()
    options.read(ROOT / "setup.cfg", encoding="utf-8")
    assert re.findall(r"-m (.*)", options["tool:pytest"]["addopts"]) == ['"not validation"']


def test_readme_takes_two_minutes() -> None:
    """Assert that the page stays short: what is more is a page of docs/."""
    assert len(TEXT.split()) < 800
