"""The import contracts of setup.cfg hold for the project and break on planted imports."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.house.source import ROOMS, ROOT

LINT_IMPORTS = Path(sysconfig.get_path("scripts")) / "lint-imports"

#: A small house that keeps every contract, with a third party behind each door.
KEPT = {
    "particles/cloud.py": "",
    "particles/trajectory/__init__.py": "from particles.trajectory import layout\n",
    "particles/trajectory/layout.py": "import h5py\nfrom particles import cloud\n",
    "flows/base.py": "from particles import cloud\nfrom particles.trajectory import layout\n",
    "particles/trajectory/pictures.py": "def draw():\n    import matplotlib.pyplot\n",
    "flows/evolve.py": "from flows import base\n",
    "flows/observers/__init__.py": "",
    "flows/observers/progress.py": "def bar():\n    from tqdm.auto import tqdm\n",
    "limits/transport/__init__.py": "",
    "limits/transport/exact.py": "import ot\nfrom particles import cloud\n",
    "runs/pages/__init__.py": "",
    "runs/pages/html.py": "import plotly, jinja2, markupsafe\n",
    "runs/study.py": "import matplotlib, pydantic, rich, typer\nimport flows.evolve, limits.transport.exact\n",
}

ROOMS_CONTRACT = "runs above flows and limits"
CYCLES_CONTRACT = "No import cycle"
H5PY_CONTRACT = "h5py is imported in particles.trajectory only"
OT_CONTRACT = "ot is imported in limits.transport only"
RUNS_CONTRACT = "in runs only"
PLOTLY_CONTRACT = "in runs.pages only"
TQDM_CONTRACT = "tqdm is imported in flows.observers.progress only"

#: Imports that must break a contract: (path, text, part of the contract's name).
PLANTED = [
    ("particles/cloud.py", "import flows.base\n", ROOMS_CONTRACT),
    ("particles/cloud.py", "import limits\n", ROOMS_CONTRACT),
    ("flows/base.py", "import runs.study\n", ROOMS_CONTRACT),
    ("flows/base.py", "def late():\n    import limits\n", ROOMS_CONTRACT),
    ("limits/chaos.py", "from flows import evolve\n", ROOMS_CONTRACT),
    ("flows/base.py", "import flows.evolve\n", CYCLES_CONTRACT),
    ("particles/trajectory/reader.py", "from particles.trajectory import writer\n", CYCLES_CONTRACT),
    ("particles/cloud.py", "import h5py\n", H5PY_CONTRACT),
    ("runs/study.py", "from h5py import File\n", H5PY_CONTRACT),
    ("runs/study.py", "import ot\n", OT_CONTRACT),
    ("limits/chaos.py", "from ot.lp import emd2\n", OT_CONTRACT),
    ("particles/trajectory/layout.py", "import ot\n", OT_CONTRACT),
    ("limits/chaos.py", "import matplotlib.pyplot\n", RUNS_CONTRACT),
    ("flows/evolve.py", "from rich.progress import Progress\n", RUNS_CONTRACT),
    ("particles/cloud.py", "import pydantic\n", RUNS_CONTRACT),
    ("flows/base.py", "import typer\n", RUNS_CONTRACT),
    ("particles/trajectory/layout.py", "import matplotlib.pyplot\n", RUNS_CONTRACT),
    ("flows/observers/progress.py", "def late():\n    import matplotlib.pyplot\n", RUNS_CONTRACT),
    ("flows/base.py", "def late():\n    import tqdm\n", TQDM_CONTRACT),
    ("runs/study.py", "from tqdm.auto import tqdm\n", TQDM_CONTRACT),
]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages in this folder, by the setup.cfg in it."""
    command = [LINT_IMPORTS, "--no-cache"]
    wide = {**os.environ, "COLUMNS": "200"}  # so that no line of the report is wrapped
    return subprocess.run(command, cwd=folder, env=wide, capture_output=True, text=True, timeout=120, check=False)


def build(folder: Path, files: dict[str, str]) -> None:
    """Write a house of these files, every folder a package, under the project's own setup.cfg."""
    shutil.copy(ROOT / "setup.cfg", folder)
    for path in (*(f"{room}/__init__.py" for room in ROOMS), *files):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(files.get(path, ""), encoding="utf-8")


def test_project_keeps_the_contracts() -> None:
    """Assert that lint-imports finds all eight contracts kept in the project."""
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout
    assert "Contracts: 8 kept, 0 broken." in result.stdout


def test_small_house_keeps_the_contracts(tmp_path: Path) -> None:
    """Assert that a house with every third party behind its door keeps all contracts."""
    build(tmp_path, KEPT)
    result = lint_imports(tmp_path)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("path", "text", "contract"), PLANTED)
def test_planted_import_breaks_its_contract(tmp_path: Path, path: str, text: str, contract: str) -> None:
    """Assert that one import in the wrong place breaks the contract that forbids it, and no other."""
    cycle = {"particles/trajectory/writer.py": "from particles.trajectory import reader\n"}
    build(tmp_path, {**KEPT, **(cycle if path.endswith("reader.py") else {}), path: KEPT.get(path, "") + text})
    result = lint_imports(tmp_path)
    broken = [line for line in result.stdout.splitlines() if " BROKEN" in line]
    assert result.returncode == 1
    assert len(broken) == 1
    assert contract in broken[0]
