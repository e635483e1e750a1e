"""What a page is made of."""

from dataclasses import FrozenInstanceError, fields

import pytest

from runs.pages.part import Part


def test_a_part_needs_a_title_alone() -> None:
    """Assert that everything else is empty where it is not given, and stays as it is."""
    part = Part("a")
    assert [getattr(part, field.name) for field in fields(part)[1:]] == ["", *[()] * 6, "", *[()] * 3]
    with pytest.raises(FrozenInstanceError, match="title"):
        part.title = "b"  # type: ignore[misc]
