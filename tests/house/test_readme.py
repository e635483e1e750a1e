"""The README's Python example, executed from the README, its test commands and its links."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text()


def blocks(text: str) -> list[str]:
    """The fenced Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_python_example_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that the blocks run one after the other, lower the risk, and read back what they wrote."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(TEXT):
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own page
    first, last, moved = map(float, re.findall(r"\d+\.\d+", capsys.readouterr().out))
    assert last < 0.5 * first
    assert moved > 0.1
    assert list(names["times"]) == [1.0 * count for count in range(101)]
    assert names["positions"].shape == (101, 500, 11)
    assert abs(names["masses_of_particles"].sum() - 1.0) < 1e-9


def test_every_test_is_in_one_of_the_two_commands() -> None:
    """Assert that the first command leaves out what the second runs, and nothing else."""
    found = re.findall(r"<!-- command: ((?:long )?tests) -->\n```bash\n(.*?)```", TEXT, flags=re.DOTALL)
    last = {name: block.splitlines()[-1] for name, block in found}
    assert last == {"tests": "pytest -n auto", "long tests": "pytest -n auto -m validation"}
    options = ConfigParser()
    options.read(ROOT / "setup.cfg", encoding="utf-8")
    assert re.findall(r"-m (.*)", options["tool:pytest"]["addopts"]) == ['"not validation"']


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_links_and_pictures_of_the_page_exist(path: str) -> None:
    """Assert that every relative link and picture leads somewhere."""
    assert (ROOT / path).is_file()
