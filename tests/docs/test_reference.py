"""The reference: every public name stands on exactly one of its pages."""

import re

from docs.building.public_names import public
from docs.building.stale_names import listed
from tests.house.source import ROOT

PAGES = sorted((ROOT / "docs/reference").glob("*.rst"))
#: Public too, though no package's `__all__` has them.
BESIDE = {
    "limits.transport.transport",
    "runs.collect.collect",
    "runs.limit.infinite_width_of",
    "runs.limit.trained",
    "runs.pages.write_page",
}


def test_every_public_name_is_on_one_page() -> None:
    """Assert that nothing public is left out or named twice: its line belongs on the page whose question it answers."""
    names = listed(ROOT / "docs/reference")
    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert sorted(public().keys() - set(names)) == [], "missing from docs/reference/"
    assert sorted(set(names) - public().keys() - BESIDE) == [], "not public"


def test_every_page_is_in_the_index() -> None:
    """Assert that the index names each page."""
    index = (ROOT / "docs/reference/index.rst").read_text(encoding="utf-8")
    assert set(re.findall(r"^   (\w+)$", index, re.MULTILINE)) == {page.stem for page in PAGES} - {"index"}
