"""The page Start: its examples from Python, executed from the page."""

import re
from pathlib import Path

import pytest

from tests.docs.printed import blocks
from tests.house.source import ROOT

TEXT = (ROOT / "docs/start.md").read_text(encoding="utf-8")


def test_python_examples_run_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that the blocks run one after the other, lower the risk, and read back what they wrote."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(TEXT):
        exec(compile(block, "docs/start.md", "exec"), names)  # noqa: S102 - our own page
    first, last, moved = map(float, re.findall(r"\d+\.\d+", capsys.readouterr().out))
    assert last < 0.5 * first
    assert moved > 0.1
    assert list(names["times"]) == [1.0 * count for count in range(101)]
    assert names["positions"].shape == (101, 500, 11)
    assert abs(names["masses_of_particles"].sum() - 1.0) < 1e-9


def test_page_names_every_extra() -> None:
    """Assert that the table of extras is that of setup.cfg."""
    settings = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    declared = settings.split("[options.extras_require]")[1].split("\n[")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) == set(
        re.findall(r"^(\w+) =$", declared, re.MULTILINE)
    )
