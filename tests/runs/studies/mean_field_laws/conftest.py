"""One smoke study of mean-field laws for all tests that look at its results."""

import pytest

from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def laws(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run mean-field-laws --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("laws") / "smoke"
    return Smoke(folder, *spoken("run", "mean-field-laws", "--scale", "smoke", "--out", str(folder)))
