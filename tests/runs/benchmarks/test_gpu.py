"""The benchmark on a GPU, as far as a CPU can tell: its refusal, counts and table, and that all compute the same."""

import math
from dataclasses import replace

import pytest
import torch

from particles import Network, ParticleCloud, Risk
from particles.compute.cuda_graphs import REPEATS
from runs.benchmarks.ceilings import Ceilings, Work
from runs.benchmarks.gpu import Line, Method, fused, graph, main, measured, methods, plain, waits, work
from runs.benchmarks.peers import installed
from runs.benchmarks.velocity import TimedRisk, Velocity, autograd

CPU = torch.device("cpu")
CHOSEN = {"plain torch": plain, "autograd": autograd}
SLOW = Ceilings(1e6, 1e6)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a CUDA device")
def test_machine_without_a_gpu_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that one sentence says what is needed, nothing is printed, and the exit code is 2."""
    assert main() == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "This benchmark needs a CUDA device, and torch finds none; run it on a machine with one.\n"


def test_methods_are_those_of_the_device() -> None:
    """Assert that the kernels come first on CUDA and not at all on a CPU, and peers where they are installed."""
    assert list(methods(torch.device("cuda")))[:4] == ["fused", "plain torch", "autograd", "CUDA graph"]
    assert list(methods(CPU))[:2] == ["plain torch", "autograd"]
    assert ("KeOps" in methods(CPU)) == installed("pykeops")
    assert ("JAX jit" in methods(CPU)) == installed("jax")


def test_every_method_is_held_to_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that float32 differs by its rounding, twice the velocity by one, and large problems are not checked."""
    problem = TimedRisk.of(200, 30, 5)
    wrong = {**CHOSEN, "autograd": lambda problem: lambda: 2.0 * autograd(problem)()}
    right, twice = measured(problem, CHOSEN, SLOW, 1), measured(problem, wrong, SLOW, 1)
    assert [result.method for result in right] == ["plain torch", "autograd"]
    assert all(0.0 < result.difference < 1e-5 for result in right)
    assert twice[1].difference == pytest.approx(1.0, abs=1e-4)
    monkeypatch.setattr("runs.benchmarks.gpu.CHECKED_ENTRIES", 200 * 30 - 1)
    assert all(math.isnan(result.difference) for result in measured(problem, CHOSEN, SLOW, 1))


def test_roofline_is_the_kernels_work_over_the_ceiling() -> None:
    """Assert that the work is that of the formula, and that a line tells its share."""
    assert work(1000, 100, 2) == Work(1000 * 100 * (6 * 2 + 5 + 2 * 24), 4 * 1000 * (4 * 3 + 2))
    (result,) = measured(TimedRisk.of(50, 10, 3), {"plain torch": plain}, Ceilings(1e9, 1e12), 1)
    assert result.roofline == pytest.approx(50 * 10 * (18 + 5 + 48) / 1e9 / result.seconds[0])


def test_failure_of_one_method_leaves_the_others() -> None:
    """Assert that a method out of memory is named with its first line, and that the next one takes its place."""

    def failing(problem: TimedRisk) -> Velocity:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 37 GiB.\nand more")

    broken, sound = measured(TimedRisk.of(50, 10, 3), {"autograd": failing, "plain torch": plain}, SLOW, 2)
    assert broken.line.split(maxsplit=1)[1] == "OutOfMemoryError: CUDA out of memory. Tried to allocate 37 GiB."
    assert sound.ratios == (1.0, 1.0)


def test_line_shows_medians_range_and_shares() -> None:
    """Assert that a line has the median in ms, the ratio with its range, roofline, memory and difference."""
    line = Line("peer", (0.2, 0.4, 0.3), (2.0, 1.0, 3.0), 0.125, 17.0, 1e-7).line
    assert line.split() == ["peer", "300.000", "ms", "2.00", "(1.00", "to", "3.00)", "12.5%", "17", "MiB", "1.0e-07"]


def test_table_has_a_line_for_each_method(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that the ceilings, each size and each method are printed."""
    monkeypatch.setattr("runs.benchmarks.gpu.methods", lambda device: CHOSEN)
    assert main("cpu", sizes=((50, 10, 3), (60, 10, 3)), rounds=1) == 0
    printed = capsys.readouterr().out
    assert "TFLOP/s in float32" in printed
    assert printed.count("\nautograd ") == 2
    assert "m = 60, n = 10, d = 3, float32" in printed


def test_fused_is_asked_for_whatever_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the first method cannot fall back to plain torch in silence."""
    monkeypatch.setattr("particles.compute.backend_choice._installed", lambda package: False)
    with pytest.raises(ValueError, match="The fused kernels were asked for, but"):
        fused(TimedRisk.of(50, 10, 3))()


def test_graph_is_measured_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that it is made before it is measured, and that a cloud too large for it is said to be."""
    problem, asked = TimedRisk.of(50, 10, 3), []
    velocity = Risk.velocity
    monkeypatch.setattr(Risk, "velocity", lambda risk, cloud: asked.append(cloud) or velocity(risk, cloud))
    assert torch.equal(graph(problem)(), plain(problem)()) and len(asked) == REPEATS + 1
    monkeypatch.setattr("runs.benchmarks.gpu.GRAPH_ENTRIES", 50 * 10 - 1)
    (result,) = measured(problem, {"CUDA graph": graph}, SLOW, 1)
    assert result.failure == "RuntimeError: not recorded, above 499 entries"


@pytest.mark.parametrize("method", [fused, plain])
def test_nothing_is_left_from_the_velocity_before(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that every velocity that is measured predicts anew, as at positions that have moved."""
    made: list[ParticleCloud] = []
    tiles = Network.tiles
    monkeypatch.setattr(Network, "tiles", lambda network, cloud, phi: made.append(cloud) or tiles(network, cloud, phi))
    velocity = method(TimedRisk.of(50, 10, 3))
    velocity()
    before = len(made)
    velocity()
    assert len(made) == before + 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_fused_velocity_does_not_wait_for_the_gpu() -> None:
    """Assert that the host goes on without the device once the kernels are compiled, and that a look would be seen."""
    cpu = TimedRisk.of(1000, 30, 5)
    velocity = fused(replace(cpu, cloud=cpu.cloud.to(device="cuda")))
    velocity()
    assert not waits(velocity)
    assert waits(lambda: float(torch.ones(1, device="cuda")))
