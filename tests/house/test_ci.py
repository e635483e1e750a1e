""".ci/run does what README and CONTRIBUTING say, in order, and fails where any part fails."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.source import ROOT

CI = ".ci/run"

#: Stands for the README: its test command builds an environment whose tools only write down how they were called.
README = """
<!-- command: main job -->
```bash
exit 3 && meanfield run asymmetric-scaling
```

<!-- command: tests -->
```bash
test ! -e .venv
mkdir -p .venv/bin
for tool in pytest ruff mypy lint-imports meanfield sphinx; do
    printf '#!/bin/sh\\necho %s "$@" >>log\\n' "$tool" >".venv/bin/$tool"
    chmod +x ".venv/bin/$tool"
done
echo 'PATH="$PWD/.venv/bin:$PATH"' >.venv/bin/activate
. .venv/bin/activate
pytest
```

```bash
echo another block >>log
```
"""
#: Stands for docs/CONTRIBUTING.md.
CONTRIBUTING = """
<!-- command: long tests -->
```bash
. .venv/bin/activate && pytest -m validation
```

<!-- command: documentation -->
```bash
test ! -e docs/_build && sphinx docs
```
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that holds .ci/run, the two small pages, and an environment and pages left over from before."""
    folder = tmp_path / "checkout"
    (folder / ".ci").mkdir(parents=True)
    (folder / "docs/_build").mkdir(parents=True)
    (folder / ".venv/bin").mkdir(parents=True)
    shutil.copy(ROOT / CI, folder / CI)
    (folder / "README.md").write_text(README, encoding="utf-8")
    (folder / "docs/CONTRIBUTING.md").write_text(CONTRIBUTING, encoding="utf-8")
    return folder


def run(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run .ci/run from another folder, as a server may."""
    environment = {name: value for name, value in os.environ.items() if name != "MEANFIELD_DATA"} | variables
    command = [checkout / CI]
    return subprocess.run(
        command, cwd=checkout.parent, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def steps(checkout: Path) -> list[str]:
    """What the tools wrote down, the temporary folder's name apart."""
    log = checkout / "log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line.split(" --out ")[0] for line in lines]


def test_ci_runs_what_the_pages_say_and_the_linters(checkout: Path) -> None:
    """Assert that .ci/run replaces environment and pages, and runs the marked blocks and every check between them."""
    result = run(checkout)
    assert result.returncode == 0, result.stdout + result.stderr
    assert steps(checkout) == [
        "pytest",
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "lint-imports",
        "pytest -m validation",
        "sphinx docs",
        "meanfield run asymmetric-scaling --scale smoke",
    ]


@pytest.mark.parametrize("tool", ["pytest", "ruff", "mypy", "lint-imports", "sphinx", "meanfield"])
def test_ci_fails_where_a_tool_fails(checkout: Path, tool: str) -> None:
    """Assert that .ci/run stops at the first tool that fails, with a status that is not zero."""
    readme = checkout / "README.md"
    failing = f'echo exit 1 >>".venv/bin/{tool}"\npytest\n```'
    readme.write_text(README.replace("pytest\n```", failing, 1), encoding="utf-8")
    assert run(checkout).returncode != 0
    assert steps(checkout)[-1].split()[0] == tool


def test_ci_fails_where_a_long_law_is_broken(checkout: Path) -> None:
    """Assert that .ci/run stops where the command of the long laws fails, before the pages and the main job."""
    page = checkout / "docs/CONTRIBUTING.md"
    page.write_text(CONTRIBUTING.replace("pytest -m validation\n", "pytest -m validation\nfalse\n"), encoding="utf-8")
    assert run(checkout).returncode != 0
    assert steps(checkout)[-1] == "pytest -m validation"


@pytest.mark.parametrize("block", ["tests", "main job", "long tests", "documentation"])
def test_ci_fails_where_a_command_is_missing(checkout: Path, block: str) -> None:
    """Assert that .ci/run does nothing where one of the marked commands of the two pages is missing."""
    for name, text in (("README.md", README), ("docs/CONTRIBUTING.md", CONTRIBUTING)):
        (checkout / name).write_text(text.replace(f"command: {block} ", "command: "), encoding="utf-8")
    assert run(checkout).returncode != 0
    assert steps(checkout) == []


def test_ci_points_at_the_data_beside_the_checkout(checkout: Path) -> None:
    """Assert that tests see MEANFIELD_DATA where ../shared/data exists, and their own value where one is set."""
    data = checkout.parent / "shared/data"
    data.mkdir(parents=True)
    readme = checkout / "README.md"
    readme.write_text(README.replace("pytest\n```", 'echo data "$MEANFIELD_DATA" >>log\n```', 1), encoding="utf-8")
    assert run(checkout).returncode == 0
    assert steps(checkout)[0] == f"data {data}"
    (checkout / "log").unlink()
    assert run(checkout, MEANFIELD_DATA="/elsewhere").returncode == 0
    assert steps(checkout)[0] == "data /elsewhere"


def test_ci_is_executable() -> None:
    """Assert that .ci/run can be started as it is."""
    assert os.access(ROOT / CI, os.X_OK)
