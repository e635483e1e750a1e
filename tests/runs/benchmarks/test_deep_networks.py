"""The benchmark of deep networks: both sides compute the same, and a line says how long each took."""

import pytest
import torch

from particles import Convolution, Deep, Dense, Tanh
from runs.benchmarks import deep_networks
from runs.benchmarks.deep_networks import Compared, Problem, main, smallest_eigenvalue, training
from runs.benchmarks.memory import CLEAR, STATUS

SMALL = {
    "dense": Deep(4, [Dense(6), Dense(5), Dense(1)], Tanh(), "standard"),
    "convolution": Deep((2, 4, 4), [Convolution(3, 3), Convolution(2, 3), Dense(1)], Tanh(), "standard"),
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_networks, "NETWORKS", SMALL)


def test_both_compute_the_same(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Assert that velocities and Gram matrices agree to rounding, and that a wrong one shows."""
    monkeypatch.setattr(deep_networks, "peak", lambda *given: 2**20)
    for result in main(data=7, rounds=1, dtypes=["float64"]):
        assert result.error < 1e-12
    assert capsys.readouterr().out.count("1 MiB") == 10
    problem = Problem.of("dense", 7, torch.float64)
    wrong = deep_networks.backward(problem)
    found = Compared.of(deep_networks.our_velocity(problem), lambda: 2.0 * wrong(), rounds=1)
    assert found.error == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("name", SMALL)
def test_both_train_the_same(name: str) -> None:
    """Assert that Euler's method is torch.optim.SGD, step by step."""
    assert training(5, name, "float64").error < 1e-12


def test_ratios_are_taken_within_a_round() -> None:
    """Assert that a line shows the medians and the ratio of the peer to ours with its range."""
    line = Compared((0.1, 0.2, 0.1), (0.2, 0.2, 0.3), 1e-7).line
    assert line == "ours     100.0 ms, peer     200.0 ms, peer in ours 2.00 (1.00 to 3.00), difference 1.0e-07"


def test_smallest_eigenvalue_is_positive() -> None:
    """Assert that it is found for a small network, far above rounding."""
    least, *seconds = smallest_eigenvalue(10, inputs=12, width=8)
    assert least > 1.0 and min(seconds) >= 0.0


@pytest.mark.validation
@pytest.mark.skipif(not (STATUS.exists() and CLEAR.exists()), reason="this system has no /proc")
def test_peaks_are_those_of_processes_of_their_own() -> None:
    """Assert that a process finds the memory of a Gram matrix of torch.func to be more than ours."""
    ours, peer = (deep_networks.peak(method, "dense", "float32", 100) for method in ("our gram", "torch.func gram"))
    assert 0 < ours < peer / 4
