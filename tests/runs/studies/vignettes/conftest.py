"""One smoke study for all tests that look at its results, run through the command line."""

from pathlib import Path

import pytest

from runs.study.running import RESULT
from runs.study.table import Table
from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def vignettes_smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run vignettes --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("vignettes") / "smoke"
    return Smoke(folder, *spoken("run", "vignettes", "--scale", "smoke", "--out", str(folder)))


@pytest.fixture(scope="session")
def vignettes_table(vignettes_smoke: Smoke) -> Table:
    """Its numbers."""
    assert vignettes_smoke.code == 0, vignettes_smoke.progress
    return Table.read(vignettes_smoke.folder / RESULT)


@pytest.fixture(scope="session")
def vignettes_folder(vignettes_smoke: Smoke) -> Path:
    """Its folder."""
    return vignettes_smoke.folder
