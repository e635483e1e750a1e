"""Generated pages of names that the reference no longer lists, which an earlier build has left."""

import re
from pathlib import Path


def listed(reference: Path) -> list[str]:
    """The names on the pages of the reference, in order."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in sorted(reference.glob("*.rst")))
    return re.findall(r"^   ~([\w.]+)$", text, re.MULTILINE)


def stale(reference: Path) -> list[Path]:
    """The generated pages whose names are listed nowhere."""
    names = set(listed(reference))
    return [page for page in sorted(reference.glob("names/*.rst")) if page.stem not in names]
