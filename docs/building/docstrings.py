"""Docstrings are plain text with code in backticks and indented formulas; here they become what Sphinx reads.

A block that is indented by four spaces is shown as it stands, a name in backticks that is public is a link, any other
text in backticks is code, and stars, bars and underscores of formulas are what they are.
"""

import re
from collections.abc import Mapping

CODE = re.compile(r"(``?)(.+?)\1", re.DOTALL)
ITEM = re.compile(r"(?:- |\d+\. )")


def restructured(lines: list[str], links: Mapping[str, str]) -> list[str]:
    """The same docstring in reStructuredText; `links` says where a name in backticks leads."""
    made: list[str] = []
    if not any(line.strip() for line in lines):
        return made
    for block, lead in _blocks(lines):
        if _is_formula(block) and not ITEM.match(lead):
            made += ["::", "", *block, ""]
        else:
            made += [*_items_apart(_inline("\n".join(block), links).split("\n")), ""]
    return made


def _blocks(lines: list[str]) -> list[tuple[list[str], str]]:
    """Runs of lines between blank ones, each with the first line of the last block that was not indented.

    Formulas that follow each other are one block, blank lines included.
    """
    blocks: list[tuple[list[str], str]] = []
    lead = ""
    for text in re.split(r"\n\s*\n", "\n".join(lines).strip("\n")):
        block = text.split("\n")
        if _is_formula(block) and blocks and _is_formula(blocks[-1][0]):
            blocks[-1][0].extend(["", *block])
            continue
        if block[0] and not block[0].startswith(" "):
            lead = block[0]
        blocks.append((block, lead))
    return blocks


def _is_formula(block: list[str]) -> bool:
    return all(line.startswith("    ") or not line.strip() for line in block)


def _items_apart(lines: list[str]) -> list[str]:
    """A list with a blank line before its first item and after its last, wherever it stands in a paragraph."""
    made: list[str] = []
    inside = False
    for line in lines:
        begins = bool(ITEM.match(line)) and (inside or not made or made[-1].endswith(":"))
        ends = inside and not begins and not line.startswith(" ")
        if (begins and not inside and made) or ends:
            made.append("")
        inside = begins or (inside and not ends)
        made.append(line)
    return made


def _inline(text: str, links: Mapping[str, str]) -> str:
    """Text with escaped marks, and code as links or literals, apart from the letters that touch it."""
    made, end = "", 0
    for found in CODE.finditer(text):
        made += _escaped(text[end : found.start()])
        code, end = " ".join(found.group(2).split()), found.end()
        before = "\\ " if made[-1:].isalnum() else ""
        after = "\\ " if text[end : end + 1].isalnum() else ""
        made += before + (f":py:obj:`{code} <{links[code]}>`" if code in links else f"``{code}``") + after
    return made + _escaped(text[end:])


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_|`])", r"\\\1", text)
