"""What a page prints to be run: its fenced blocks of Python."""

import re


def blocks(text: str) -> list[str]:
    """The fenced Python blocks of a page of Markdown, in order."""
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
