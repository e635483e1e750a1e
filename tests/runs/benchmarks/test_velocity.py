"""The benchmark of one velocity: every method computes the same, and the table says how long each took."""

import shutil

import pytest

from particles import Perceptron, ReLU, Softplus
from particles.compute.tiles import KEPT_ENTRIES
from runs.benchmarks.ceilings import Ceilings, Work
from runs.benchmarks.peers import installed
from runs.benchmarks.velocity import (
    TimedRisk,
    Timing,
    activations,
    autograd,
    grid,
    main,
    measured,
    methods,
    ours,
    share,
    work,
)


def test_every_method_computes_our_velocity() -> None:
    """Assert that autograd of the obvious code differs from ours by float32's rounding, and from twice ours by more."""
    problem = TimedRisk.of(200, 30, 5)
    chosen = {"ours": methods()["ours"], "autograd": autograd}
    results = measured(problem, chosen, rounds=3)
    assert [result.method for result in results] == ["ours", "autograd"]
    assert results[0].error == 0.0
    assert 0.0 < results[1].error < 1e-5
    wrong = {**chosen, "autograd": lambda problem: lambda: 2.0 * autograd(problem)()}
    assert measured(problem, wrong, rounds=1)[1].error == pytest.approx(1.0, abs=1e-4)


def test_ours_begins_anew_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that no call profits from what the one before it has computed."""
    calls: list[str] = []
    activation = Perceptron.tangent
    monkeypatch.setattr(Perceptron, "tangent", lambda *given: calls.append("tile") or activation(*given))
    velocity = ours(TimedRisk.of(20, 5, 3))
    for _ in range(3):
        velocity()
    assert len(calls) == 3


def test_methods_are_those_of_the_machine() -> None:
    """Assert that the compiler and JAX are compared where they are there, and only there."""
    assert ("torch.compile" in methods()) == (shutil.which("g++") is not None)
    assert ("JAX jit" in methods()) == installed("jax")


def test_ratios_are_taken_within_a_round() -> None:
    """Assert that a line shows the median of the seconds and of the ratios, with their range."""
    line = Timing("peer", (0.2, 0.4, 0.3), (2.0, 1.0, 3.0), (1.5, 1.0, 1.0), 1e-7).line
    assert line.split() == ["peer", "300.0", "ms", "2.00", "(1.00", "to", "3.00)", "1.00", "1.0e-07"]


def test_share_is_that_of_the_roofline() -> None:
    """Assert that work is counted where sigma is kept and where it is not, and that a line tells what was reached."""
    assert work(1000, 100, 20) == Work(1e5 * (80 + 32 + 4), 4 * (2e5 + 1000 * (63 + 2)))
    large = KEPT_ENTRIES // 100 + 1
    assert work(large, 100, 2) == Work(large * 100 * (12 + 64 + 4), 4 * large * (9 + 2))
    assert share(Work(2e9, 1e6), Ceilings(1e10, 1e9), 0.4).endswith("10 GFLOP/s, 1.0 GB/s; reached 50% of the roofline")


def test_table_has_a_line_for_each_method(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that each size is named and each method printed once under it."""
    chosen = {"ours": methods()["ours"], "autograd": autograd}
    monkeypatch.setattr("runs.benchmarks.velocity.methods", lambda: chosen)
    assert len(main(sizes=((50, 10, 3), (60, 10, 3)), rounds=1)) == 4
    printed = capsys.readouterr().out
    assert printed.count("autograd") == 2
    assert "m = 60, n = 10, d = 3, float32" in printed


def test_grid_leaves_out_what_autograd_cannot_hold(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that the grid has a ratio for every size but those outside the limits, which are named with theirs."""
    axes = ((20, 2000), (10,), (2, 3))
    for between, left in (((0.0, 1e5), [2, 3]), ((1e5, 1e9), [0, 1])):
        assert len(grid(axes, rounds=2, between=between)) == 2
        lines = capsys.readouterr().out.splitlines()[1:]
        assert [line.split()[0] for line in lines] == ["20", "20", "2,000", "2,000"]
        assert [number for number, line in enumerate(lines) if "left out: " in line] == left
    assert "left out: 3.84e-06 GB" in lines[0]


def test_every_activation_is_measured_in_both_dtypes(capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that plain torch and autograd of the activation itself agree with ours to the rounding of each dtype."""
    found = activations((50, 10, 3), (Softplus, ReLU), rounds=1)
    lines = capsys.readouterr().out.splitlines()
    titles = ["Softplus(), float32", "ReLU(), float32", "Softplus(), float64", "ReLU(), float64"]
    assert lines[::4] == titles
    assert [result.method for result in found] == 4 * ["ours", "plain torch", "autograd"]
    assert all(result.error < 1e-5 for result in found) and all(result.error < 1e-14 for result in found[6:])
