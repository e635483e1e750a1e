"""One smoke study for all tests that look at its results, run through the command line."""

import pytest

from runs.study.running import RESULT
from runs.study.table import Table
from tests.runs.studies.feature_learning.small import Smoked
from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def smoked(tmp_path_factory: pytest.TempPathFactory) -> Smoked:
    """`meanfield run feature-learning --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("feature_learning") / "smoke"
    smoke = Smoke(folder, *spoken("run", "feature-learning", "--scale", "smoke", "--out", str(folder)))
    return Smoked(smoke, Table.read(folder / RESULT))
