"""Pages that are included keep their links."""

from pathlib import Path

from docs.building.repository_pages import places, relinked
from tests.house.source import ROOT


def test_links_of_an_included_page_lead_to_what_they_meant(tmp_path: Path) -> None:
    """Assert that links to included files lead to their pages, others to the files, and all else stays."""
    for name in ("docs/studies/a.md", "docs/files/b.md", "runs/a/README.md", "runs/B.md", "runs/a/picture.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    page, other = tmp_path / "docs/studies/a.md", tmp_path / "docs/files/b.md"
    page.write_text("```{include} ../../runs/a/README.md\n```\n")
    other.write_text("```{include} ../../runs/B.md\n```\n")
    where = places(tmp_path / "docs")
    assert where == {tmp_path / "runs/a/README.md": page, tmp_path / "runs/B.md": other}
    said = "[x](../B.md#y) ![p](picture.png) [h](https://a.b/c) [i](#i) [m](missing.md)"
    meant = "[x](../files/b.md#y) ![p](../../runs/a/picture.png) [h](https://a.b/c) [i](#i) [m](missing.md)"
    assert relinked(said, tmp_path / "runs/a/README.md", page, where) == meant


def test_every_study_has_a_page() -> None:
    """Assert that the README of each study, both pages on files, the architecture and the changelog are included."""
    included = {path.relative_to(ROOT).as_posix() for path in places(ROOT / "docs")}
    studies = {path.relative_to(ROOT).as_posix() for path in (ROOT / "runs/studies").glob("*/README.md")}
    assert studies
    pages = {"runs/README.md", "runs/STUDY_FILES.md", "runs/TRAJECTORIES.md", "ARCHITECTURE.md", "CHANGELOG.md"}
    assert included == studies | pages
