"""Pages that stand elsewhere in the repository, a study's README for instance, are included with their links in place.

A page of docs/ that holds nothing but an include of such a file takes its place: links that lead to the file lead to
that page, links to other files and pictures lead to the files themselves.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

#: An include that is a whole page, or the end of one.
INCLUDE = re.compile(r"^```\{include\} (\S+)", re.MULTILINE)
#: Where a link of Markdown leads, up to its anchor; addresses with a scheme are left out.
TARGET = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")


def places(docs: Path) -> dict[Path, Path]:
    """From each file outside docs/ that a page includes to that page."""
    found: dict[Path, Path] = {}
    for page in sorted(docs.rglob("*.md")):
        if "_build" not in page.relative_to(docs).parts:
            for target in INCLUDE.findall(page.read_text(encoding="utf-8")):
                found[(page.parent / target).resolve()] = page
    return found


def relinked(text: str, file: Path, page: Path, where: Mapping[Path, Path]) -> str:
    """The text of a file as part of a page: every relative link leads from there to what it meant."""

    def moved(found: re.Match[str]) -> str:
        meant = (file.parent / found.group(1)).resolve()
        return os.path.relpath(where.get(meant, meant), page.parent) if meant.exists() else found.group(1)

    return TARGET.sub(moved, text)
