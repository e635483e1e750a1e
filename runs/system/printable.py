"""Text of unknown origin as a line that any terminal shows."""


def printable(line: str) -> str:
    """A line in which whatever steers a terminal or is no character is written as an escape."""
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in line)


def shortened(text: str, most: int = 80) -> str:
    """The text, or its beginning and its end where it is longer than that."""
    return text if len(text) <= most else f"{text[: most * 3 // 4]} ... {text[-most // 4 :]}"
