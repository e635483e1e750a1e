"""One smoke study for all tests that look at its results, run through the command line."""

from pathlib import Path

import pytest

from runs.study.table import Table
from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def axis_smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run one-axis --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("one_axis") / "smoke"
    return Smoke(folder, *spoken("run", "one-axis", "--scale", "smoke", "--out", str(folder)))


@pytest.fixture(scope="session")
def axis_table(axis_smoke: Smoke) -> Table:
    """Its numbers."""
    return Table.read(axis_smoke.folder / "result.csv")


@pytest.fixture(scope="session")
def axis_folder(axis_smoke: Smoke) -> Path:
    """Its folder."""
    return axis_smoke.folder
