"""How optional parts are installed: no page and no sentence names a distribution that no index has."""

from configparser import ConfigParser

import pytest

from runs.system.extras import installed_by
from tests.house.source import ROOT

PARSER = ConfigParser()
PARSER.read(ROOT / "setup.cfg")


@pytest.mark.parametrize("extra", ["xarray", "cluster", "data", "video"])
def test_an_extra_is_installed_from_the_clone(extra: str) -> None:
    """Assert that the advice names an extra that there is."""
    assert installed_by(extra).startswith(f"pip install -e '.[{extra}]' in the clone")
    assert extra in PARSER["options.extras_require"]


@pytest.mark.parametrize("pattern", ["*.md", "runs/**/*.md", "runs/**/*.py", "particles/**/*.py", "limits/**/*.py"])
def test_nobody_is_sent_to_an_index(pattern: str) -> None:
    """Assert that no page and no program of ours says to install this project from an index."""
    wrong = [str(path) for path in ROOT.glob(pattern) if "install 'meanfield-particles[" in path.read_text("utf-8")]
    wrong += [str(path) for path in ROOT.glob(pattern) if 'install "meanfield-particles[' in path.read_text("utf-8")]
    assert not wrong
