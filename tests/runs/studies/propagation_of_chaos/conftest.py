"""One smoke study of propagation of chaos for all tests that look at its results."""

import pytest

from runs.studies.propagation_of_chaos.config import Config
from runs.studies.propagation_of_chaos.study import STUDY
from tests.runs.study.smoke import Smoke, spoken


@pytest.fixture(scope="session")
def chaos(tmp_path_factory: pytest.TempPathFactory) -> Smoke:
    """`meanfield run propagation-of-chaos --scale smoke`, once a session; nobody may change the folder."""
    folder = tmp_path_factory.mktemp("chaos") / "smoke"
    return Smoke(folder, *spoken("run", "propagation-of-chaos", "--scale", "smoke", "--out", str(folder)))


@pytest.fixture
def config(chaos: Smoke) -> Config:
    """The configuration of that study."""
    found = STUDY.configured(scale="smoke", device="cpu", out=chaos.folder)
    assert isinstance(found, Config)
    return found
