"""One smoke study for all tests that look at its results, run through the command line."""

import pytest

from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def limits_smoke(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run kernel-limits --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("kernel_limits") / "smoke"
    return Smoke(folder, *spoken("run", "kernel-limits", "--scale", "smoke", "--out", str(folder)))
