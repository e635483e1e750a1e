"""The memory of this machine."""

import pytest

from runs.memory import total_memory


def test_memory_is_that_of_a_computer_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that it is between a tenth of a gigabyte and a hundred terabytes, infinite where the system says none."""
    assert 1e8 < total_memory() < 1e14
    monkeypatch.delattr("os.sysconf")
    assert total_memory() == float("inf")
