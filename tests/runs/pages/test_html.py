"""The page as text: whatever runs are called, it stays text; only our scripts may run."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from limits.theorems import Verdict
from runs.pages.html import TEMPLATE, Page, counts, embedded, hashes, html_of
from runs.pages.part import Part
from tests.runs.pages.small import CLAIMS, HOSTILE, part, written


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        """Keep a text, that of a script apart."""
        if self.cdata_elem == "script":
            self.scripts[-1] += data
        else:
            self.texts.append(data)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Elements:
    """The hostile page, taken apart."""
    return Elements(written(tmp_path_factory.mktemp("page")).read_text(encoding="utf-8"))


def test_hostile_texts_stay_texts(page: Elements) -> None:
    """Assert that there are three scripts, no picture, no handler, and the name is read as it was given."""
    assert len(page.scripts) == 3 and page.scripts[1:] == [get_plotlyjs(), (TEMPLATE / "page.js").read_text()]
    assert not {tag for tag, _ in page.found} & {"img", "iframe", "object", "embed", "link", "base"}
    assert [name for _, attributes in page.found for name in attributes if name.startswith("on")] == []
    assert HOSTILE in "".join(page.texts)


def test_numbers_are_json_that_no_text_ends(page: Elements) -> None:
    """Assert that the numbers come back, with the hostile name in them, and hold none of < > &."""
    held = json.loads(page.scripts[0])
    assert set(held) == {"plots", "films"} and not set("<>&") & set(page.scripts[0])
    assert embedded({"a": HOSTILE}).count("<") == 0 and json.loads(embedded({"a": HOSTILE})) == {"a": HOSTILE}


def test_only_our_scripts_may_run_and_nothing_is_fetched(page: Elements) -> None:
    """Assert that the policy allows the two scripts by their digest, and no source but the page itself."""
    (policy,) = [a["content"] for tag, a in page.found if a.get("http-equiv") == "Content-Security-Policy"]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in page.scripts[1:]]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}'; style-src 'unsafe-inline'; "
        "img-src data: blob:"
    )
    assert hashes(["a"]) != hashes(["b"])
    sources = [attributes["src"] for _, attributes in page.found if "src" in attributes]
    assert sources == [] and "http" not in (TEMPLATE / "page.css").read_text() + (TEMPLATE / "page.js").read_text()


def test_our_script_sets_no_markup() -> None:
    """Assert that the page's script never makes elements of a text."""
    script = (TEMPLATE / "page.js").read_text()
    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", script) == []


def test_links_are_relative_and_quoted(page: Elements) -> None:
    """Assert that a file beside the page is named without its folder, special characters as numbers."""
    addresses = {attributes["href"] for tag, attributes in page.found if tag == "a"}
    assert {"run.h5", "a%20%3Cb%3E%26%27%22.csv"} <= addresses


def test_a_page_opens_on_a_phone(page: Elements) -> None:
    """Assert that the width is that of the device, and the language is said."""
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.found
    assert ("html", {"lang": "en"}) in page.found


def test_claims_have_what_they_are_sorted_by(page: Elements) -> None:
    """Assert that a missing number has no key, an infinite one has the key that a browser reads, and counts add up."""
    rows = [
        attributes["data-verdict"] for tag, attributes in page.found if tag == "tr" and "data-verdict" in attributes
    ]
    assert rows == [str(each.result.verdict) for each in CLAIMS]
    margins = [a["data-key"] for tag, a in page.found if tag == "td" and a.get("data-head") == "margin"]
    assert margins == ["0.5", "-2.0", "10.0", "", "Infinity"]
    assert counts(CLAIMS) == [("holds", 3), ("violated", 1), ("assumption fails", 1)]
    assert sum(count for _, count in counts(CLAIMS)) == len(CLAIMS) and Verdict.VACUOUS not in dict(counts(CLAIMS))


def test_several_parts_share_one_table_of_claims(tmp_path: Path) -> None:
    """Assert that a page of two parts has all claims at its top, under the names of the parts."""
    one = part(tmp_path, "one")
    page = Elements(written(tmp_path, one, replace(one, title="two")).read_text(encoding="utf-8"))
    assert sum(tag == "table" for tag, _ in page.found) == 3  # of claims, and a sheet of each part
    keys = [a["data-key"] for tag, a in page.found if tag == "td" and str(a.get("data-key", "")).endswith(" E10")]
    assert keys == ["one E10", "two E10"]


def test_a_part_without_anything_is_a_page() -> None:
    """Assert that what is empty is left out."""
    found = Elements(html_of(Page("a", (Part("a"),), "2026-01-01T00:00:00+00:00", "0"), Path("/")))
    assert not {tag for tag, _ in found.found} & {"h3", "table", "figure", "section"}
