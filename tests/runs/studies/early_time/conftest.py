"""One smoke study for all tests that look at its results, run through the command line."""

from pathlib import Path

import pytest

from runs.study.table import Table
from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def early_smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run early-time --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("early_time") / "smoke"
    return Smoke(folder, *spoken("run", "early-time", "--scale", "smoke", "--out", str(folder)))


@pytest.fixture(scope="session")
def early_table(early_smoke: Smoke) -> Table:
    """Its numbers."""
    return Table.read(early_smoke.folder / "result.csv")


@pytest.fixture(scope="session")
def early_folder(early_smoke: Smoke) -> Path:
    """Its folder."""
    return early_smoke.folder
