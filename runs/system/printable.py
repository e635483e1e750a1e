"""Conversion of text of unknown origin to a line that any terminal can show."""


def printable(line: str) -> str:
    """The line with escapes in place of characters that control a terminal or cannot be printed."""
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in line)


def shortened(text: str, most: int = 80) -> str:
    """The text, or its beginning and its end where it is longer than `most`."""
    return text if len(text) <= most else f"{text[: most * 3 // 4]} ... {text[-most // 4 :]}"
