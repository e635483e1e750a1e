"""Links that lead nowhere are found, and the project's own pages have none."""

from pathlib import Path

import pytest

from docs.building.links import broken_in_html, broken_in_markdown, main, markdown
from tests.house.source import ROOT


@pytest.mark.parametrize("path", markdown(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_of_the_projects_pages_lead_somewhere(path: Path) -> None:
    """Assert that every relative link, picture and anchor of a page of Markdown exists."""
    assert list(broken_in_markdown(path)) == []


def test_readme_is_among_the_pages() -> None:
    """Assert that README, the architecture, and pages of runs/ and docs/ are looked at."""
    names = {path.relative_to(ROOT).as_posix() for path in markdown()}
    assert {"README.md", "ARCHITECTURE.md", "runs/TRAJECTORIES.md", "docs/concepts.md"} <= names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a](other.md)", ""),
        ("[a](other.md#the-first)", ""),
        ("[a](#here)\n\n## Here", ""),
        ("`[a](gone.md)`\n\n```\n[a](gone.md)\n```", ""),
        ("[a](https://example.org/gone)", ""),
        ("[a](gone.md)", "page.md links to gone.md, which is not there."),
        ("![a](gone.png)", "page.md links to gone.png, which is not there."),
        ("[a](other.md#second)", "page.md links to other.md#second, which has no such heading."),
    ],
)
def test_broken_link_of_markdown_is_seen(tmp_path: Path, text: str, said: str) -> None:
    """Assert that missing files and headings are named, and that code and addresses are left alone."""
    (tmp_path / "other.md").write_text("# The first\n")
    (tmp_path / "page.md").write_text(text)
    assert "\n".join(broken_in_markdown(tmp_path / "page.md")) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<a href="other.html#x">', ""),
        ('<a href="https://example.org">', ""),
        ('<img src="data:image/png;base64,">', ""),
        ('<a href="gone.html">', "index.html links to gone.html, which is not there."),
        ('<a href="other.html#y">', "index.html links to other.html#y, which has no such anchor."),
        ('<a href="#y">', "index.html links to #y, which has no such anchor."),
        ('<script src="https://a.b/c.js">', "index.html loads https://a.b/c.js from the network."),
    ],
)
def test_broken_link_of_html_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str) -> None:
    """Assert that missing files, missing anchors and what needs a network are named, and make the program fail."""
    (tmp_path / "other.html").write_text('<p id="x">')
    (tmp_path / "index.html").write_text(text)
    assert "\n".join(broken_in_html(tmp_path)) == said
    assert main(tmp_path) == (1 if said else 0)
    assert said in capsys.readouterr().out


def test_a_folder_without_pages_is_no_success(tmp_path: Path) -> None:
    """Assert that nothing to look at is not taken for nothing broken."""
    assert main(tmp_path) == 1
