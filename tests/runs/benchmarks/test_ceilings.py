"""The roofline: the least time for some work, and ceilings that machines can have."""

import pytest
import torch

from runs.benchmarks.ceilings import Ceilings, Work, ceilings_of, fastest

CPU = torch.device("cpu")


def test_least_time_is_that_of_arithmetic_or_of_traffic() -> None:
    """Assert that it is the longer one of both."""
    assert Ceilings(1e9, 1e12).seconds(Work(2e9, 1e9)) == pytest.approx(2.0)
    assert Ceilings(1e15, 1e6).seconds(Work(2e9, 3e6)) == pytest.approx(3.0)


def test_ceilings_are_within_what_machines_do() -> None:
    """Assert that products reach more than 10^8 operations and copies 10^8 bytes a second, TF32 left as it was."""
    before = torch.backends.cuda.matmul.allow_tf32
    ceilings = ceilings_of(CPU, side=128, length=2**16, rounds=3)
    assert 1e8 < ceilings.operations < 1e15
    assert 1e8 < ceilings.traffic < 1e13
    assert torch.backends.cuda.matmul.allow_tf32 == before


def test_fastest_calls_once_more_than_it_times() -> None:
    """Assert that the first call is not timed."""
    calls: list[int] = []
    assert fastest(lambda: calls.append(1), CPU) >= 0.0
    assert len(calls) == 8
