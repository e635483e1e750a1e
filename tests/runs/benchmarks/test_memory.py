"""The benchmark of memory sees what a velocity holds at its peak, in a process of its own."""

import pytest
import torch

from runs.benchmarks import memory
from runs.benchmarks.memory import CLEAR, MEBIBYTE, STATUS, main, peak, resident, trimmed

pytestmark = pytest.mark.skipif(not (STATUS.exists() and CLEAR.exists()), reason="this system has no /proc")


def test_peak_is_what_was_held() -> None:
    """Assert that memory held and given back shows in the peak and not in what is there, and that it is forgotten."""
    trimmed()
    CLEAR.write_text(memory.FORGET)
    before = resident("VmRSS")
    held = torch.ones(64 * MEBIBYTE, dtype=torch.uint8)
    assert resident("VmRSS") - before > 60 * MEBIBYTE
    del held
    trimmed()
    assert resident("VmHWM") - before > 60 * MEBIBYTE
    assert resident("VmRSS") - before < 20 * MEBIBYTE
    CLEAR.write_text(memory.FORGET)
    assert resident("VmHWM") - before < 20 * MEBIBYTE


@pytest.mark.validation
def test_autograd_keeps_matrices_and_we_do_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Assert that processes of their own find two matrices or more with autograd, and less with ours."""
    chosen = {"ours": None, "autograd": None}
    monkeypatch.setattr(memory, "methods", lambda: chosen)
    ours, autograd = main([(400_000, 80, 2)])
    assert 2.0 < autograd.bytes / autograd.matrix < 5.0 and ours.bytes < ours.matrix
    assert ours.positions == 4 * 400_000 * 3 and ours.matrix == 4 * 400_000 * 80
    assert capsys.readouterr().out.count("MiB") == 2


def test_a_method_that_fails_is_no_figure() -> None:
    """Assert that an unknown method is an error of its process and not a number."""
    with pytest.raises(memory.subprocess.CalledProcessError, match="nothing"):
        peak("nothing", (10, 10, 2))
