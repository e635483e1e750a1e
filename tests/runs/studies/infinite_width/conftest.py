"""One smoke study of infinite width for all tests that look at its results."""

import pytest

from runs.study.table import Table
from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run infinite-width --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("wide") / "smoke"
    return Smoke(folder, *spoken("run", "infinite-width", "--scale", "smoke", "--out", str(folder)))


@pytest.fixture(scope="session")
def wide_table(wide: Smoke) -> Table:
    """Its numbers."""
    return Table.read(wide.folder / "result.csv")
