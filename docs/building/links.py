"""Links that lead nowhere, in built pages and in Markdown: python docs/building/links.py FOLDER, without a network.

A link is broken where its file or its anchor is missing. Addresses of the network are not followed, but a page that
loads a script, a style or a picture from there is named, since it would not work offline.
"""

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
#: Fenced blocks and code in backticks, in which nothing is a link.
CODE = re.compile(r"^ *(```+|:::+\{)[^\n]*\n.*?^ *\1 *$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
#: A page that stands elsewhere.
INCLUDE = re.compile(r"```\{include\} (\S+)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
#: Attributes that hold an address, and tags that load what it leads to.
ADDRESSES = {"href", "src", "poster"}
LOADING = {"img", "script", "link", "source", "video", "iframe"}


class Page(HTMLParser):
    """What a page of HTML links to, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses and anchors."""
        for name, value in attrs:
            if name in ADDRESSES and value is not None:
                self.links.append((tag, value))
            elif name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value or "")


@cache
def page(path: Path) -> Page:
    """A page, read once."""
    return Page(path.read_text(encoding="utf-8"))


@cache
def headings(path: Path) -> frozenset[str]:
    """The anchors of a page of Markdown: its headings in small letters, words joined by hyphens, and those of HTML."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(text)}
    return frozenset(titles | Page(text).anchors)


def html(folder: Path) -> list[Path]:
    """The built pages; what the theme keeps in _static/ is no page."""
    return sorted(path for path in folder.rglob("*.html") if "_static" not in path.relative_to(folder).parts)


def broken_in_html(folder: Path) -> Iterator[str]:
    """A sentence for each broken link of the pages in a folder."""
    for path in html(folder):
        for tag, address in page(path).links:
            parts, where = urlsplit(address), path.relative_to(folder)
            if parts.scheme or parts.netloc:
                if tag in LOADING and parts.scheme != "data":
                    yield f"{where} loads {address} from the network."
                continue
            target = path if not parts.path else path.parent / unquote(parts.path)
            if target.is_dir():
                target = target / "index.html"
            if not target.is_file():
                yield f"{where} links to {address}, which is not there."
            elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in page(target).anchors:
                yield f"{where} links to {address}, which has no such anchor."


def broken_in_markdown(path: Path) -> Iterator[str]:
    """A sentence for each broken link of a page of Markdown; what is only made when pages are built is left out."""
    for address in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or "_gallery/" in parts.path:
            continue
        target = path if not parts.path else path.parent / unquote(parts.path)
        if not target.exists():
            yield f"{path.name} links to {address}, which is not there."
        elif parts.fragment and parts.fragment not in headings(meant(target)):
            yield f"{path.name} links to {address}, which has no such heading."


def meant(path: Path) -> Path:
    """The page itself, or the one that it includes as a whole."""
    found = INCLUDE.match(path.read_text(encoding="utf-8"))
    return path.parent / found.group(1) if found else path


def markdown(root: Path = ROOT) -> list[Path]:
    """The Markdown pages of the project: at its root, in runs/ and in docs/."""
    pages = [*root.glob("*.md"), *root.glob("runs/**/*.md"), *root.glob("docs/**/*.md")]
    return sorted(path for path in pages if "_build" not in path.parts and "_gallery" not in path.parts)


def main(folder: Path) -> int:
    """Say what is broken in the built pages and in all Markdown; 1 where anything is."""
    said = [*broken_in_html(folder), *(sentence for path in markdown() for sentence in broken_in_markdown(path))]
    count = len(html(folder))
    print(*said, f"{count} pages and {len(markdown())} files of Markdown, {len(said)} broken links.", sep="\n")
    return 1 if said or not count else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
