"""What tests share: one thread, the devices present, a way past the shape checker, and one small run of a study."""

import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the programs that tests start, and for workers side by side

import jaxtyping
import pytest
import torch

if TYPE_CHECKING:  # most tests do without the command line
    from tests.runs.study.smoke import Smoke

torch.set_num_threads(1)


def pytest_configure() -> None:
    """Let the programs that tests start hear signals, also where pytest runs in the background or under nohup."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> torch.device:
    """Each device in turn; a machine without CUDA skips that case and says so."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a CUDA device, and torch.cuda.is_available() is False here")
    return torch.device(request.param)


@pytest.fixture
def without_shape_checks() -> Iterator[None]:
    """Switches jaxtyping and beartype off for one test, so that our own refusal of a wrong shape is the one seen."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> "Smoke":
    """The main job at its smallest scale, once a session; nobody may change its folder."""
    from tests.runs.study.smoke import run_once

    return run_once(tmp_path_factory.mktemp("study") / "smoke")
