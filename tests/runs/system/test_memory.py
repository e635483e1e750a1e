"""The memory of this machine."""

import pytest

from runs.system.memory import spoken_size, total_memory


def test_memory_is_that_of_a_computer_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that it is between a tenth of a gigabyte and a hundred terabytes, infinite where the system says none."""
    assert 1e8 < total_memory() < 1e14
    monkeypatch.delattr("os.sysconf")
    assert total_memory() == float("inf")


def test_sizes_are_said_in_words() -> None:
    """Assert that two digits are given in the unit that suits, and what is not known is said."""
    said = [spoken_size(size) for size in (1.0, 1.23e6, 12.3e6, 4.56e9, float("nan"))]
    assert said == ["about 0.1 MB", "about 1.2 MB", "about 12 MB", "about 4.6 GB", "not known before the steps are"]
