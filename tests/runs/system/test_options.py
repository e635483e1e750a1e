"""Names one can choose from: each of them works, and reading them costs nothing."""

import subprocess
import sys

import pytest

from runs.datasets.uci import TABLES
from runs.study.configuration import StudyConfig
from runs.system.options import DATA_SETS, DEVICES, SCALES


def test_every_data_set_has_a_loader() -> None:
    """Assert that the names are the three that need no download and the UCI tables, diabetes first."""
    assert DATA_SETS[0] == "diabetes"
    assert set(DATA_SETS) == {"diabetes", "mnist", "simulated", *TABLES}


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_is_accepted(scale: str) -> None:
    """Assert that a configuration takes each scale."""
    assert StudyConfig.validated(data="plant", scale=scale, device="cpu", seeds=1, out="results").scale == scale


def test_auto_is_the_first_device() -> None:
    """Assert that the choice is between auto, the processor and CUDA."""
    assert DEVICES == ("auto", "cpu", "cuda")


def test_light_commands_do_not_import_torch() -> None:
    """Assert that `meanfield list` starts without torch, which takes seconds to import."""
    program = (
        "import sys; from runs.__main__ import main; code = main(['list']); sys.exit(code or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0
